// A byte stream over TCP, with or without TLS: the pump below every protocol here.
//
// Reading: ciphertext and plaintext pass through scratch memory shared by all streams of a loop; a
// stream keeps only what its handler left unconsumed. Writing: the stream pulls from its Output
// when the socket can take more, so a scheduler behind it decides late what goes next; everything
// of one pull is one send(2). An idle stream holds no buffer.
//
// All calls on the loop's thread. A handler may destroy its stream from within any callback.
#pragma once

#include <array>
#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/counter.hpp"
#include "crypto/tls/idle_records.hpp"
#include "crypto/tls/tls.hpp"
#include "dialling/http_proxy.hpp"
#include "io/stream/event_loop.hpp"
#include "policy/ip_address.hpp"

namespace rap::io {

// TCP's keepalive, in seconds: what forgets idle connections on the way (NAT, load balancers) hears
// of each in time, and a peer that is gone is noticed within a minute.
inline constexpr int kKeepaliveIdle = 30;
inline constexpr int kKeepaliveInterval = 10;
inline constexpr int kKeepaliveProbes = 3;

inline constexpr std::size_t kStreamReadBatch = 128 * 1024;  // ciphertext bytes per recv(2)
// What a stream costs in one turn of the loop, in processor time. A stream whose bytes are dear
// (tiny records, tiny frames) is read in smaller batches, and the others have their turn after
// each.
inline constexpr std::chrono::microseconds kStreamTurn{1000};
inline constexpr std::size_t kFirstReadBatch = 16 * 1024;
inline constexpr std::size_t kLeastReadBatch = 2 * 1024;
inline constexpr std::size_t kStreamWriteBatch = 128 * 1024;  // ciphertext bytes per send(2)
inline constexpr std::size_t kStreamMaxUnconsumed = 64 * 1024;

struct StreamError {
  enum class Kind : std::uint8_t {
    none,  // orderly end: close_notify, or FIN on a plain stream
    unreachable,  // resolve or connect failed
    refused,  // nobody listens there
    denied,  // every address of the host is one that may not be dialled
    busy,  // too many names are looked up at once for who asks
    timeout,  // connecting or the handshake took too long
    tls,  // the handshake failed; detail and fault say why
    reset,  // the connection broke
    overflow,  // the handler left more than kStreamMaxUnconsumed, or the peer more than
               // max_unsent
    flood,  // the peer sent too many records that carry nothing
  };
  Kind kind = Kind::none;
  std::string detail;
  std::optional<crypto::CertificateFault> fault;
};
std::string_view to_string(StreamError::Kind kind);

class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  // Connected and, with TLS, the peer accepted.
  virtual void on_open() = 0;
  // The peer said something of the handshake, before that.
  virtual void on_progress() {}
  // Returns how many bytes it is done with; the rest comes again with more behind it. The memory
  // may be written to.
  virtual std::size_t on_data(MutableBytes data) = 0;
  // Called once, last. A plain stream that got FIN with half_close set calls on_end() first.
  virtual void on_close(const StreamError& error) = 0;
  // The peer will send no more (plain streams with half_close only); writing goes on.
  virtual void on_end() {}
};

// The source of a stream's outgoing bytes.
class Output {
 public:
  virtual ~Output() = default;
  virtual ByteView peek() = 0;  // some bytes to send next, or empty; valid until consume
  virtual void consume(std::size_t n) = 0;
};

// Streams that ended for a flood, by what it was of.
using FloodCounters = std::array<Counter, crypto::kIdleRecordNames.size()>;

struct StreamOptions {
  std::shared_ptr<const crypto::TlsContext> tls = nullptr;  // null: plain TCP
  // The time from the first attempt to connect; looking the name up has a limit of its own
  // (kLookupLimit).
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds handshake_timeout{10000};
  int notsent_lowat = 128 * 1024;  // TCP_NOTSENT_LOWAT in bytes; what the scheduler cannot recall
  bool half_close = false;
  // Bytes of write() that a peer may leave unread; 0: any number. Past it the connection is reset.
  std::size_t max_unsent = 0;
  // What ends for a flood is counted here; null: nowhere.
  std::shared_ptr<FloodCounters> floods = nullptr;
  // Who answers, of a connection that is made, for looking the name up (Resolver::look_up), and
  // whether an address that it has may be dialled; null: any may.
  std::string asker = {};
  std::function<bool(const policy::IpAddress& address, std::uint16_t port)> may_dial = nullptr;
  // A connection that is made goes through a tunnel of the proxy, which looks the name up. The
  // proxy has connect_timeout once more to make it.
  dialling::ProxyChoice proxy = std::nullopt;
};

class Stream {
 public:
  // The host is an IP literal or a name. All its addresses are tried, as RFC 8305 has it.
  static std::unique_ptr<Stream> connect(EventLoop& loop, const std::string& host,
                                         std::uint16_t port, StreamOptions options,
                                         StreamHandler& handler);
  // Takes over an accepted socket.
  static std::unique_ptr<Stream> accept(EventLoop& loop, int fd, StreamOptions options,
                                        StreamHandler& handler);
  ~Stream();  // closes without ceremony; no callback follows

  // The handler is called from now on; on_open() of an open stream is not called again.
  void set_handler(StreamHandler& handler);

  // Appends to a buffer of the stream's own, sent before anything from the Output.
  void write(ByteView data);
  // `output` outlives the stream. flush() tells that it has bytes; sending happens at the end of
  // the current turn of the loop, so that many flushes make one send.
  void set_output(Output* output);
  void flush();

  void pause_reading();
  void resume_reading();
  // Sends what is written, says goodbye, then on_close(none).
  void close_after_write();
  // Plain streams: FIN after what is written.
  void finish_writing();
  // Ends at once, without a callback: a reset, which the peer of a plain stream cannot take for an
  // orderly end, and after which the kernel keeps nothing for a peer that does not read.
  // Timeouts, overflows and floods end a stream in the same way.
  void abort();

  std::size_t unsent() const;  // bytes of write() and of ciphertext not yet taken by the kernel
  std::string peer_ip() const;
  const std::optional<wire::SpiffeId>& peer() const;
  std::optional<crypto::Certificate> peer_certificate() const;
  std::vector<crypto::Certificate> peer_chain() const;

  // The owner of an open stream of mutual TLS (AcceptMember) must ask this again whenever roots,
  // deny list or time have moved on: it verifies once more the chain that the peer proved itself
  // with. `deny` may be null. Any other stream has `no_certificate`.
  std::expected<wire::SpiffeId, crypto::CertificateFault> verify_again(
      const std::vector<crypto::Certificate>& roots, const crypto::DenyList* deny, WallTime now);
  // See TlsEngine. Nothing to send, or `no_certificate`, on any other stream.
  Bytes prove_again(const crypto::TlsIdentity& identity);
  std::expected<wire::SpiffeId, crypto::CertificateFault> accept_proof(
      ByteView payload, const std::vector<crypto::Certificate>& roots, const crypto::DenyList* deny,
      WallTime now);
  // Says, after `revoked`, how much of a hurry it is.
  std::optional<wire::Severity> denied_by(const crypto::DenyList& deny) const;
  // The time at which the peer's certificate ends; verify_again() then calls it expired.
  std::optional<WallTime> peer_not_after() const;

 private:
  struct Impl;
  explicit Stream(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace rap::io
