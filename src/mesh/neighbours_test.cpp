#include "mesh/neighbours.hpp"

#include <gtest/gtest.h>

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

  Member node(const Roles& roles) { return {NodeId::random(rng), roles}; }
};

TEST_F(Neighbours, AtTheEdgeDialEveryRelayAndNobodyElse) {
  const Member e = node(entry_roles);
  const Member r = node(relay_roles);
  const Member x = node(egress_roles);
  EXPECT_EQ(dialling(e, r, true), Dialling::dial);
  EXPECT_EQ(dialling(r, e, true), Dialling::accept);
  EXPECT_EQ(dialling(x, r, true), Dialling::dial);
  EXPECT_EQ(dialling(r, x, true), Dialling::accept);
  EXPECT_FALSE(are_neighbours(e, x, true));
  EXPECT_FALSE(are_neighbours(r, node(relay_roles), true));
}

TEST_F(Neighbours, AnEgressDialsEntriesWhileThereIsNoRelay) {
  const Member e = node(entry_roles);
  const Member x = node(egress_roles);
  EXPECT_EQ(dialling(x, e, false), Dialling::dial);
  EXPECT_EQ(dialling(e, x, false), Dialling::accept);
  EXPECT_FALSE(are_neighbours(e, node(entry_roles), false));
}

TEST_F(Neighbours, HaveOneChannelEvenIfBothHaveAReasonToDial) {
  const Member one = node(relaying_entry);
  const Member other = node(relaying_egress);
  ASSERT_TRUE(are_neighbours(one, other, true));
  EXPECT_EQ(dialling(one, other, true), one.id < other.id ? Dialling::dial : Dialling::accept);
  EXPECT_NE(dialling(one, other, true), dialling(other, one, true));
}

TEST_F(Neighbours, AreNeitherOneselfNorWhoTakesPartInNothing) {
  const Member r = node(relaying_entry);
  EXPECT_FALSE(are_neighbours(r, r, true));
  EXPECT_FALSE(are_neighbours(node(entry_roles), {NodeId::random(rng), {}}, true));
}

TEST_F(Neighbours, TakeAFlowOnToTheEgressItselfBeforeAnyRelay) {
  const Member e = node(entry_roles);
  const Member x = node(relaying_egress);
  const std::vector<Member> relays = {node(relay_roles), x, node(relay_roles)};
  EXPECT_EQ(next_hops(e, x, relays, kAny), (std::vector{x.id, relays[0].id, relays[2].id}));
  EXPECT_EQ(next_hops(e, x, relays, 2), (std::vector{x.id, relays[0].id}));
}

TEST_F(Neighbours, OfARelayTakeAFlowNowhereButToTheEgress) {
  const Member r = node(relay_roles);
  const Member x = node(egress_roles);
  const std::vector<Member> relays = {r, node(relay_roles)};
  EXPECT_EQ(next_hops(r, x, relays, kAny), std::vector{x.id});
  const Member other_cluster = node(entry_roles);
  EXPECT_TRUE(next_hops(r, other_cluster, {}, kAny).empty());
}

TEST_F(Neighbours, LeadFromAnEntryToAnEgressDirectlyWithoutRelays) {
  const Member e = node(entry_roles);
  const Member x = node(egress_roles);
  EXPECT_EQ(next_hops(e, x, {}, kAny), std::vector{x.id});
  const std::vector<Member> relays = {node(relay_roles)};
  EXPECT_EQ(next_hops(e, x, relays, kAny), std::vector{relays[0].id});
}

}  // namespace
}  // namespace rap::mesh
