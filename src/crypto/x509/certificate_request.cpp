#include <openssl/ec.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/keys/pem.hpp"
#include "crypto/x509/csr_reading.hpp"
#include "crypto/x509/openssl_names.hpp"

namespace rap::crypto {
namespace {

constexpr std::string_view kRequestLabel = "CERTIFICATE REQUEST";

bool is_uncompressed_point(X509_REQ* request) {
  constexpr int kBytes = 65;
  const unsigned char* point = nullptr;
  int size = 0;
  X509_PUBKEY* key = X509_REQ_get_X509_PUBKEY(request);
  return X509_PUBKEY_get0_param(nullptr, &point, &size, nullptr, key) == 1 && size == kBytes &&
         point[0] == POINT_CONVERSION_UNCOMPRESSED;
}

// Fills names and asks_other_extensions from the attributes; false when they are malformed.
bool read_attributes(X509_REQ* request, CertificateRequest& out) {
  const int attributes = X509_REQ_get_attr_count(request);
  if (attributes == 0) return true;
  Handle<stack_st_X509_EXTENSION> extensions(X509_REQ_get_extensions(request));
  if (!extensions) {
    out.asks_other_extensions = true;  // an attribute that is not an extension request
    return true;
  }
  const bool only_san = attributes == 1 && sk_X509_EXTENSION_num(extensions.get()) == 1;
  int critical = 0;
  Handle<stack_st_GENERAL_NAME> names(static_cast<stack_st_GENERAL_NAME*>(
      X509V3_get_d2i(extensions.get(), NID_subject_alt_name, &critical, nullptr)));
  constexpr int kAbsent = -1;
  if (!names && critical != kAbsent) return false;
  out.asks_other_extensions = !only_san || !names;
  if (names) out.names = read_names(names.get());
  return true;
}

}  // namespace

std::string make_csr(const PrivateKey& key, const SubjectNames& names) {
  Handle<X509_req_st> request(X509_REQ_new());
  Handle<stack_st_X509_EXTENSION> extensions(sk_X509_EXTENSION_new_null());
  auto san = make_names(names);
  const int critical = 1;  // there is no subject, so the names are all there is
  X509_EXTENSION* extension = X509V3_EXT_i2d(NID_subject_alt_name, critical, san.get());
  require(request && extensions && extension != nullptr &&
              sk_X509_EXTENSION_push(extensions.get(), extension) > 0 &&
              X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) == 1 &&
              X509_REQ_set_pubkey(request.get(), key.native()) == 1 &&
              X509_REQ_add_extensions(request.get(), extensions.get()) == 1,
          "build a certificate request");
  const EVP_MD* digest = key.type() == KeyType::ed25519 ? nullptr : EVP_sha256();
  require(X509_REQ_sign(request.get(), key.native(), digest) > 0, "sign a certificate request");
  return encode_pem(kRequestLabel,
                    to_der(i2d_X509_REQ, const_cast<const X509_REQ*>(request.get())));
}

std::optional<CertificateRequest> CertificateRequest::from_pem(std::string_view pem) {
  auto request = read_csr(pem);
  return request ? std::optional(std::move(*request)) : std::nullopt;
}

std::expected<CertificateRequest, CsrFault> read_csr(std::string_view pem) {
  const QuietErrors quiet;
  const std::unexpected malformed(CsrFault::malformed);
  auto der = parse_single_pem(pem, kRequestLabel);
  if (!der) return malformed;
  auto request = from_der(d2i_X509_REQ, *der);
  if (!request || X509_REQ_get_version(request.get()) != X509_REQ_VERSION_1) return malformed;
  if (to_der(i2d_X509_REQ, const_cast<const X509_REQ*>(request.get())) != *der) return malformed;
  Handle<evp_pkey_st> key(X509_REQ_get_pubkey(request.get()));
  if (!key) return malformed;
  if (X509_REQ_verify(request.get(), key.get()) != 1) {
    return std::unexpected(CsrFault::wrong_signature);
  }

  CertificateRequest out{.key = PublicKey(std::move(key)), .names = {}, .subject = {}};
  out.subject = name_text(X509_REQ_get_subject_name(request.get()));
  out.key_is_usual = out.key.type() != KeyType::p256 || is_uncompressed_point(request.get());
  if (!read_attributes(request.get(), out)) return malformed;
  return out;
}

}  // namespace rap::crypto
