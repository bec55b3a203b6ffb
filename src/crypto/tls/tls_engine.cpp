#include "crypto/tls/tls_engine.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <new>

#include "base/try.hpp"
#include "crypto/ocsp/ocsp.hpp"

namespace rap::crypto {

// A BIO whose two ends are the engine's input view and output buffer.
struct EngineBio {
  static TlsEngine& engine(BIO* bio) { return *static_cast<TlsEngine*>(BIO_get_data(bio)); }

  static int write(BIO* bio, const char* data, int n) {
    Bytes& out = engine(bio).output_;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(data);
    out.insert(out.end(), bytes, bytes + n);
    return n;
  }
  static int read(BIO* bio, char* data, int n) {
    ByteView& in = engine(bio).input_;
    BIO_clear_retry_flags(bio);
    if (engine(bio).refused_) return -1;
    if (in.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t take = std::min(in.size(), static_cast<std::size_t>(n));
    std::memcpy(data, in.data(), take);
    in = in.subspan(take);
    return static_cast<int>(take);
  }
  static long control(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
  }
  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }
  static BIO_METHOD* method() {
    static BIO_METHOD* const kMethod = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "rap memory");
      BIO_meth_set_write(m, write);
      BIO_meth_set_read(m, read);
      BIO_meth_set_ctrl(m, control);
      BIO_meth_set_create(m, create);
      return m;
    }();
    return kMethod;
  }
};

namespace {

bool is_ip_literal(const std::string& host) {
  ASN1_OCTET_STRING* ip = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(ip);
  return ip != nullptr;
}

std::optional<std::string> host_of(const TlsPolicy& policy) {
  if (const auto* server = std::get_if<AcceptPublicServer>(&policy)) return server->host;
  const auto* member = std::get_if<AcceptMember>(&policy);
  return member != nullptr ? member->host : std::nullopt;
}

Certificate share(X509* x) {
  X509_up_ref(x);
  return Certificate(std::shared_ptr<X509>(x, X509_free));
}

std::vector<Certificate> share_all(STACK_OF(X509) * stack) {
  std::vector<Certificate> out;
  out.reserve(static_cast<std::size_t>(std::max(0, sk_X509_num(stack))));
  for (int i = 0; i < sk_X509_num(stack); ++i) out.push_back(share(sk_X509_value(stack, i)));
  return out;
}

}  // namespace

TlsEngine::TlsEngine(std::shared_ptr<const TlsContext> context, Bytes& output)
    : context_(std::move(context)), output_(output), ssl_(SSL_new(context_->native()), SSL_free) {
  BIO* bio = BIO_new(EngineBio::method());
  if (!ssl_ || bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), static_cast<PeerJudge*>(this));
  SSL_set_msg_callback(ssl_.get(), &message_callback);
  SSL_set_msg_callback_arg(ssl_.get(), this);
  if (context_->role() == TlsRole::server) {
    SSL_set_accept_state(ssl_.get());
    return;
  }
  SSL_set_connect_state(ssl_.get());
  const auto* member = std::get_if<AcceptMember>(&context_->policy());
  if (member != nullptr && member->staple_max_age) {
    SSL_set_tlsext_status_type(ssl_.get(), TLSEXT_STATUSTYPE_ocsp);
  }
  if (const auto host = host_of(context_->policy()); host && !is_ip_literal(*host)) {
    SSL_set_tlsext_host_name(ssl_.get(), host->c_str());
  }
}

TlsEngine::~TlsEngine() = default;

// OpenSSL says of every record's header and of every message of the handshake protocol that it is
// there. It takes key updates one after another within one call, so that only the end of its input
// stops it.
void TlsEngine::message_callback(int sent, int, int content_type, const void*, std::size_t size,
                                 ssl_st*, void* engine) {
  auto* self = static_cast<TlsEngine*>(engine);
  if (sent != 0 || size == 0 || !self->established_) return;
  if (content_type == SSL3_RT_HEADER) ++self->records_read_;
  if (content_type != SSL3_RT_HANDSHAKE) return;
  if (++self->late_messages_ <= kMaxKeyUpdates + self->bytes_read_ / kBytesAKeyUpdate) return;
  self->refused_ = true;
  self->flood_ = IdleRecord::handshake_message;
  self->failure_ = "too many key updates";
}

