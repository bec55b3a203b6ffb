// Requests, and what the two ends share. Signing is in ocsp_signing.cpp, judging in
// ocsp_reading.cpp.
#include "crypto/ocsp/ocsp.hpp"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "base/encoding.hpp"
#include "crypto/keys/openssl_handle.hpp"

namespace rap::crypto {
namespace {

std::string serial_text(const ASN1_INTEGER* serial) {
  ByteView octets(ASN1_STRING_get0_data(serial),
                  static_cast<std::size_t>(ASN1_STRING_length(serial)));
  while (octets.size() > 1 && octets[0] == 0) octets = octets.subspan(1);
  const bool negative = ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER;
  return (negative ? "-" : "") + to_hex(octets);
}

Bytes octets_of(const ASN1_OCTET_STRING* s) {
  return to_bytes({ASN1_STRING_get0_data(s), static_cast<std::size_t>(ASN1_STRING_length(s))});
}

std::optional<OcspCertId> read_id(OCSP_CERTID* id) {
  ASN1_OCTET_STRING* name = nullptr;
  ASN1_OBJECT* hash = nullptr;
  ASN1_OCTET_STRING* key = nullptr;
  ASN1_INTEGER* serial = nullptr;
  if (OCSP_id_get0_info(&name, &hash, &key, &serial, id) != 1) return std::nullopt;
  OcspCertId out;
  switch (OBJ_obj2nid(hash)) {
    case NID_sha1: out.hash = OcspHash::sha1; break;
    case NID_sha256: out.hash = OcspHash::sha256; break;
    default: return std::nullopt;
  }
  out.issuer_name_hash = octets_of(name);
  out.issuer_key_hash = octets_of(key);
  out.serial = serial_text(serial);
  out.der = to_der(i2d_OCSP_CERTID, const_cast<const OCSP_CERTID*>(id));
  return out;
}

// Fills in the nonce; false when the extensions are not to be answered.
bool read_extensions(OCSP_REQUEST* request, OcspRequest& out) {
  bool seen = false;
  for (int i = 0; i < OCSP_REQUEST_get_ext_count(request); ++i) {
    X509_EXTENSION* extension = OCSP_REQUEST_get_ext(request, i);
    const bool is_nonce =
        OBJ_obj2nid(X509_EXTENSION_get_object(extension)) == NID_id_pkix_OCSP_Nonce;
    if (!is_nonce && X509_EXTENSION_get_critical(extension) == 1) return false;
    if (!is_nonce) continue;
    if (seen) return false;
    seen = true;
    const Bytes value = octets_of(X509_EXTENSION_get_data(extension));
    const auto nonce = from_der(d2i_ASN1_OCTET_STRING, value);
    if (!nonce) return false;
    out.nonce = octets_of(nonce.get());
    if (out.nonce.empty() || out.nonce.size() > kMaxOcspNonceBytes) return false;
  }
  return true;
}

bool has_critical_extension(OCSP_ONEREQ* one) {
  return OCSP_ONEREQ_get_ext_by_critical(one, 1, -1) >= 0;
}

Handle<ocsp_cert_id_st> id_of(const Certificate& certificate, const Certificate& issuer,
                              OcspHash hash) {
  const EVP_MD* digest = hash == OcspHash::sha1 ? EVP_sha1() : EVP_sha256();
  Handle<ocsp_cert_id_st> id(OCSP_cert_to_id(digest, certificate.native(), issuer.native()));
  require(id != nullptr, "name a certificate");
  return id;
}

Handle<ocsp_cert_id_st> id_of(const ASN1_INTEGER* serial, const Certificate& issuer,
                              OcspHash hash) {
  const EVP_MD* digest = hash == OcspHash::sha1 ? EVP_sha1() : EVP_sha256();
  Handle<ocsp_cert_id_st> id(OCSP_cert_id_new(digest, X509_get_subject_name(issuer.native()),
                                              X509_get0_pubkey_bitstr(issuer.native()), serial));
  require(id != nullptr, "name a certificate");
  return id;
}

}  // namespace

bool OcspCertId::is_issued_by(const Certificate& issuer) const {
  const auto theirs = id_of(X509_get0_serialNumber(issuer.native()), issuer, hash);  // any serial
  const auto expected = read_id(theirs.get());
  return expected && expected->issuer_name_hash == issuer_name_hash &&
         expected->issuer_key_hash == issuer_key_hash;
}

bool OcspCertId::is_plain(const Certificate& issuer) const {
  const auto said = from_der(d2i_OCSP_CERTID, der);
  ASN1_INTEGER* number = nullptr;
  if (!said || OCSP_id_get0_info(nullptr, nullptr, nullptr, &number, said.get()) != 1) return false;
  const auto ours = id_of(number, issuer, hash);
  return encodes_to(i2d_OCSP_CERTID, const_cast<const OCSP_CERTID*>(ours.get()), der);
}

std::optional<OcspRequest> parse_ocsp_request(ByteView der) {
  const QuietErrors quiet;
  if (der.empty() || der.size() > kMaxOcspRequestBytes) return std::nullopt;
  const auto request = from_der(d2i_OCSP_REQUEST, der);
  if (!request ||
      !encodes_to(i2d_OCSP_REQUEST, const_cast<const OCSP_REQUEST*>(request.get()), der)) {
    return std::nullopt;
  }
  const int count = OCSP_request_onereq_count(request.get());
  if (count < 1 || count > static_cast<int>(kMaxOcspCertificates)) return std::nullopt;
  OcspRequest out;
  for (int i = 0; i < count; ++i) {
    OCSP_ONEREQ* one = OCSP_request_onereq_get0(request.get(), i);
    auto id = read_id(OCSP_onereq_get0_id(one));
    if (!id || has_critical_extension(one)) return std::nullopt;
    out.certificates.push_back(std::move(*id));
  }
  if (!read_extensions(request.get(), out)) return std::nullopt;
  return out;
}

Bytes make_ocsp_request(const Certificate& certificate, const Certificate& issuer, OcspHash hash) {
  Handle<ocsp_request_st> request(OCSP_REQUEST_new());
  auto id = id_of(certificate, issuer, hash);
  require(request && OCSP_request_add0_id(request.get(), id.release()) != nullptr,
          "build an OCSP request");
  return to_der(i2d_OCSP_REQUEST, const_cast<const OCSP_REQUEST*>(request.get()));
}

std::string_view to_string(OcspFault fault) {
  switch (fault) {
    case OcspFault::missing: return "missing";
    case OcspFault::malformed: return "malformed";
    case OcspFault::wrong_signer: return "wrong_signer";
    case OcspFault::wrong_certificate: return "wrong_certificate";
    case OcspFault::not_yet_valid: return "not_yet_valid";
    case OcspFault::stale: return "stale";
    case OcspFault::revoked: return "revoked";
    case OcspFault::unknown: return "unknown";
  }
  return "";
}

}  // namespace rap::crypto
