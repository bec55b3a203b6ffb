// TLS 1.3 (RFC 8446) without sockets. A TlsContext says who we are and whom we accept; a TlsEngine
// is one connection over memory: ciphertext in, ciphertext out, and the proven peer.
//
// Contexts are immutable and shared: renewing a certificate makes a new context for new
// connections and leaves the old ones alone.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "crypto/keys/keys.hpp"
#include "crypto/x509/certificate.hpp"
#include "crypto/x509/validation/peer_verifier.hpp"
#include "crypto/x509/validation/public_path.hpp"

struct ssl_ctx_st;
struct x509_store_ctx_st;

namespace rap::crypto {

// A peer's Certificate message may hold 8 certificates of about 1 KiB: that is memory that a
// stranger can make us take.
inline constexpr int kMaxCertificateMessageBytes = 16 * 1024;

struct TlsIdentity {
  std::vector<Certificate> chain;  // leaf first, then intermediates
  PrivateKey key;
  Bytes staple = {};  // an OCSP response about the leaf, for clients that ask; empty: none
};

// The peers that a handshake accepts.
struct AcceptAnyone {};      // server without client certificates
struct AcceptUnverified {};  // client's very first contact, to show a fingerprint: sends no secret
// A member of the cluster, of one kind. There is no policy that goes by a host alone: every node
// has a certificate of the same roots, and it speaks for the host that the node advertises.
struct AcceptMember {
  std::vector<Certificate> roots;
  ClusterId cluster;
  wire::SpiffeId::Kind kind;
  std::optional<std::string> host;  // additionally match the SAN when dialling by name
  std::shared_ptr<const DenyList> deny = nullptr;  // null: nobody is denied
  // A client asks for the server's status, and takes a staple up to this old. One that does not
  // make the certificate good is refused, and so is none when the certificate must have one.
  std::optional<std::chrono::seconds> staple_max_age = std::nullopt;  // none: it does not ask
  std::optional<NodeId> node = std::nullopt;  // none but this one
  // Asked at each handshake, in the place of `deny`: for a context that outlives lists.
  std::function<std::shared_ptr<const DenyList>()> deny_now = nullptr;
};
// A server whose certificate comes from a public authority. The host is no proof of who it is, for
// whoever is believed to own it gets a certificate: it must hold one of these keys besides, of
// which the client knows from who is proven.
struct AcceptPublicServer {
  std::shared_ptr<const PublicRoots> roots;  // null: there are none, and nobody is believed
  std::string host;
  std::vector<Sha256> keys;  // Certificate::key_hash()
  std::shared_ptr<const DenyList> deny = nullptr;  // null: nobody is denied
};
using TlsPolicy = std::variant<AcceptAnyone, AcceptUnverified, AcceptMember, AcceptPublicServer>;

// Judges the peer's certificate in a handshake. A connection that is made from a context sets
// itself as its SSL's app data, as this.
class PeerJudge {
 public:
  virtual bool verify(x509_store_ctx_st* store) = 0;

 protected:
  ~PeerJudge() = default;
};

enum class TlsRole : std::uint8_t { client, server };

class TlsContext {
 public:
  // `wall_now` is asked once a handshake, for certificate validity.
  static std::shared_ptr<const TlsContext> make(TlsRole role, std::optional<TlsIdentity> identity,
                                                TlsPolicy policy,
                                                std::function<WallTime()> wall_now);
  ~TlsContext();

  TlsRole role() const { return role_; }
  const TlsPolicy& policy() const { return policy_; }
  WallTime now() const { return wall_now_(); }
  const Bytes& staple() const { return staple_; }
  ssl_ctx_st* native() const { return ctx_.get(); }

 private:
  TlsContext(TlsRole role, TlsPolicy policy, std::function<WallTime()> wall_now);
  TlsRole role_;
  TlsPolicy policy_;
  std::function<WallTime()> wall_now_;
  Bytes staple_;
  std::shared_ptr<ssl_ctx_st> ctx_;
};

}  // namespace rap::crypto
