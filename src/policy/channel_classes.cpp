#include "policy/channel_classes.hpp"

#include <algorithm>

namespace rap::policy {
namespace {

using enum wire::TrafficClass;

constexpr wire::TrafficClassSet kAlways = {fabric_control, route_control, health};
constexpr wire::TrafficClassSet kBetweenRoles = {telemetry, storage_fetch, update_fetch};

bool has(const std::vector<NodeRole>& roles, NodeRole role) {
  return std::ranges::find(roles, role) != roles.end();
}

// Can a flow go from `from` on to `to`? Never from relay to relay: no path has more than one.
bool leads_on(const std::vector<NodeRole>& from, const std::vector<NodeRole>& to) {
  if (has(from, NodeRole::entry)) return has(to, NodeRole::relay) || has(to, NodeRole::egress);
  return has(from, NodeRole::relay) && has(to, NodeRole::egress);
}

}  // namespace

wire::TrafficClassSet classes_between(const std::vector<NodeRole>& one,
                                      const std::vector<NodeRole>& other) {
  wire::TrafficClassSet classes = kAlways;
  if (!one.empty() && !other.empty()) classes = classes.join(kBetweenRoles);
  if (leads_on(one, other) || leads_on(other, one)) classes = classes.join(kFlowClasses);
  return classes;
}

}  // namespace rap::policy
