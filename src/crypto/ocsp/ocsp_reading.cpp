// The relying party's half of crypto/ocsp/ocsp.hpp.
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "crypto/x509/validation/certificate_form.hpp"

namespace rap::crypto {
namespace {

using Fault = OcspFault;

std::optional<WallTime> time_of(const ASN1_GENERALIZEDTIME* t) {
  std::tm fields{};
  if (t == nullptr || ASN1_GENERALIZEDTIME_check(t) != 1 || ASN1_TIME_to_tm(t, &fields) != 1) {
    return std::nullopt;
  }
  return from_unix(timegm(&fields));
}

// Whether we would write it so: what is inside lies in an octet string, and whether that is DER too
// shows only when the whole is made again.
bool is_der(OCSP_BASICRESP* basic, ByteView der) {
  const Handle<ocsp_response_st> again(
      OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic));
  return again && encodes_to(i2d_OCSP_RESPONSE, const_cast<const OCSP_RESPONSE*>(again.get()), der);
}

// The basic response inside, when it is one and all of it DER.
Handle<ocsp_basic_response_st> open_response(ByteView der) {
  if (der.empty() || der.size() > kMaxOcspResponseBytes) return nullptr;
  const auto response = from_der(d2i_OCSP_RESPONSE, der);
  if (!response || OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return nullptr;
  }
  Handle<ocsp_basic_response_st> basic(OCSP_response_get1_basic(response.get()));
  if (!basic || !is_der(basic.get(), der)) return nullptr;
  // What must be understood and is not.
  if (OCSP_BASICRESP_get_ext_by_critical(basic.get(), 1, -1) >= 0) return nullptr;
  return basic;
}

bool strong(int signature_nid) {
  switch (signature_nid) {
    case NID_ecdsa_with_SHA256:
    case NID_ecdsa_with_SHA384:
    case NID_ecdsa_with_SHA512:
    case NID_ED25519: return true;
    default: return false;
  }
}

// Certified by the issuer itself, for this, and for now.
bool delegated(const Certificate& signer, const Certificate& issuer, WallTime now) {
  X509* x = signer.native();
  X509* from = issuer.native();
  if (!well_formed(signer) || !strong(X509_get_signature_nid(x))) return false;
  if (X509_check_issued(from, x) != X509_V_OK || X509_verify(x, X509_get0_pubkey(from)) != 1) {
    return false;
  }
  const std::uint32_t flags = X509_get_extension_flags(x);
  if ((flags & (EXFLAG_INVALID | EXFLAG_CRITICAL | EXFLAG_CA)) != 0) return false;
  if ((flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE) == 0) {
    return false;
  }
  if ((flags & EXFLAG_XKUSAGE) == 0 || (X509_get_extended_key_usage(x) & XKU_OCSP_SIGN) == 0) {
    return false;
  }
  return now >= signer.not_before() && now < signer.not_after();
}

bool signed_rightly(OCSP_BASICRESP* basic, const Certificate& issuer, WallTime now) {
  const Handle<stack_st_X509> known(sk_X509_new_null());
  require(known && X509_add_cert(known.get(), issuer.native(), X509_ADD_FLAG_UP_REF) == 1,
          "add to a chain");
  X509* found = nullptr;
  if (OCSP_resp_get0_signer(basic, &found, known.get()) != 1) return false;
  X509_up_ref(found);
  const Certificate signer{Handle<x509_st>(found)};
  const bool by_issuer = X509_cmp(found, issuer.native()) == 0;
  if (!by_issuer && !delegated(signer, issuer, now)) return false;
  const X509_ALGOR* algorithm = OCSP_resp_get0_tbs_sigalg(basic);
  const ASN1_OBJECT* oid = nullptr;
  X509_ALGOR_get0(&oid, nullptr, nullptr, algorithm);
  if (!strong(OBJ_obj2nid(oid))) return false;
  return OCSP_basic_verify(basic, known.get(), nullptr, OCSP_NOVERIFY) == 1;
}

bool names(const OCSP_SINGLERESP* single, const Certificate& certificate,
           const Certificate& issuer) {
  ASN1_OBJECT* hash = nullptr;
  auto* id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single));
  if (OCSP_id_get0_info(nullptr, &hash, nullptr, nullptr, id) != 1) return false;
  const int nid = OBJ_obj2nid(hash);
  if (nid != NID_sha1 && nid != NID_sha256) return false;
  const Handle<ocsp_cert_id_st> ours(OCSP_cert_to_id(nid == NID_sha1 ? EVP_sha1() : EVP_sha256(),
                                                     certificate.native(), issuer.native()));
  return ours && OCSP_id_cmp(ours.get(), id) == 0;
}

