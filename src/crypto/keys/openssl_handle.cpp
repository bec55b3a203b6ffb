#include "crypto/keys/openssl_handle.hpp"

#include <cstdio>
#include <cstdlib>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace rap::crypto {

void release(asn1_string_st* p) { ASN1_STRING_free(p); }
void release(bignum_st* p) { BN_free(p); }
void release(bio_st* p) { BIO_free_all(p); }
void release(ECDSA_SIG_st* p) { ECDSA_SIG_free(p); }
void release(evp_cipher_ctx_st* p) { EVP_CIPHER_CTX_free(p); }
void release(evp_md_ctx_st* p) { EVP_MD_CTX_free(p); }
void release(evp_pkey_ctx_st* p) { EVP_PKEY_CTX_free(p); }
void release(evp_pkey_st* p) { EVP_PKEY_free(p); }
void release(ocsp_basic_response_st* p) { OCSP_BASICRESP_free(p); }
void release(ocsp_cert_id_st* p) { OCSP_CERTID_free(p); }
void release(ocsp_request_st* p) { OCSP_REQUEST_free(p); }
void release(ocsp_response_st* p) { OCSP_RESPONSE_free(p); }
void release(pkcs8_priv_key_info_st* p) { PKCS8_PRIV_KEY_INFO_free(p); }
void release(stack_st_GENERAL_NAME* p) { GENERAL_NAMES_free(p); }
void release(stack_st_X509* p) { sk_X509_pop_free(p, X509_free); }
void release(stack_st_X509_EXTENSION* p) { sk_X509_EXTENSION_pop_free(p, X509_EXTENSION_free); }
void release(x509_revoked_st* p) { X509_REVOKED_free(p); }
void release(x509_st* p) { X509_free(p); }
void release(x509_store_ctx_st* p) { X509_STORE_CTX_free(p); }
void release(x509_store_st* p) { X509_STORE_free(p); }
void release(X509_crl_st* p) { X509_CRL_free(p); }
void release(X509_extension_st* p) { X509_EXTENSION_free(p); }
void release(X509_req_st* p) { X509_REQ_free(p); }

void require(bool ok, const char* operation) {
  if (ok) return;
  char reason[256];
  ERR_error_string_n(ERR_peek_last_error(), reason, sizeof reason);
  std::fprintf(stderr, "fatal: OpenSSL could not %s: %s\n", operation, reason);
  std::abort();
}

QuietErrors::QuietErrors() { ERR_set_mark(); }
QuietErrors::~QuietErrors() { ERR_pop_to_mark(); }

}  // namespace rap::crypto
