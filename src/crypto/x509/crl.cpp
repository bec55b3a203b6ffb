#include "crypto/x509/crl.hpp"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/encoding.hpp"
#include "crypto/keys/openssl_handle.hpp"

namespace rap::crypto {
namespace {

// UTCTime until 2049, GeneralizedTime from then on.
Handle<asn1_string_st> time_of(WallTime t) {
  Handle<asn1_string_st> out(ASN1_TIME_set(nullptr, to_unix(t)));
  require(out != nullptr, "write a time");
  return out;
}

Handle<asn1_string_st> integer_of(const std::string& hex) {
  const auto octets = from_hex(hex);
  require(octets && !octets->empty(), "read a serial number");
  Handle<asn1_string_st> out(ASN1_INTEGER_new());
  require(out && ASN1_STRING_set(out.get(), octets->data(), static_cast<int>(octets->size())) == 1,
          "write a serial number");
  return out;
}

Handle<x509_revoked_st> revoked(const CrlEntry& entry) {
  Handle<x509_revoked_st> out(X509_REVOKED_new());
  require(out && X509_REVOKED_set_serialNumber(out.get(), integer_of(entry.serial).get()) == 1 &&
              X509_REVOKED_set_revocationDate(out.get(), time_of(entry.revoked_at).get()) == 1,
          "write an entry of a CRL");
  if (entry.reason != RevocationReason::unspecified) {
    Handle<asn1_string_st> reason(ASN1_ENUMERATED_new());
    require(reason && ASN1_ENUMERATED_set(reason.get(), static_cast<long>(entry.reason)) == 1 &&
                X509_REVOKED_add1_ext_i2d(out.get(), NID_crl_reason, reason.get(), 0,
                                          X509V3_ADD_DEFAULT) == 1,
            "say why a certificate was revoked");
  }
  return out;
}

void add_extensions(X509_CRL* crl, const Issuer& issuer, std::uint64_t number) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer.certificate.native(), nullptr, nullptr, crl, 0);
  X509V3_set_ctx_nodb(&context);
  const Handle<X509_extension_st> key(
      X509V3_EXT_nconf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  Handle<asn1_string_st> count(ASN1_INTEGER_new());
  require(key && count && ASN1_INTEGER_set_uint64(count.get(), number) == 1 &&
              X509_CRL_add_ext(crl, key.get(), -1) == 1 &&
              X509_CRL_add1_ext_i2d(crl, NID_crl_number, count.get(), 0, X509V3_ADD_DEFAULT) == 1,
          "add the extensions of a CRL");
}

}  // namespace

Bytes sign_crl(const Issuer& issuer, std::uint64_t number, const std::vector<CrlEntry>& entries,
               WallTime this_update, WallTime next_update) {
  Handle<X509_crl_st> crl(X509_CRL_new());
  const X509_NAME* name = X509_get_subject_name(issuer.certificate.native());
  require(crl && X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1 &&
              X509_CRL_set_issuer_name(crl.get(), name) == 1 &&
              X509_CRL_set1_lastUpdate(crl.get(), time_of(this_update).get()) == 1 &&
              X509_CRL_set1_nextUpdate(crl.get(), time_of(next_update).get()) == 1,
          "start a CRL");
  for (const CrlEntry& entry : entries) {
    auto one = revoked(entry);
    require(X509_CRL_add0_revoked(crl.get(), one.release()) == 1, "add an entry to a CRL");
  }
  add_extensions(crl.get(), issuer, number);
  require(X509_CRL_sort(crl.get()) == 1 &&
              X509_CRL_sign(crl.get(), issuer.key.native(), EVP_sha256()) > 0,
          "sign a CRL");
  return to_der(i2d_X509_CRL, const_cast<const X509_CRL*>(crl.get()));
}

}  // namespace rap::crypto
