#include "crypto/tls/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <stdexcept>

namespace rap::crypto {
namespace {

[[noreturn]] void fail(const char* what) {
  char text[256] = "unknown";
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  ERR_clear_error();
  throw std::runtime_error(std::string("TLS context: ") + what + ": " + text);
}

void use_identity(SSL_CTX* ctx, const TlsIdentity& identity) {
  if (identity.chain.empty()) throw std::runtime_error("TLS context: empty certificate chain");
  if (SSL_CTX_use_certificate(ctx, identity.chain.front().native()) != 1) fail("certificate");
  for (std::size_t i = 1; i < identity.chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(ctx, identity.chain[i].native()) != 1) fail("chain");
  }
  if (SSL_CTX_use_PrivateKey(ctx, identity.key.native()) != 1) fail("private key");
  if (SSL_CTX_check_private_key(ctx) != 1) fail("private key does not match the certificate");
}

// What our side of the handshake shows with its certificate (RFC 6066 §8).
int show_staple(SSL* ssl, void* context) {
  const Bytes& staple = static_cast<const TlsContext*>(context)->staple();
  auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(staple.data(), staple.size()));
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(staple.size()));
  return SSL_TLSEXT_ERR_OK;
}

int judge_peer(X509_STORE_CTX* store, void*) {
  void* ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  auto* judge = static_cast<PeerJudge*>(SSL_get_app_data(static_cast<SSL*>(ssl)));
  if (judge->verify(store)) return 1;
  if (X509_STORE_CTX_get_error(store) == X509_V_OK) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  }
  return 0;
}

const std::vector<Certificate>* roots_of(const TlsPolicy& policy) {
  if (const auto* member = std::get_if<AcceptMember>(&policy)) return &member->roots;
  return nullptr;
}

}  // namespace

TlsContext::TlsContext(TlsRole role, TlsPolicy policy, std::function<WallTime()> wall_now)
    : role_(role), policy_(std::move(policy)), wall_now_(std::move(wall_now)) {}

TlsContext::~TlsContext() = default;

std::shared_ptr<const TlsContext> TlsContext::make(TlsRole role,
                                                   std::optional<TlsIdentity> identity,
                                                   TlsPolicy policy,
                                                   std::function<WallTime()> wall_now) {
  std::shared_ptr<TlsContext> self(new TlsContext(role, std::move(policy), std::move(wall_now)));
  SSL_CTX* ctx = SSL_CTX_new(role == TlsRole::server ? TLS_server_method() : TLS_client_method());
  if (ctx == nullptr) fail("allocation");
  self->ctx_ = std::shared_ptr<SSL_CTX>(ctx, SSL_CTX_free);

  SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(
      ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
  SSL_CTX_set1_groups_list(ctx, "X25519:P-256");
  // No resumption: every connection proves its certificate again, so revoking one is enough.
  SSL_CTX_set_options(ctx,
                      SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_num_tickets(ctx, 0);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(ctx, kMaxCertificateMessageBytes);
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
  if (identity) use_identity(ctx, *identity);
  if (identity && role == TlsRole::server && !identity->staple.empty()) {
    self->staple_ = std::move(identity->staple);
    SSL_CTX_set_tlsext_status_cb(ctx, &show_staple);
    SSL_CTX_set_tlsext_status_arg(ctx, self.get());
  }

  if (const auto* roots = roots_of(self->policy_)) {
    X509_STORE* store = SSL_CTX_get_cert_store(ctx);
    for (const Certificate& root : *roots) {
      if (X509_STORE_add_cert(store, root.native()) != 1) fail("trust root");
    }
  }
  if (std::holds_alternative<AcceptAnyone>(self->policy_)) {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
  } else {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_cert_verify_callback(ctx, &judge_peer, nullptr);
  }
  return self;
}

}  // namespace rap::crypto
