#include "crypto/x509/validation/public_path.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <string>

#include "crypto/keys/openssl_handle.hpp"

namespace rap::crypto {
namespace {

using Fault = CertificateFault;

constexpr int kPublicAuthLevel = 2;  // 112-bit security: RSA of 2,048 bits, no SHA-1

// Whether the text ended where a certificate might have begun, and not in the middle of one.
bool is_end_of_text() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

Fault public_fault(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return Fault::expired;
    case X509_V_ERR_CERT_NOT_YET_VALID: return Fault::not_yet_valid;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return Fault::unknown_root;
    case X509_V_ERR_INVALID_PURPOSE: return Fault::wrong_key_usage;
    default: return Fault::bad_chain;
  }
}

}  // namespace

std::optional<PublicRoots> PublicRoots::from_pem(std::string_view bundle) {
  const QuietErrors quiet;
  const std::unique_ptr<BIO, int (*)(BIO*)> text(
      BIO_new_mem_buf(bundle.data(), static_cast<int>(bundle.size())), BIO_free);
  Handle<x509_store_st> store(X509_STORE_new());
  require(text != nullptr && store != nullptr, "make a certificate store");
  std::size_t found = 0;
  ERR_clear_error();
  while (X509* root = PEM_read_bio_X509_AUX(text.get(), nullptr, nullptr, nullptr)) {
    const Handle<x509_st> owned(root);
    require(X509_STORE_add_cert(store.get(), root) == 1, "add a root");
    ++found;
  }
  if (found == 0 || !is_end_of_text()) return std::nullopt;
  return PublicRoots(std::move(store));
}

bool is_for_host(const Certificate& leaf, std::string_view host) {
  const QuietErrors quiet;
  const std::string text(host);
  ASN1_OCTET_STRING* ip = a2i_IPADDRESS(text.c_str());
  ASN1_OCTET_STRING_free(ip);
  if (ip != nullptr) return X509_check_ip_asc(leaf.native(), text.c_str(), 0) == 1;
  constexpr unsigned kFlags =
      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
  return X509_check_host(leaf.native(), text.data(), text.size(), kFlags, nullptr) == 1;
}

std::expected<CertificatePath, CertificateFault> verify_public_server(
    const Certificate& leaf, const std::vector<Certificate>& presented, const PublicRoots& roots,
    std::string_view host, WallTime now) {
  if (leaf.native() == nullptr) return std::unexpected(Fault::no_certificate);
  if (presented.size() > kMaxPresentedCertificates) return std::unexpected(Fault::bad_chain);
  const QuietErrors quiet;
  Handle<stack_st_X509> untrusted(sk_X509_new_null());
  Handle<x509_store_ctx_st> context(X509_STORE_CTX_new());
  require(untrusted != nullptr && context != nullptr, "start a verification");
  for (const Certificate& certificate : presented) {
    require(X509_add_cert(untrusted.get(), certificate.native(), X509_ADD_FLAG_UP_REF) == 1,
            "add to a chain");
  }
  require(X509_STORE_CTX_init(context.get(), roots.native(), leaf.native(), untrusted.get()) == 1,
          "start a verification");
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(rules, to_unix(now));
  X509_VERIFY_PARAM_set_auth_level(rules, kPublicAuthLevel);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  require(X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_SERVER) == 1,
          "set the rules of verification");
  if (X509_verify_cert(context.get()) != 1) {
    return std::unexpected(public_fault(X509_STORE_CTX_get_error(context.get())));
  }
  if (!is_for_host(leaf, host)) return std::unexpected(Fault::wrong_name);
  if (leaf.must_staple()) return std::unexpected(Fault::bad_status);
  CertificatePath path;
  const STACK_OF(X509)* found = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 0; i < sk_X509_num(found); ++i) {
    X509* certificate = sk_X509_value(found, i);
    X509_up_ref(certificate);
    path.emplace_back(Handle<x509_st>(certificate));
  }
  return path;
}

}  // namespace rap::crypto
