#include "mesh/neighbours.hpp"

#include <algorithm>

namespace rap::mesh {

using policy::NodeRole;

namespace {

bool has_reason_to_dial(const RoutedNode& from, const RoutedNode& to, bool with_relays) {
  if (!with_relays) return from.has(NodeRole::egress) && to.has(NodeRole::entry);
  return to.has(NodeRole::relay) && (from.has(NodeRole::entry) || from.has(NodeRole::egress));
}

}  // namespace

bool RoutedNode::has(NodeRole role) const { return std::ranges::find(roles, role) != roles.end(); }

Dialling dialling(const RoutedNode& self, const RoutedNode& other, bool with_relays) {
  if (self.id == other.id) return Dialling::none;
  const bool dials = has_reason_to_dial(self, other, with_relays);
  const bool accepts = has_reason_to_dial(other, self, with_relays);
  if (dials && accepts) return self.id < other.id ? Dialling::dial : Dialling::accept;
  return dials ? Dialling::dial : accepts ? Dialling::accept : Dialling::none;
}

std::vector<Group> groups_of_neighbours(const RoutedNode& self, bool with_relays) {
  std::vector<Group> groups;
  if (with_relays) {
    if (self.has(NodeRole::entry) || self.has(NodeRole::egress)) groups.push_back(Group::relays);
    if (self.has(NodeRole::relay)) groups.push_back(Group::edges);
  } else {
    if (self.has(NodeRole::egress)) groups.push_back(Group::entries);
    if (self.has(NodeRole::entry)) groups.push_back(Group::egresses);
  }
  return groups;
}

bool is_dialled_by_many(const RoutedNode& node, bool with_relays, const GroupSize& size_of) {
  const bool is_dialled = node.has(with_relays ? NodeRole::relay : NodeRole::entry);
  return is_dialled && size_of(with_relays ? Group::edges : Group::egresses) > kBootstrapThreshold;
}

bool hands_flows_on(const RoutedNode& self) {
  return self.has(NodeRole::entry) || self.has(NodeRole::relay);
}

std::vector<NodeId> next_hops(const RoutedNode& self, const RoutedNode& egress,
                              std::span<const RoutedNode> relays, std::size_t limit) {
  const bool with_relays = !relays.empty();
  std::vector<NodeId> hops;
  if (!hands_flows_on(self)) return hops;
  if (are_neighbours(self, egress, with_relays)) hops.push_back(egress.id);
  if (self.has(NodeRole::relay)) return hops;
  for (const RoutedNode& relay : relays) {
    if (hops.size() >= limit) break;
    if (relay.id == egress.id) continue;
    if (!are_neighbours(self, relay, with_relays)) continue;
    if (!are_neighbours(relay, egress, with_relays)) continue;
    hops.push_back(relay.id);
  }
  return hops;
}

}  // namespace rap::mesh
