// The high-risk events that nodes tell of, into the audit log (SE-2): each once, however often it
// is said, and of no node more than its rate. What is not taken yet stays at the node, which counts
// on, so that a node that lies fills nothing and one that is besieged loses nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/link/node_route.hpp"
#include "wire/agent/security_events.hpp"

namespace rap::control {

// One node may have so many at once, and then one in kSecurityEventEvery. One is at most two
// entries.
inline constexpr int kMaxSecurityEventBurst = 64;
inline constexpr std::chrono::seconds kSecurityEventEvery{20};
// After kMaxSecurityEventsADay, a day has one in kSecurityEventEveryThen left.
inline constexpr int kMaxSecurityEventsADay = 512;
inline constexpr std::chrono::seconds kSecurityEventEveryThen = std::chrono::minutes{15};
// What was taken is known of so many runs of rap-fabric: one that is late is told apart.
inline constexpr std::size_t kMaxAuditedRuns = 4;

// What was taken of one node.
struct AuditedEvents {
  std::vector<wire::SecurityEventsTaken> runs;  // the latest is last
  WallTime full_at{};  // then as many as at once may come again
  WallTime day_began{};
  int today = 0;  // so many since then

  bool operator==(const AuditedEvents&) const = default;
};
std::string to_json(const AuditedEvents& audited);
AuditedEvents audited_events_from(std::string_view json);  // empty when it makes no sense

// What is new of what a node said, and within its rate.
struct FreshEvents {
  std::vector<wire::SecurityEvent> known;  // in their order
  std::vector<wire::SecurityEvent> unknown;  // of kinds of a newer release: counted, not audited

  bool empty() const { return known.empty() && unknown.empty(); }
};
// `audited` has them then.
FreshEvents take_security_events(AuditedEvents& audited, const wire::SecurityEvents& said,
                                 WallTime now);

// What the check-in of an admitted node brought, after it was recorded. nullopt: nothing that could
// be taken.
std::optional<wire::SecurityEventsTaken> audit_security_events(const NodeCallPorts& ports,
                                                               const NodeCall& call);

}  // namespace rap::control
