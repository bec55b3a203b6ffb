// Who is whose neighbour in a cluster, and where a flow towards an egress may go next.
//
// Who dials whom:                    Which way a flow goes:
//   entry  ──► every relay             entry  → relays that neighbour the egress
//   egress ──► every relay             relay  → the egress
//   egress ──► every entry, while      entry  → the egress itself, while the cluster
//              there is no relay                has no relay
//
// Egress nodes are often behind NAT, so they always dial. A node that relays, whatever else it is,
// hands a flow to the egress and to nobody else: as configured, no path has more than one relay,
// and none a loop. What is learned may lead over more (docs/protocol/routes.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "policy/roles.hpp"

namespace rap::mesh {

// A node that more nodes than this dial is a bootstrap peer to them: they come back to it within
// seconds to minutes instead of at once (CH-9).
inline constexpr std::size_t kBootstrapThreshold = 200;

// A node, as far as it matters to the ways through the cluster.
struct RoutedNode {
  NodeId id;
  std::span<const policy::NodeRole> roles;  // none: it takes part in nothing

  bool has(policy::NodeRole role) const;
};

enum class Dialling : std::uint8_t { none, dial, accept };

// What `self` does about `other`. They have one channel: when both have a reason to dial, the one
// with the smaller id does. `with_relays`: the cluster has a relay.
Dialling dialling(const RoutedNode& self, const RoutedNode& other, bool with_relays);

inline bool are_neighbours(const RoutedNode& one, const RoutedNode& other, bool with_relays) {
  return dialling(one, other, with_relays) != Dialling::none;
}

// The nodes of a cluster that take part, by what they have in common.
enum class Group : std::uint8_t {
  entries,
  relays,
  egresses,
  edges,  // entries and egresses
};

// Where all neighbours of `self` are; whoever is in none of these need not be looked at.
std::vector<Group> groups_of_neighbours(const RoutedNode& self, bool with_relays);

// Says how many nodes are in a group.
using GroupSize = std::function<std::size_t(Group)>;

// Do so many nodes dial this one that they must not come all at once when it has been away?
bool is_dialled_by_many(const RoutedNode& node, bool with_relays, const GroupSize& size_of);

// Does a node need to know ways to egresses? What only ends flows hands none on.
bool hands_flows_on(const RoutedNode& self);

// Whom `self` may hand a flow towards `egress` to, preferred first: the egress itself, then relays
// in the order they are given in; at most `limit`.
std::vector<NodeId> next_hops(const RoutedNode& self, const RoutedNode& egress,
                              std::span<const RoutedNode> relays, std::size_t limit);

}  // namespace rap::mesh
