// What the listeners count, as metrics (OB-1).
#pragma once

#include "base/metrics_text.hpp"
#include "control/core/database_standing.hpp"
#include "control/pki/status/kept_ocsp_answers.hpp"
#include "io/http/server/http_server.hpp"

namespace rap::control::server {

struct Listeners {
  const io::HttpServer& api;
  const io::HttpServer& node;
  const io::HttpServer& ocsp;
};

// May be called from any thread.
void write_executor_metrics(MetricsText& text, const Listeners& listeners);
void write_database_metrics(MetricsText& text, std::uint64_t changes_refused,
                            const control::StandingFigures& standing);
// How many keys of roots lie in the state directory.
void write_root_key_metric(MetricsText& text, std::size_t keys);
void write_last_backup_metric(MetricsText& text, std::uint64_t at);
void write_kept_ocsp_metrics(MetricsText& text, const control::KeptOcspFigures& figures);

}  // namespace rap::control::server
