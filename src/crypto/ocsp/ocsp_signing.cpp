// The responder's half of crypto/ocsp/ocsp.hpp.
#include <openssl/ocsp.h>

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/ocsp/ocsp.hpp"

namespace rap::crypto {
namespace {

Handle<asn1_string_st> generalized(WallTime t) {
  Handle<asn1_string_st> out(ASN1_GENERALIZEDTIME_set(nullptr, to_unix(t)));
  require(out != nullptr, "write a time");
  return out;
}

int status_code(OcspStatus::Kind kind) {
  switch (kind) {
    case OcspStatus::Kind::good: return V_OCSP_CERTSTATUS_GOOD;
    case OcspStatus::Kind::revoked: return V_OCSP_CERTSTATUS_REVOKED;
    case OcspStatus::Kind::unknown: break;
  }
  return V_OCSP_CERTSTATUS_UNKNOWN;
}

void add(OCSP_BASICRESP* response, const OcspAnswer& answer) {
  const auto id = from_der(d2i_OCSP_CERTID, answer.id.der);
  const auto revoked_at = generalized(answer.status.revoked_at);
  const auto this_update = generalized(answer.this_update);
  const auto next_update = generalized(answer.next_update);
  const bool revoked = answer.status.kind == OcspStatus::Kind::revoked;
  const int reason = answer.status.reason == RevocationReason::unspecified
                         ? OCSP_REVOKED_STATUS_NOSTATUS
                         : static_cast<int>(answer.status.reason);
  require(id && OCSP_basic_add1_status(response, id.get(), status_code(answer.status.kind), reason,
                                       revoked ? revoked_at.get() : nullptr, this_update.get(),
                                       next_update.get()) != nullptr,
          "add a status");
}

// OpenSSL would ask the system's clock, and has no other way to say it.
void set_produced_at(OCSP_BASICRESP* response, WallTime at) {
  auto* field = const_cast<ASN1_GENERALIZEDTIME*>(OCSP_resp_get0_produced_at(response));
  require(ASN1_GENERALIZEDTIME_set(field, to_unix(at)) != nullptr, "write a time");
}

Bytes response_der(int status, OCSP_BASICRESP* basic) {
  Handle<ocsp_response_st> response(OCSP_response_create(status, basic));
  require(response != nullptr, "build an OCSP response");
  return to_der(i2d_OCSP_RESPONSE, const_cast<const OCSP_RESPONSE*>(response.get()));
}

}  // namespace

Bytes sign_ocsp_response(const Issuer& signer, const std::vector<OcspAnswer>& answers,
                         ByteView nonce, WallTime produced_at) {
  Handle<ocsp_basic_response_st> basic(OCSP_BASICRESP_new());
  require(basic != nullptr, "start an OCSP response");
  for (const OcspAnswer& answer : answers) add(basic.get(), answer);
  if (!nonce.empty()) {
    Bytes echoed = to_bytes(nonce);
    require(OCSP_basic_add1_nonce(basic.get(), echoed.data(), static_cast<int>(echoed.size())) == 1,
            "echo a nonce");
  }
  set_produced_at(basic.get(), produced_at);
  require(OCSP_basic_sign(basic.get(), signer.certificate.native(), signer.key.native(),
                          EVP_sha256(), nullptr, OCSP_NOTIME | OCSP_RESPID_KEY) == 1,
          "sign an OCSP response");
  return response_der(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get());
}

Bytes ocsp_error(OcspError error) { return response_der(static_cast<int>(error), nullptr); }

}  // namespace rap::crypto
