// Serves a program's metrics to whoever asks for /metrics (OB-1), without TLS or sign-in: meant for
// loopback or a management network.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "base/log/log.hpp"
#include "io/http/server/http_server.hpp"
#include "io/loop/event_loop.hpp"

namespace rap::io {

class MetricsEndpoint {
 public:
  // Throws std::system_error when the address cannot be bound.
  MetricsEndpoint(EventLoop& loop, const std::string& host, std::uint16_t port, Log& log);

  // It answers with this from now on.
  void publish(std::string text);
  std::uint16_t port() const { return server_.port(); }

 private:
  wire::HttpResponse answer(const wire::HttpRequest& request);

  std::mutex mutex_;
  std::string text_;
  HttpServer server_;
};

}  // namespace rap::io
