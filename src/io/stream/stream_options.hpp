// What a stream is told when it is made, and the bounds that all streams have.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/counter.hpp"
#include "crypto/tls/idle_records.hpp"
#include "crypto/tls/tls.hpp"
#include "dialling/http_proxy.hpp"
#include "policy/addresses/ip_address.hpp"

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

}  // namespace rap::io
