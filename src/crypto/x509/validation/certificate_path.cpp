#include "crypto/x509/validation/certificate_path.hpp"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/x509/validation/certificate_form.hpp"

namespace rap::crypto {
namespace {

using Fault = CertificateFault;

constexpr int kAuthLevel = 3;  // 128-bit security: no signature with SHA-1

Certificate share(X509* x) {
  X509_up_ref(x);
  return Certificate(Handle<x509_st>(x));
}

bool critical(const X509* x, int nid) {
  const int at = X509_get_ext_by_NID(x, nid, -1);
  return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(x, at)) == 1;
}

// Key usage is critical and exactly fit for a leaf (SPIFFE X509-SVID §4.3, §5.2), and the EKU names
// the direction itself: anyExtendedKeyUsage does not count.
bool leaf_usage_fits(const Certificate& leaf, PeerSide side) {
  X509* x = leaf.native();
  const std::uint32_t flags = X509_get_extension_flags(x);
  if ((flags & EXFLAG_INVALID) != 0 || (flags & EXFLAG_CA) != 0) return false;
  if ((flags & EXFLAG_KUSAGE) == 0 || (flags & EXFLAG_XKUSAGE) == 0) return false;
  if (!critical(x, NID_key_usage)) return false;
  if (X509_get_ext_by_NID(x, NID_name_constraints, -1) >= 0) return false;
  const std::uint32_t usage = X509_get_key_usage(x);
  if ((usage & KU_DIGITAL_SIGNATURE) == 0) return false;
  if ((usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0) return false;
  const std::uint32_t wanted = side == PeerSide::server ? XKU_SSL_SERVER : XKU_SSL_CLIENT;
  return (X509_get_extended_key_usage(x) & wanted) != 0;
}

Fault fault_of(int error, int depth) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return Fault::expired;
    case X509_V_ERR_CERT_NOT_YET_VALID: return Fault::not_yet_valid;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return Fault::unknown_root;
    // The usual foreign peer: its intermediate came along, its root did not.
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
      return depth > 0 ? Fault::unknown_root : Fault::bad_chain;
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA:
    case X509_V_ERR_PATHLEN_INVALID_FOR_NON_CA:
      return depth == 0 ? Fault::wrong_key_usage : Fault::bad_chain;
    default: return Fault::bad_chain;
  }
}

Handle<x509_store_st> store_of(const std::vector<Certificate>& roots) {
  Handle<x509_store_st> store(X509_STORE_new());
  require(store != nullptr, "make a certificate store");
  for (const Certificate& root : roots) {
    require(X509_STORE_add_cert(store.get(), root.native()) == 1, "add a root");
  }
  return store;
}

Handle<stack_st_X509> stack_of(const std::vector<Certificate>& certificates) {
  Handle<stack_st_X509> stack(sk_X509_new_null());
  require(stack != nullptr, "make a chain");
  for (const Certificate& certificate : certificates) {
    require(X509_add_cert(stack.get(), certificate.native(), X509_ADD_FLAG_UP_REF) == 1,
            "add to a chain");
  }
  return stack;
}

void set_rules(X509_STORE_CTX* context, PeerSide side, WallTime now) {
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_time(rules, to_unix(now));
  X509_VERIFY_PARAM_set_depth(rules, kMaxIntermediates);
  X509_VERIFY_PARAM_set_auth_level(rules, kAuthLevel);
  // A common name is a text for people: without this it is held to constraints on host names when
  // the SAN has none.
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const int purpose = side == PeerSide::server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT;
  require(X509_VERIFY_PARAM_set_flags(
              rules, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE) == 1 &&
              X509_VERIFY_PARAM_set_purpose(rules, purpose) == 1,
          "set the rules of verification");
}

}  // namespace

std::string_view to_string(CertificateFault fault) {
  switch (fault) {
    case Fault::no_certificate: return "no_certificate";
    case Fault::bad_chain: return "bad_chain";
    case Fault::unknown_root: return "unknown_root";
    case Fault::expired: return "expired";
    case Fault::not_yet_valid: return "not_yet_valid";
    case Fault::wrong_key_usage: return "wrong_key_usage";
    case Fault::no_identity: return "no_identity";
    case Fault::wrong_kind: return "wrong_kind";
    case Fault::wrong_cluster: return "wrong_cluster";
    case Fault::wrong_name: return "wrong_name";
    case Fault::wrong_member: return "wrong_member";
    case Fault::bad_status: return "bad_status";
    case Fault::status_revoked: return "status_revoked";
    case Fault::revoked: return "revoked";
  }
  return "";
}

std::expected<CertificatePath, CertificateFault> verify_chain(
    const Certificate& leaf, const std::vector<Certificate>& presented,
    const std::vector<Certificate>& roots, PeerSide side, WallTime now) {
  if (leaf.native() == nullptr) return std::unexpected(Fault::no_certificate);
  if (presented.size() > kMaxPresentedCertificates) return std::unexpected(Fault::bad_chain);
  const QuietErrors quiet;
  const auto store = store_of(roots);
  const auto untrusted = stack_of(presented);
  Handle<x509_store_ctx_st> context(X509_STORE_CTX_new());
  require(context &&
              X509_STORE_CTX_init(context.get(), store.get(), leaf.native(), untrusted.get()) == 1,
          "start a verification");
  set_rules(context.get(), side, now);
  if (X509_verify_cert(context.get()) != 1) {
    return std::unexpected(fault_of(X509_STORE_CTX_get_error(context.get()),
                                    X509_STORE_CTX_get_error_depth(context.get())));
  }
  const STACK_OF(X509)* found = X509_STORE_CTX_get0_chain(context.get());
  CertificatePath path;
  for (int i = 0; i < sk_X509_num(found); ++i) {
    path.push_back(share(sk_X509_value(found, i)));
    if (!well_formed(path.back())) return std::unexpected(Fault::bad_chain);
  }
  return path;
}

std::expected<CertificatePath, CertificateFault> verify_path(
    const Certificate& leaf, const std::vector<Certificate>& presented,
    const std::vector<Certificate>& roots, PeerSide side, WallTime now) {
  auto path = verify_chain(leaf, presented, roots, side, now);
  if (path && !leaf_usage_fits(leaf, side)) return std::unexpected(Fault::wrong_key_usage);
  return path;
}

}  // namespace rap::crypto
