// What the listeners count, as metrics (OB-1).
#pragma once

#include "base/metrics_text.hpp"
#include "io/http/http_server.hpp"

namespace rap::control::server {

struct Listeners {
  const io::HttpServer& api;
  const io::HttpServer& node;
  const io::HttpServer& ocsp;
};

// May be called from any thread.
void write_executor_metrics(MetricsText& text, const Listeners& listeners);

}  // namespace rap::control::server
