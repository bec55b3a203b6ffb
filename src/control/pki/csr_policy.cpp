#include "control/pki/csr_policy.hpp"

#include <algorithm>

#include "crypto/x509/csr_reading.hpp"
#include "policy/ip_address.hpp"
#include "wire/spiffe_id.hpp"
#include "wire/url.hpp"

namespace rap::control {
namespace {

std::string lower(std::string s) {
  std::ranges::transform(s, s.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return s;
}

void sort_unique(std::vector<std::string>& v) {
  std::ranges::sort(v);
  v.erase(std::ranges::unique(v).begin(), v.end());
}

crypto::SubjectNames normalized(crypto::SubjectNames names) {
  for (std::string& dns : names.dns) dns = lower(std::move(dns));
  for (auto* list : {&names.dns, &names.ips, &names.uris}) sort_unique(*list);
  return names;
}

std::string listed(const crypto::SubjectNames& names) {
  std::string out;
  for (const auto* list : {&names.uris, &names.dns, &names.ips}) {
    for (const std::string& name : *list) out += (out.empty() ? "" : ", ") + name;
  }
  return out.empty() ? "no name" : out;
}

crypto::SubjectNames names_of(const wire::SpiffeId& identity,
                              const std::vector<std::string>& advertised) {
  crypto::SubjectNames names;
  names.uris.push_back(identity.str());
  for (const std::string& address : advertised) {
    const auto parsed = wire::parse_host_port(address);
    if (!parsed) continue;
    if (const auto ip = policy::IpAddress::parse(parsed->host)) {
      names.ips.push_back(ip->str());
    } else {
      names.dns.push_back(parsed->host);
    }
  }
  return normalized(std::move(names));
}

}  // namespace

crypto::SubjectNames node_names(ClusterId cluster, NodeId node,
                                const std::vector<std::string>& advertised) {
  return names_of(wire::SpiffeId::of_node(cluster, node), advertised);
}

crypto::SubjectNames worker_names(ClusterId cluster, NodeId node, const std::string& advertised) {
  return names_of(wire::SpiffeId::of_worker(cluster, node), {advertised});
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
  if (!plain || normalized(request->names) != expected) {
    return refuse(ProblemCode::csr_names_mismatch,
                  "The signing request must ask for exactly " + listed(expected) +
                      ", with an empty subject; it asks for " + listed(request->names) +
                      (plain ? "." : " and more."));
  }
  return std::move(*request);
}

}  // namespace rap::control
