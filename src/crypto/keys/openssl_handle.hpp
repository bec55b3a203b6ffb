// Owners of OpenSSL objects, without OpenSSL's headers. Internal to this layer.
#pragma once

#include <memory>

#include "base/bytes.hpp"

struct asn1_string_st;
struct bignum_st;
struct bio_st;
struct ECDSA_SIG_st;
struct evp_cipher_ctx_st;
struct evp_md_ctx_st;
struct evp_pkey_ctx_st;
struct evp_pkey_st;
struct ocsp_basic_response_st;
struct ocsp_cert_id_st;
struct ocsp_request_st;
struct ocsp_response_st;
struct pkcs8_priv_key_info_st;
struct stack_st_GENERAL_NAME;
struct stack_st_X509;
struct stack_st_X509_EXTENSION;
struct x509_revoked_st;
struct x509_st;
struct x509_store_ctx_st;
struct x509_store_st;
struct X509_crl_st;
struct X509_extension_st;
struct X509_name_st;
struct X509_req_st;

namespace rap::crypto {

void release(asn1_string_st* p);
void release(bignum_st* p);
void release(bio_st* p);
void release(ECDSA_SIG_st* p);
void release(evp_cipher_ctx_st* p);
void release(evp_md_ctx_st* p);
void release(evp_pkey_ctx_st* p);
void release(evp_pkey_st* p);
void release(ocsp_basic_response_st* p);
void release(ocsp_cert_id_st* p);
void release(ocsp_request_st* p);
void release(ocsp_response_st* p);
void release(pkcs8_priv_key_info_st* p);
void release(stack_st_GENERAL_NAME* p);
void release(stack_st_X509* p);  // the stack and its references to the certificates
void release(stack_st_X509_EXTENSION* p);
void release(x509_revoked_st* p);
void release(x509_st* p);
void release(x509_store_ctx_st* p);
void release(x509_store_st* p);
void release(X509_crl_st* p);
void release(X509_extension_st* p);
void release(X509_req_st* p);

struct Release {
  template <class T>
  void operator()(T* p) const {
    release(p);
  }
};
template <class T>
using Handle = std::unique_ptr<T, Release>;

// A call fails only when memory is exhausted, the library is broken or this program is
// wrong: then this prints `operation` with OpenSSL's reason and aborts.
void require(bool ok, const char* operation);

// Takes the errors of a failed parse or check off the thread's OpenSSL queue when it ends: an error
// left there would later be read as the failure of an unrelated TLS connection.
class QuietErrors {
 public:
  QuietErrors();
  ~QuietErrors();
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
};

template <class T>
Bytes to_der(int (*i2d)(const T*, unsigned char**), const T* value) {
  const int size = i2d(value, nullptr);
  require(size > 0, "encode DER");
  Bytes out(static_cast<std::size_t>(size));
  unsigned char* p = out.data();
  require(i2d(value, &p) == size, "encode DER");
  return out;
}

// Whether a value that was read encodes back to what it was read from: only DER does.
template <class T>
bool encodes_to(int (*i2d)(const T*, unsigned char**), const T* value, ByteView der) {
  const int size = i2d(value, nullptr);
  if (size < 0 || static_cast<std::size_t>(size) != der.size()) return false;
  Bytes out(der.size());
  unsigned char* p = out.data();
  return i2d(value, &p) == size && out == to_bytes(der);
}

// Null unless `der` is one value, to its last byte.
template <class T>
Handle<T> from_der(T* (*d2i)(T**, const unsigned char**, long), ByteView der) {
  const unsigned char* p = der.data();
  Handle<T> value(d2i(nullptr, &p, static_cast<long>(der.size())));
  if (value && p != der.data() + der.size()) value.reset();
  return value;
}

}  // namespace rap::crypto