std::optional<OcspReading> read(OCSP_SINGLERESP* single) {
  int reason = -1;
  ASN1_GENERALIZEDTIME* revoked_at = nullptr;
  ASN1_GENERALIZEDTIME* this_update = nullptr;
  ASN1_GENERALIZEDTIME* next_update = nullptr;
  const int status =
      OCSP_single_get0_status(single, &reason, &revoked_at, &this_update, &next_update);
  OcspReading out;
  const auto from = time_of(this_update);
  if (!from || OCSP_SINGLERESP_get_ext_by_critical(single, 1, -1) >= 0) return std::nullopt;
  out.this_update = *from;
  if (next_update != nullptr) {
    out.next_update = time_of(next_update);
    if (!out.next_update || *out.next_update < *from) return std::nullopt;
  }
  switch (status) {
    case V_OCSP_CERTSTATUS_GOOD: out.status.kind = OcspStatus::Kind::good; return out;
    case V_OCSP_CERTSTATUS_UNKNOWN: out.status.kind = OcspStatus::Kind::unknown; return out;
    case V_OCSP_CERTSTATUS_REVOKED: {
      const auto at = time_of(revoked_at);
      if (!at) return std::nullopt;
      out.status = {
          OcspStatus::Kind::revoked, *at,
          reason > 0 ? static_cast<RevocationReason>(reason) : RevocationReason::unspecified};
      return out;
    }
    default: return std::nullopt;
  }
}

}  // namespace

std::expected<OcspReading, OcspFault> read_ocsp_response(ByteView response,
                                                         const Certificate& certificate,
                                                         const Certificate& issuer, WallTime now) {
  const QuietErrors quiet;
  if (response.empty()) return std::unexpected(Fault::missing);
  const auto basic = open_response(response);
  if (!basic) return std::unexpected(Fault::malformed);
  if (!signed_rightly(basic.get(), issuer, now)) return std::unexpected(Fault::wrong_signer);
  std::optional<OcspReading> reading;
  for (int i = 0; i < OCSP_resp_count(basic.get()); ++i) {
    OCSP_SINGLERESP* single = OCSP_resp_get0(basic.get(), i);
    if (!names(single, certificate, issuer)) continue;
    if (reading) return std::unexpected(Fault::malformed);  // two answers are none
    reading = read(single);
    if (!reading) return std::unexpected(Fault::malformed);
  }
  if (!reading) return std::unexpected(Fault::wrong_certificate);
  return *reading;
}

std::optional<OcspFault> judge(const OcspReading& reading, WallTime now,
                               std::chrono::seconds max_age) {
  if (reading.this_update > now + kOcspClockSkew) return Fault::not_yet_valid;
  if (reading.next_update && now >= *reading.next_update) return Fault::stale;
  if (now - reading.this_update > max_age) return Fault::stale;
  switch (reading.status.kind) {
    case OcspStatus::Kind::good: return std::nullopt;
    case OcspStatus::Kind::revoked: return Fault::revoked;
    case OcspStatus::Kind::unknown: break;
  }
  return Fault::unknown;
}

std::optional<OcspFault> check_ocsp_response(ByteView response, const Certificate& certificate,
                                             const Certificate& issuer, WallTime now,
                                             std::chrono::seconds max_age) {
  const auto reading = read_ocsp_response(response, certificate, issuer, now);
  if (!reading) return reading.error();
  return judge(*reading, now, max_age);
}

}  // namespace rap::crypto
