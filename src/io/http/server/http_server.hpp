// An HTTPS/1.1 listener: connections on the loop, handlers on threads, of which each kind of
// request can have its own.
//
// Bounds (each answered or cut before any handler runs): handshakes, connections and the bytes that
// they hold of unfinished requests and answers (all by the rule of policy/slot_table.hpp: when they
// are short, the longest silent stranger of the greediest source makes way), the time for a
// handshake, a head, a request and between requests, header bytes (431), body bytes (413), requests
// waiting for a thread (503 + Retry-After).
//
// A source is an address (IPv6: its /64) or, on a listener for nodes, the node. A connection is
// proven from the first answer on that names a principal (wire::HttpResponse::principal), and then
// makes way for no stranger.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log/log.hpp"
#include "crypto/tls/tls.hpp"
#include "io/http/server/event_streams.hpp"
#include "io/http/server/http_server_options.hpp"
#include "io/loop/event_loop.hpp"
#include "policy/slot_table.hpp"
#include "wire/http/http_message.hpp"

namespace rap::io {

struct TlsListenerCounters;  // io/listeners/tls_listener.hpp

class HttpServer {
 public:
  // A handler is called on threads, several at a time, and must not throw.
  using Handler = std::function<wire::HttpResponse(const wire::HttpRequest&)>;

  // Throws std::system_error when the address cannot be bound.
  HttpServer(EventLoop& loop, HttpServerOptions options, Handler handler, Log& log);
  ~HttpServer();  // destroyed on the loop's thread, or after it stopped

  std::uint16_t port() const;
  void set_tls(std::shared_ptr<const crypto::TlsContext> tls);  // new connections get it
  void close_listener();
  // Event streams: those that a handler opened with HttpResponse::event_stream.
  std::shared_ptr<EventSender> events() const;

  // What is counted, from any thread.
  const TlsListenerCounters& handshakes() const;  // they may be asked until close_listener()
  const policy::SlotCounters& connections() const;
  const policy::SlotCounters& held_bytes() const;
  const EventStreamCounters& event_counters() const;
  struct ExecutorCounters {
    std::string name;
    std::size_t waiting = 0;  // requests, now
    std::uint64_t refused = 0;  // these were answered 503, too many being there already
  };
  std::vector<ExecutorCounters> executors() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rap::io