bool TlsEngine::verify(x509_store_ctx_st* store) {
  X509* leaf = X509_STORE_CTX_get0_cert(store);
  if (leaf == nullptr) {
    fault_ = CertificateFault::no_certificate;
    return false;
  }
  const TlsPolicy& policy = context_->policy();
  if (std::holds_alternative<AcceptUnverified>(policy)) return true;

  const auto presented = share_all(X509_STORE_CTX_get0_untrusted(store));
  if (const auto* server = std::get_if<AcceptPublicServer>(&policy)) {
    fault_ = public_server_fault(*server, share(leaf), presented);
    return !fault_;
  }
  const auto* member = std::get_if<AcceptMember>(&policy);
  if (member == nullptr) return false;
  const auto deny = member->deny_now ? member->deny_now() : member->deny;
  const auto identity =
      verify_member_of(*member, share(leaf), presented, member->roots, deny.get(), context_->now());
  if (!identity) {
    fault_ = identity.error();
    return false;
  }
  if (member->host && !speaks_for(share(leaf), *member->host)) return false;
  if (const auto fault = status_fault(*member, share(leaf), shown_staple())) {
    fault_ = fault;
    return false;
  }
  peer_ = *identity;
  return true;
}

std::optional<CertificateFault> TlsEngine::public_server_fault(
    const AcceptPublicServer& server, const Certificate& leaf,
    const std::vector<Certificate>& presented) {
  if (!server.roots) return CertificateFault::unknown_root;
  const auto path =
      verify_public_server(leaf, presented, *server.roots, server.host, context_->now());
  if (!path) {
    if (path.error() == CertificateFault::wrong_name) does_not_speak_for(server.host);
    return path.error();
  }
  if (std::ranges::find(server.keys, leaf.key_hash()) == server.keys.end()) {
    failure_ = "the certificate is for " + server.host + ", and of a key that is not its node's";
    return CertificateFault::wrong_member;
  }
  if (server.deny && denied(*server.deny, *path)) return CertificateFault::revoked;
  return std::nullopt;
}

std::expected<wire::SpiffeId, CertificateFault> TlsEngine::verify_member_of(
    const AcceptMember& member, const Certificate& leaf, const std::vector<Certificate>& presented,
    const std::vector<Certificate>& roots, const DenyList* deny, WallTime now) {
  const PeerSide side = context_->role() == TlsRole::server ? PeerSide::client : PeerSide::server;
  auto peer =
      RAP_TRY(verify_member(leaf, presented, roots, side, member.kind, member.cluster, now));
  path_ = std::move(peer.path);
  if (member.node && peer.identity.node() != *member.node) {
    return std::unexpected(CertificateFault::wrong_member);
  }
  if (deny != nullptr && denied(*deny, leaf, path_, peer.identity)) {
    return std::unexpected(CertificateFault::revoked);
  }
  return peer.identity;
}

std::expected<wire::SpiffeId, CertificateFault> TlsEngine::verify_again(
    const std::vector<Certificate>& roots, const DenyList* deny, WallTime now) {
  const auto* member = std::get_if<AcceptMember>(&context_->policy());
  const auto leaf = peer_certificate();
  if (member == nullptr || !established_ || !peer_ || !leaf) {
    return std::unexpected(CertificateFault::no_certificate);
  }
  return verify_member_of(*member, *leaf, peer_chain(), roots, deny, now);
}

std::optional<wire::Severity> TlsEngine::denied_by(const DenyList& deny) const {
  if (!peer_ || path_.empty()) return std::nullopt;
  return denied(deny, path_.front(), path_, *peer_);
}

