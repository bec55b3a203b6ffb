#include "control/metrics.hpp"

#include <algorithm>

namespace rap::control {
namespace {

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out += "# HELP " + std::string(name) + " " + std::string(help) + "\n# TYPE " + std::string(name) +
         " " + std::string(type) + "\n";
}

void gauge(std::string& out, std::string_view name, std::string_view help,
           const std::vector<StateCount>& counts) {
  head(out, name, "gauge", help);
  for (const StateCount& c : counts) {
    out += std::string(name) + "{state=\"" + c.state + "\"} " + std::to_string(c.count) + "\n";
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

std::string Metrics::text(const std::vector<StateCount>& nodes,
                          const std::vector<StateCount>& sessions) const {
  std::string out;
  head(out, "rap_control_requests_total", "counter", "Answered requests by route and status.");
  for (const auto& counted : routes_) {
    for (std::size_t i = 0; i < kStatuses.size(); ++i) {
      const std::uint64_t n = counted->by_status[i].load(std::memory_order_relaxed);
      if (n == 0) continue;
      const std::string status = kStatuses[i] == 0 ? "other" : std::to_string(kStatuses[i]);
      out += "rap_control_requests_total{listener=\"" + counted->listener + "\",route=\"" +
             counted->operation + "\",status=\"" + status + "\"} " + std::to_string(n) + "\n";
    }
  }
  head(out, "rap_control_sign_in_failures_total", "counter", "Sign-ins that were refused.");
  out += "rap_control_sign_in_failures_total " +
         std::to_string(sign_in_failures_.load(std::memory_order_relaxed)) + "\n";
  head(out, "rap_client_fallbacks_total", "counter", "Entries that clients passed over, by cause.");
  for (std::size_t i = 0; i < fallbacks_.size(); ++i) {
    out += "rap_client_fallbacks_total{cause=\"" + std::string(wire::kFallbackCauses[i]) + "\"} " +
           std::to_string(fallbacks_[i].load(std::memory_order_relaxed)) + "\n";
  }
  gauge(out, "rap_nodes", "Nodes by state.", nodes);
  gauge(out, "rap_sessions", "Sessions by state.", sessions);
  return out;
}

}  // namespace rap::control
