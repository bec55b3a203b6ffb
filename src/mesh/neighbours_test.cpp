#include "mesh/neighbours.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/seeded_random.hpp"

namespace rap::mesh {
namespace {

using enum policy::NodeRole;
using Roles = std::vector<policy::NodeRole>;

constexpr std::size_t kAny = 256;

class Neighbours : public ::testing::Test {
 protected:
  SeededRandom rng{5};
  const Roles entry_roles{entry};
  const Roles relay_roles{relay};
  const Roles egress_roles{egress};
  const Roles relaying_entry{entry, relay};
  const Roles relaying_egress{relay, egress};

  RoutedNode node(const Roles& roles) { return {NodeId::random(rng), roles}; }
};

TEST_F(Neighbours, AtTheEdgeDialEveryRelayAndNobodyElse) {
  const RoutedNode e = node(entry_roles);
  const RoutedNode r = node(relay_roles);
  const RoutedNode x = node(egress_roles);
  EXPECT_EQ(dialling(e, r, true), Dialling::dial);
  EXPECT_EQ(dialling(r, e, true), Dialling::accept);
  EXPECT_EQ(dialling(x, r, true), Dialling::dial);
  EXPECT_EQ(dialling(r, x, true), Dialling::accept);
  EXPECT_FALSE(are_neighbours(e, x, true));
  EXPECT_FALSE(are_neighbours(r, node(relay_roles), true));
}

TEST_F(Neighbours, AnEgressDialsEntriesWhileThereIsNoRelay) {
  const RoutedNode e = node(entry_roles);
  const RoutedNode x = node(egress_roles);
  EXPECT_EQ(dialling(x, e, false), Dialling::dial);
  EXPECT_EQ(dialling(e, x, false), Dialling::accept);
  EXPECT_FALSE(are_neighbours(e, node(entry_roles), false));
}

TEST_F(Neighbours, HaveOneChannelEvenIfBothHaveAReasonToDial) {
  const RoutedNode one = node(relaying_entry);
  const RoutedNode other = node(relaying_egress);
  ASSERT_TRUE(are_neighbours(one, other, true));
  EXPECT_EQ(dialling(one, other, true), one.id < other.id ? Dialling::dial : Dialling::accept);
  EXPECT_NE(dialling(one, other, true), dialling(other, one, true));
}

// Whatever roles two nodes have: who is a neighbour is in a group that is looked at.
TEST_F(Neighbours, AreAllInTheGroupsThatAreLookedAt) {
  const std::vector<Roles> kinds = {{},
                                    {entry},
                                    {relay},
                                    {egress},
                                    {entry, relay},
                                    {entry, egress},
                                    {relay, egress},
                                    {entry, relay, egress}};
  const auto is_in = [](const RoutedNode& n, Group group) {
    switch (group) {
      case Group::entries: return n.has(entry);
      case Group::relays: return n.has(relay);
      case Group::egresses: return n.has(egress);
      case Group::edges: return n.has(entry) || n.has(egress);
    }
    return false;
  };
  for (const bool with_relays : {false, true}) {
    for (const Roles& mine : kinds) {
      for (const Roles& theirs : kinds) {
        const RoutedNode self = node(mine);
        const RoutedNode other = node(theirs);
        if (!with_relays && (self.has(relay) || other.has(relay))) continue;
        if (!are_neighbours(self, other, with_relays)) continue;
        EXPECT_TRUE(std::ranges::any_of(groups_of_neighbours(self, with_relays),
                                        [&](Group group) { return is_in(other, group); }));
      }
    }
  }
}

TEST_F(Neighbours, BeyondTheThresholdComeBackOneAfterTheOther) {
  std::size_t dialling = kBootstrapThreshold;
  const auto edges = [&](Group group) { return group == Group::edges ? dialling : 0; };
  const auto egresses = [&](Group group) { return group == Group::egresses ? dialling : 0; };
  EXPECT_FALSE(is_dialled_by_many(node(relay_roles), true, edges));
  EXPECT_FALSE(is_dialled_by_many(node(entry_roles), false, egresses));
  ++dialling;
  EXPECT_TRUE(is_dialled_by_many(node(relay_roles), true, edges));
  EXPECT_TRUE(is_dialled_by_many(node(entry_roles), false, egresses));
  EXPECT_FALSE(is_dialled_by_many(node(entry_roles), true, edges)) << "nobody dials it";
  EXPECT_FALSE(is_dialled_by_many(node(egress_roles), false, egresses)) << "nobody dials it";
}

TEST_F(Neighbours, OfAnEgressAreHandedNothing) {
  const RoutedNode relays[] = {node(relay_roles)};
  EXPECT_TRUE(next_hops(node(egress_roles), node(egress_roles), relays, kAny).empty());
  EXPECT_FALSE(hands_flows_on(node(egress_roles)));
  EXPECT_TRUE(hands_flows_on(node(relaying_egress)));
}

TEST_F(Neighbours, AreNeitherOneselfNorWhoTakesPartInNothing) {
  const RoutedNode r = node(relaying_entry);
  EXPECT_FALSE(are_neighbours(r, r, true));
  EXPECT_FALSE(are_neighbours(node(entry_roles), {NodeId::random(rng), {}}, true));
}

TEST_F(Neighbours, TakeAFlowOnToTheEgressItselfBeforeAnyRelay) {
  const RoutedNode e = node(entry_roles);
  const RoutedNode x = node(relaying_egress);
  const std::vector<RoutedNode> relays = {node(relay_roles), x, node(relay_roles)};
  EXPECT_EQ(next_hops(e, x, relays, kAny), (std::vector{x.id, relays[0].id, relays[2].id}));
  EXPECT_EQ(next_hops(e, x, relays, 2), (std::vector{x.id, relays[0].id}));
}

TEST_F(Neighbours, OfARelayTakeAFlowNowhereButToTheEgress) {
  const RoutedNode r = node(relay_roles);
  const RoutedNode x = node(egress_roles);
  const std::vector<RoutedNode> relays = {r, node(relay_roles)};
  EXPECT_EQ(next_hops(r, x, relays, kAny), std::vector{x.id});
  const RoutedNode other_cluster = node(entry_roles);
  EXPECT_TRUE(next_hops(r, other_cluster, {}, kAny).empty());
}

TEST_F(Neighbours, LeadFromAnEntryToAnEgressDirectlyWithoutRelays) {
  const RoutedNode e = node(entry_roles);
  const RoutedNode x = node(egress_roles);
  EXPECT_EQ(next_hops(e, x, {}, kAny), std::vector{x.id});
  const std::vector<RoutedNode> relays = {node(relay_roles)};
  EXPECT_EQ(next_hops(e, x, relays, kAny), std::vector{relays[0].id});
}

}  // namespace
}  // namespace rap::mesh