// The staple is there before the handshake is over: it comes with the certificate.
ByteView TlsEngine::shown_staple() const {
  const unsigned char* data = nullptr;
  const long size = SSL_get_tlsext_status_ocsp_resp(ssl_.get(), static_cast<void*>(&data));
  return size > 0 ? ByteView(data, static_cast<std::size_t>(size)) : ByteView();
}

std::optional<CertificateFault> TlsEngine::status_fault(const AcceptMember& member,
                                                        const Certificate& leaf, ByteView staple) {
  if (context_->role() == TlsRole::server || !member.staple_max_age) return std::nullopt;
  if (path_.size() < 2) return std::nullopt;
  if (staple.empty() && !leaf.must_staple()) return std::nullopt;
  const auto fault =
      check_ocsp_response(staple, leaf, path_[1], context_->now(), *member.staple_max_age);
  if (!fault) return std::nullopt;
  failure_ = "peer certificate refused: its OCSP staple is " + std::string(to_string(*fault));
  return *fault == OcspFault::revoked ? CertificateFault::status_revoked
                                      : CertificateFault::bad_status;
}

bool TlsEngine::speaks_for(const Certificate& leaf, const std::string& host) {
  if (leaf.speaks_for(host)) return true;
  fault_ = CertificateFault::wrong_name;
  does_not_speak_for(host);
  return false;
}

void TlsEngine::does_not_speak_for(const std::string& host) {
  failure_ = "the certificate does not speak for " + host;
}

TlsEngine::Status TlsEngine::status_of(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return Status::want_input;
    case SSL_ERROR_ZERO_RETURN: return Status::closed;
    default: break;
  }
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_RECORD_TOO_SMALL) {
    flood_ = IdleRecord::empty;
    failure_ = "too many empty records";
  }
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED) {
    fault_ = CertificateFault::no_certificate;
    failure_ = "the peer asks for a certificate of ours";
  }
  if (fault_ == CertificateFault::revoked && failure_.empty()) {
    failure_ = "peer certificate refused: revoked, the deny list names it";
  } else if (fault_ && failure_.empty()) {
    failure_ = "peer certificate refused: " + std::string(to_string(*fault_));
  } else if (failure_.empty()) {
    const char* reason = ERR_reason_error_string(ERR_peek_error());
    failure_ = reason != nullptr ? reason : "TLS failure";
  }
  ERR_clear_error();
  return Status::failed;
}

TlsEngine::Status TlsEngine::handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return status_of(result);
  established_ = true;
  return Status::ok;
}

TlsEngine::Status TlsEngine::read(MutableBytes out, std::size_t& n) {
  ERR_clear_error();
  const int result = SSL_read_ex(ssl_.get(), out.data(), out.size(), &n);
  if (result != 1) return status_of(result);
  bytes_read_ += n;
  return Status::ok;
}

TlsEngine::Status TlsEngine::write(ByteView in, std::size_t& n) {
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_.get(), in.data(), in.size(), &n);
  return result == 1 ? Status::ok : status_of(result);
}

void TlsEngine::close_notify() {
  if (established_) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

std::optional<Certificate> TlsEngine::peer_certificate() const {
  if (!proven_again_.empty()) return proven_again_.front();
  X509* x = SSL_get0_peer_certificate(ssl_.get());
  if (x == nullptr) return std::nullopt;
  return share(x);
}

std::vector<Certificate> TlsEngine::peer_chain() const {
  if (!proven_again_.empty()) return proven_again_;
  std::vector<Certificate> out;
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl_.get());
  if (chain == nullptr) return out;
  // OpenSSL leaves the leaf out of this list on the server's side.
  if (context_->role() == TlsRole::server) {
    if (auto leaf = peer_certificate()) out.push_back(std::move(*leaf));
  }
  for (Certificate& c : share_all(chain)) out.push_back(std::move(c));
  return out;
}

}  // namespace rap::crypto
