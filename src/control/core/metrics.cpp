#include "control/core/metrics.hpp"

#include <algorithm>

namespace rap::control {
namespace {

void gauge(MetricsText& out, std::string_view name, std::string_view help, std::string_view label,
           const std::vector<StateCount>& counts) {
  out.family(name, "gauge", help);
  for (const StateCount& c : counts) out.sample(c.count, metrics_label(label, c.state));
}

void write_cluster(MetricsText& out, const ClusterFigures& figures) {
  gauge(out, "nodes", "Nodes by state.", "state", figures.nodes);
  gauge(out, "sessions", "Sessions by state.", "state", figures.sessions);
  out.one("database_histories", "gauge",
          "Histories of the database; one more each time it was found to have gone back.",
          figures.histories);
  gauge(out, "node_notices", "Nodes that need somebody's attention, by why.", "code",
        figures.notices);
  out.family("node_clock_skew_seconds", "gauge",
             "How far the clock of a node is ahead of the control plane's.");
  for (const auto& [node, skew] : figures.clock_skews) {
    out.sample(std::to_string(skew.count()), metrics_label("node", node));
  }
  out.family("metrics_token_expires_timestamp_seconds", "gauge", "When a metrics token expires.");
  for (const auto& [name, expires_at] : figures.metrics_tokens) {
    out.sample(std::to_string(to_unix(expires_at)), metrics_label("name", name));
  }
}

}  // namespace

void Metrics::add_routes(std::string_view listener,
                         const std::vector<std::string_view>& operations) {
  const auto add = [&](std::string_view operation) {
    auto counted = std::make_unique<Counted>();
    counted->listener = listener;
    counted->operation = operation;
    routes_.push_back(std::move(counted));
  };
  for (std::string_view operation : operations) add(operation);
  add("");
}

void Metrics::count_request(std::string_view listener, std::string_view operation, int status) {
  const auto status_at = std::ranges::find(kStatuses.begin(), kStatuses.end() - 1, status);
  for (const auto& counted : routes_) {
    if (counted->listener != listener || counted->operation != operation) continue;
    counted->by_status[static_cast<std::size_t>(status_at - kStatuses.begin())].fetch_add(
        1, std::memory_order_relaxed);
    return;
  }
}

void Metrics::add_source(std::function<void(MetricsText&)> write) {
  sources_.push_back(std::move(write));
}

std::string Metrics::text(const std::optional<ClusterFigures>& figures) const {
  MetricsText out("rap_");
  out.family("control_requests_total", "counter", "Answered requests by route and status.");
  for (const auto& counted : routes_) {
    for (std::size_t i = 0; i < kStatuses.size(); ++i) {
      const std::uint64_t n = counted->by_status[i].load(std::memory_order_relaxed);
      if (n == 0) continue;
      const std::string status = kStatuses[i] == 0 ? "other" : std::to_string(kStatuses[i]);
      out.sample(n, metrics_label("listener", counted->listener) + "," +
                        metrics_label("route", counted->operation) + "," +
                        metrics_label("status", status));
    }
  }
  out.one("control_sign_in_failures_total", "counter", "Sign-ins that were refused.",
          sign_in_failures_.load(std::memory_order_relaxed));
  out.family("client_fallbacks_total", "counter", "Entries that clients passed over, by cause.");
  for (std::size_t i = 0; i < fallbacks_.size(); ++i) {
    out.sample(fallbacks_[i].load(std::memory_order_relaxed),
               metrics_label("cause", wire::kFallbackCauses[i]));
  }
  if (figures) write_cluster(out, *figures);
  MetricsText more(kSourcePrefix);
  for (const auto& write : sources_) write(more);
  return out.take() + more.take();
}

}  // namespace rap::control
