#include "io/http/server/metrics_endpoint.hpp"

namespace rap::io {

MetricsEndpoint::MetricsEndpoint(EventLoop& loop, const std::string& host, std::uint16_t port,
                                 Log& log)
    : server_(
          loop, {.host = host, .port = port, .max_connections = 16, .executors = {{.threads = 1}}},
          [this](const wire::HttpRequest& request) { return answer(request); }, log) {}

void MetricsEndpoint::publish(std::string text) {
  const std::lock_guard lock(mutex_);
  text_ = std::move(text);
}

wire::HttpResponse MetricsEndpoint::answer(const wire::HttpRequest& request) {
  wire::HttpResponse response;
  if (request.path != "/metrics") {
    response.status = 404;
    return response;
  }
  response.status = 200;
  response.content_type = "text/plain; version=0.0.4";
  const std::lock_guard lock(mutex_);
  response.body = text_;
  return response;
}

}  // namespace rap::io
