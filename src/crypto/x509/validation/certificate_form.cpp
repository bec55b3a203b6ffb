#include "crypto/x509/validation/certificate_form.hpp"

#include <algorithm>

#include <openssl/ec.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/keys/openssl_handle.hpp"

namespace rap::crypto {
namespace {

// Extensions exist in version 3 only, and OpenSSL takes any later one.
bool version_fits(const X509* x) { return X509_get_version(x) == X509_VERSION_3; }

// RFC 5280 §4.1.2.2: positive, at most 20 octets. Deny lists go by issuer and serial.
bool serial_fits(const X509* x) {
  constexpr std::size_t kMaxOctets = 20;
  const ASN1_INTEGER* serial = X509_get0_serialNumber(x);
  if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER) return false;
  const ByteView octets(ASN1_STRING_get0_data(serial),
                        static_cast<std::size_t>(ASN1_STRING_length(serial)));
  if (std::ranges::all_of(octets, [](std::uint8_t b) { return b == 0; })) return false;
  const std::size_t sign_octet = (octets[0] & 0x80) != 0 ? 1 : 0;
  return octets.size() + sign_octet <= kMaxOctets;
}

// A point on P-256 can be written in three ways. Only the usual one is taken, so that a key has one
// hash and a denied one cannot come back written differently.
bool uncompressed(const X509* x) {
  constexpr int kBytes = 65;
  const ASN1_BIT_STRING* point = X509_get0_pubkey_bitstr(x);
  return ASN1_STRING_length(point) == kBytes &&
         ASN1_STRING_get0_data(point)[0] == POINT_CONVERSION_UNCOMPRESSED;
}

bool key_fits(const Certificate& certificate) {
  const KeyType type = certificate.public_key().type();
  return type == KeyType::ed25519 || (type == KeyType::p256 && uncompressed(certificate.native()));
}

// RFC 5758 §3.2, RFC 8410 §3.
bool algorithm_fits(const X509* x) {
  int parameters = V_ASN1_UNDEF;
  X509_ALGOR_get0(nullptr, &parameters, nullptr, X509_get0_tbs_sigalg(x));
  return parameters == V_ASN1_UNDEF;
}

// Whether the value encodes back to what it was: BER, or bytes behind it, would let two readers see
// two things. What nobody knows cannot be read differently.
bool is_der(X509_EXTENSION* extension) {
  const X509V3_EXT_METHOD* method = X509V3_EXT_get(extension);
  if (method == nullptr) return true;
  void* value = X509V3_EXT_d2i(extension);
  if (value == nullptr) return false;
  const Handle<X509_extension_st> again(
      X509V3_EXT_i2d(OBJ_obj2nid(X509_EXTENSION_get_object(extension)), 0, value));
  if (method->it != nullptr) {
    ASN1_item_free(static_cast<ASN1_VALUE*>(value), ASN1_ITEM_ptr(method->it));
  } else {
    method->ext_free(value);
  }
  return again && ASN1_STRING_cmp(X509_EXTENSION_get_data(again.get()),
                                  X509_EXTENSION_get_data(extension)) == 0;
}

// A constraint that is not critical binds only those who care (RFC 5280 §4.2.1.10, §4.2.1.11).
bool must_be_critical(const ASN1_OBJECT* oid) {
  const int nid = OBJ_obj2nid(oid);
  return nid == NID_name_constraints || nid == NID_policy_constraints;
}

bool extensions_fit(const X509* x) {
  for (int i = 0; i < X509_get_ext_count(x); ++i) {
    X509_EXTENSION* extension = X509_get_ext(x, i);
    const ASN1_OBJECT* oid = X509_EXTENSION_get_object(extension);
    if (X509_get_ext_by_OBJ(x, oid, i) >= 0) return false;
    if (must_be_critical(oid) && X509_EXTENSION_get_critical(extension) != 1) return false;
    if (!is_der(extension)) return false;
  }
  return true;
}

}  // namespace

bool well_formed(const Certificate& certificate) {
  const QuietErrors quiet;
  const X509* x = certificate.native();
  return version_fits(x) && serial_fits(x) && key_fits(certificate) && algorithm_fits(x) &&
         extensions_fit(x);
}

}  // namespace rap::crypto
