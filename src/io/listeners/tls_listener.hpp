// Accepts TLS connections and hands over those whose peer is proven. What a stranger costs before
// that is bounded here (CH, scenario 14):
//
//   time     a handshake that is not done after `handshake_timeout` is reset
//   number   at most `max_handshakes` at once, and `max_handshakes_per_source` from one address
//            (IPv4: the address; IPv6: its /64; loopback like any other)
//   memory   at most kHandshakeBytes each, so max_handshakes * kHandshakeBytes in all; nothing of
//            the owner's exists yet, and nothing is logged
//
// When a bound is hit, the newcomer is let in and another handshake is reset, by the rule of
// policy/slot_table.hpp. So an honest peer, who answers within a round trip, gets in while
// thousands of connections are held half open. The owner has a SlotTable for what comes after the
// handshake.
//
// To wire one in: construct it with a callback that takes the open Stream, gives it a handler with
// set_handler() before it returns, and goes on as in that handler's on_open(), which is not called.
// Export counters() as they are: every accepted connection is in exactly one of completed, refused,
// failed, timed_out, evicted, evicted_by_source, or is half open.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/counter.hpp"
#include "crypto/x509/validation/certificate_path.hpp"
#include "io/loop/event_loop.hpp"
#include "io/stream/tls_stream.hpp"

namespace rap::io {

// The most a handshake holds in user space, measured by a test: OpenSSL's connection, a record each
// way, one handshake message of the size TlsContext allows, and our own objects. A connection that
// sent nothing yet has none of OpenSSL's.
inline constexpr std::size_t kHandshakeBytes = 96 * 1024;

struct TlsListenerOptions {
  std::shared_ptr<const crypto::TlsContext> tls;
  std::chrono::milliseconds handshake_timeout{5000};
  std::size_t max_handshakes = 1024;
  std::size_t max_handshakes_per_source = 256;  // an office behind one address reconnects at once
  // The process is out of descriptors and no handshake is under way: the owner ends something else.
  std::function<void()> make_room = nullptr;
  int backlog = 4096;  // connections the kernel may hold for us; it has a bound of its own
};

struct TlsListenerCounters {
  Counter accepted;  // connections taken from the kernel
  Counter completed;  // handed to the owner
  std::array<Counter, crypto::kCertificateFaults> refused;  // one for each CertificateFault
  Counter failed;  // broken off, or not TLS as we speak it
  Counter timed_out;
  Counter evicted;  // these made way, the listener being full
  Counter evicted_by_source;  // these made way for another of the same source
  Counter half_open;  // now
  Counter most_half_open;
  // Connections behind their handshake that ended for a flood; they may outlive the listener.
  std::shared_ptr<FloodCounters> floods = std::make_shared<FloodCounters>();
};

class TlsListener {
 public:
  using OnPeer = std::function<void(std::unique_ptr<Stream>)>;
  // A handshake that failed, timed out or was refused; not one that made way.
  using OnFailure = std::function<void(const StreamError&, const std::string& peer_ip)>;

  // host: an IP literal; port 0 lets the kernel choose. Throws std::system_error, whose message
  // names the address, when it cannot be bound.
  TlsListener(EventLoop& loop, const std::string& host, std::uint16_t port,
              TlsListenerOptions options, OnPeer on_peer, OnFailure on_failure = nullptr);
  ~TlsListener();  // resets what is half open; what was handed over stays
  TlsListener(const TlsListener&) = delete;
  TlsListener& operator=(const TlsListener&) = delete;

  std::uint16_t port() const;
  void set_tls(std::shared_ptr<const crypto::TlsContext> tls);  // connections from now on get it
  // Connections from now on have these limits; what is half open keeps its time.
  void set_limits(std::chrono::milliseconds handshake_timeout, std::size_t max_handshakes,
                  std::size_t max_handshakes_per_source);
  const TlsListenerCounters& counters() const;  // from any thread

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rap::io
