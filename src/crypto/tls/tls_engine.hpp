// One TLS connection over memory: the caller hands in ciphertext, calls handshake(), read() and
// write(), and sends what has gathered in the output. No socket, no thread, no buffer of its own
// beyond OpenSSL's, so that an idle connection holds nothing but its keys.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "crypto/tls/idle_records.hpp"
#include "crypto/tls/tls.hpp"

struct ssl_st;

namespace rap::crypto {

inline constexpr std::size_t kExportedKeyBytes = 32;

class TlsEngine final : private PeerJudge {
 public:
  enum class Status : std::uint8_t {
    ok,
    want_input,  // everything handed in was used up; come back with more
    closed,      // the peer said close_notify
    failed,      // failure() says why; the connection is dead
  };

  // `output` receives ciphertext and outlives the engine; the caller empties it at will.
  TlsEngine(std::shared_ptr<const TlsContext> context, Bytes& output);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  // Ciphertext for the next calls. read() until want_input uses it up; the memory is the caller's.
  void set_input(ByteView ciphertext) { input_ = ciphertext; }

  Status handshake();
  Status read(MutableBytes out, std::size_t& n);  // n: bytes read when ok
  Status write(ByteView in, std::size_t& n);  // n: bytes taken when ok
  void close_notify();

  bool established() const { return established_; }
  const std::string& failure() const { return failure_; }
  std::optional<CertificateFault> certificate_fault() const { return fault_; }
  // The connection failed because the peer sent too many of these.
  std::optional<IdleRecord> flooded_with() const { return flood_; }
  // Records since the handshake, and the bytes of data in them.
  std::uint64_t records_read() const { return records_read_; }
  std::uint64_t bytes_read() const { return bytes_read_; }
  // The proven peer: set by an AcceptMember handshake only.
  const std::optional<wire::SpiffeId>& peer() const { return peer_; }
  std::optional<Certificate> peer_certificate() const;
  std::vector<Certificate> peer_chain() const;

  // What only the two ends of this connection know (the TLS exporter of RFC 8446 §7.5), for one
  // purpose, which the label names. Nothing before it is established.
  Bytes export_key(std::string_view label) const;

  // The verification of the handshake once more, of the very chain it was proven with, under what
  // is believed now. For an established AcceptMember connection; `no_certificate` for every other.
  std::expected<wire::SpiffeId, CertificateFault> verify_again(
      const std::vector<Certificate>& roots, const DenyList* deny, WallTime now);
  // Proves, on this established connection, that we hold the key of `identity` too: the payload of
  // a reauthentication frame. The key signs what export_key() says, which side we are, and the
  // leaf.
  Bytes prove_again(const TlsIdentity& identity);
  // The peer did so. From now on verify_again() judges what it proved. Fails, and changes nothing,
  // when the proof is none (`no_certificate`), when the certificate is not good now, its status
  // included, or when it is of another node than before (`no_identity`).
  std::expected<wire::SpiffeId, CertificateFault> accept_proof(
      ByteView payload, const std::vector<Certificate>& roots, const DenyList* deny, WallTime now);

  // What `deny` says of the path that was verified last; nullopt: nothing.
  std::optional<wire::Severity> denied_by(const DenyList& deny) const;

 private:
  friend struct EngineBio;
  static void message_callback(int sent, int version, int content_type, const void* message,
                               std::size_t size, ssl_st*, void* engine);
  Status status_of(int result);
  bool verify(x509_store_ctx_st* store) override;
  std::expected<wire::SpiffeId, CertificateFault> verify_member_of(
      const AcceptMember& member, const Certificate& leaf,
      const std::vector<Certificate>& presented, const std::vector<Certificate>& roots,
      const DenyList* deny, WallTime now);
  Bytes proof_message(bool by_client, const Certificate& leaf);
  std::optional<CertificateFault> public_server_fault(const AcceptPublicServer& server,
                                                      const Certificate& leaf,
                                                      const std::vector<Certificate>& presented);
  bool speaks_for(const Certificate& leaf, const std::string& host);
  void does_not_speak_for(const std::string& host);
  ByteView shown_staple() const;
  // What the staple of a server's certificate lacks; path_ is the certificate's.
  std::optional<CertificateFault> status_fault(const AcceptMember& member, const Certificate& leaf,
                                               ByteView staple);

  std::shared_ptr<const TlsContext> context_;
  Bytes& output_;
  ByteView input_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
  bool established_ = false;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t records_read_ = 0;
  std::uint64_t late_messages_ = 0;  // of the handshake protocol, after the handshake
  std::optional<IdleRecord> flood_;
  bool refused_ = false;  // no more is read of what the peer sends
  std::string failure_;
  std::optional<CertificateFault> fault_;
  std::optional<wire::SpiffeId> peer_;
  CertificatePath path_;  // the path that peer_ was proven by
  std::vector<Certificate> proven_again_;  // leaf first; empty: as in the handshake
};

}  // namespace rap::crypto
