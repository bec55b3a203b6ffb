#include "node/agent/link/pulls/security_reports.hpp"

#include <algorithm>

namespace rap::agent {

LinkActions SecurityReports::said(wire::SecurityEvents events) {
  if (events.events.empty()) return {};
  const auto known = std::ranges::find(runs_, events.run, &wire::SecurityEvents::run);
  if (known != runs_.end()) {
    *known = std::move(events);
    return {};
  }
  runs_.push_back(std::move(events));
  if (runs_.size() <= kMaxSecurityRuns) return {};
  const std::size_t lost = runs_.front().events.size();
  runs_.erase(runs_.begin());
  return {Say{LogLevel::error, "security_events.lost",
              "rap-fabric ended several times before the control plane took what it had to tell: " +
                  std::to_string(lost) + " high-risk events are in its log alone."}};
}

void SecurityReports::taken(const wire::SecurityEventsTaken& taken) {
  for (wire::SecurityEvents& run : runs_) {
    if (run.run != taken.run) continue;
    std::erase_if(run.events, [&](const auto& event) { return event.seq <= taken.seq; });
  }
  std::erase_if(runs_, [](const auto& run) { return run.events.empty(); });
}

}  // namespace rap::agent
