// What an HTTP server is told when it is made: its address, its bounds and its threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/tls/tls.hpp"
#include "wire/http/http_message.hpp"

namespace rap::io {

// The bytes of requests that are not whole yet, and of answers that were not taken yet.
inline constexpr std::size_t kMaxHeldBytes = std::size_t{32} * 1024 * 1024;

// The threads of one kind of requests, so that it waits for no other kind.
struct HttpExecutor {
  std::string name = "requests";  // the log calls it so
  unsigned threads = 4;
  std::size_t max_queued = 256;
  std::size_t max_queued_bytes = std::size_t{64} * 1024 * 1024;  // waiting bodies hold as much
  // Above 1: those that wait are handled together, up to so many, by HttpServerOptions::together.
  std::size_t max_together = 1;
  // The first of them waits so long for others, unless there are as many already.
  std::chrono::milliseconds gather{0};
};

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: the kernel chooses; see port()
  std::shared_ptr<const crypto::TlsContext> tls = nullptr;  // null: plain HTTP
  std::size_t max_connections = 4096;  // shared by shared_fairly()
  std::size_t max_connections_per_peer = 0;  // not 0: the share of a node, by its certificate
  std::size_t max_held_bytes = kMaxHeldBytes;  // shared in the same way
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_body_bytes = 64 * 1024;
  std::chrono::milliseconds handshake_timeout{5'000};
  std::size_t max_handshakes = 1024;  // see tls_listener.hpp
  std::size_t max_handshakes_per_source = 256;
  std::chrono::milliseconds head_timeout{10'000};  // until the first request's head is whole,
                                                   // and from each head's first byte to its last
  std::chrono::milliseconds request_timeout{
      30'000};  // the time from the first byte of a request to its last
  std::chrono::milliseconds idle_timeout{120'000};
  std::chrono::milliseconds pressed_idle{5'000};  // of strangers, while slots are short
  std::chrono::milliseconds ping_interval{15'000};  // event streams are pinged so often
  std::vector<HttpExecutor> executors = {{}};  // there is at least one
  // Says which of them runs a request; null: the first does. It is called on the loop's thread.
  std::function<std::size_t(const wire::HttpRequest&)> executor_of = nullptr;
  // Asked first, on the loop's thread: the answer to what needs no waiting. nullopt: an executor
  // finds it. It must not throw.
  std::function<std::optional<wire::HttpResponse>(const wire::HttpRequest&)> at_once = nullptr;
  // The handler of executors that take several at once: an answer for each, in their order.
  std::function<std::vector<wire::HttpResponse>(std::span<const wire::HttpRequest>)> together =
      nullptr;
};

}  // namespace rap::io
