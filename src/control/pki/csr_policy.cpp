#include "control/pki/csr_policy.hpp"

#include "crypto/x509/csr_reading.hpp"
#include "snapshot/certificate_names.hpp"

namespace rap::control {
namespace {

std::string listed(const crypto::SubjectNames& names) {
  std::string out;
  for (const auto* list : {&names.uris, &names.dns, &names.ips}) {
    for (const std::string& name : *list) out += (out.empty() ? "" : ", ") + name;
  }
  return out.empty() ? "no name" : out;
}

}  // namespace

std::vector<wire::HostPort> parse_advertised(std::initializer_list<std::string_view> addresses) {
  std::vector<wire::HostPort> out;
  for (const std::string_view address : addresses) {
    if (auto parsed = wire::parse_host_port(address)) out.push_back(std::move(*parsed));
  }
  return out;
}

Outcome<crypto::CertificateRequest> accept_request(const std::string& pem,
                                                   const crypto::SubjectNames& expected) {
  auto request = crypto::read_csr(pem);
  if (!request && request.error() == crypto::CsrFault::wrong_signature) {
    return refuse(ProblemCode::csr_signature_wrong,
                  "The signing request is not signed with the key that it asks a certificate for.");
  }
  if (!request) {
    return refuse(ProblemCode::csr_malformed, "The signing request is no PKCS #10 request in PEM.");
  }
  if (request->key.type() != crypto::KeyType::p256 || !request->key_is_usual) {
    return refuse(ProblemCode::csr_key_unacceptable,
                  "The key of the signing request must be P-256, as an uncompressed point.");
  }
  const bool plain =
      request->subject.empty() && !request->asks_other_extensions && !request->names.has_other;
  if (!plain || snapshot::canonical_names(request->names) != expected) {
    return refuse(ProblemCode::csr_names_mismatch,
                  "The signing request must ask for exactly " + listed(expected) +
                      ", with an empty subject; it asks for " + listed(request->names) +
                      (plain ? "." : " and more."));
  }
  return std::move(*request);
}

}  // namespace rap::control
