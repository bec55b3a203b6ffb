// The validation tests of S0 §19, by name, in simulation;
// tests/lab/test_channel_validation.py has them over real sockets.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/world.hpp"

namespace rap::sim {
namespace {

using channel::FailureReason;
using channel::State;

class Validation : public ::testing::Test {
 protected:
  // One relay, which two others dial.
  Validation() { world.run_for(20s); }

  Node& relay() { return world.node(0); }
  Node& dialler() { return world.node(1); }
  Truth::Member& member(Node& node) {
    return *std::ranges::find(world.truth().members(), node.id(), &Truth::Member::id);
  }
  std::uint64_t ended(const Node& node, FailureReason reason) const {
    return node.table().counters().ended_by_reason[static_cast<std::size_t>(reason)];
  }
  const channel::Lifecycle* channel_of(const Node& node, const Node& peer) const {
    for (const auto& c : node.table().channels()) {
      if (c->lifecycle.peer() == peer.id()) return &c->lifecycle;
    }
    return nullptr;
  }
  // The dialler loses its connections and dials again, as whoever it is now.
  void dial_again() {
    world.network().drop_all(dialler().id(), false);
    dialler().crash();
    dialler().restart();
    world.run_for(15s);
  }
  void expect_no_violation() {
    EXPECT_FALSE(world.invariants().violated()) << *world.invariants().violated();
  }

  World world{{.seed = 19, .relays = 1, .others = 2, .faults = false, .changes = false}};
};

TEST_F(Validation, ValidNodeToNodeMtlsSucceeds) {
  EXPECT_TRUE(world.connected(0, 1));
  EXPECT_TRUE(world.connected(0, 2));
  EXPECT_FALSE(world.connected(1, 2));
  EXPECT_TRUE(channel_of(dialler(), relay())->has_lane(wire::LaneKind::bulk));
  EXPECT_GT(world.invariants().payloads(), 0U);
}

TEST_F(Validation, WrongClusterCertificateIsRejected) {
  Certificate foreign = dialler().certificate();
  SeededRandom rng(1);
  foreign.cluster = ClusterId::random(rng);
  dialler().renew(foreign);
  dial_again();
  EXPECT_FALSE(world.connected(0, 1));
  EXPECT_GT(ended(relay(), FailureReason::wrong_cluster), 0U);
}

TEST_F(Validation, WrongNodeIdIsRejected) {
  Certificate other = relay().certificate();
  SeededRandom rng(1);
  other.node = NodeId::random(rng);
  relay().renew(other);
  dial_again();
  EXPECT_FALSE(world.connected(0, 1));
  EXPECT_GT(ended(dialler(), FailureReason::wrong_node), 0U) << "not the node it dialled";
}

TEST_F(Validation, ExpiredCertificateIsRejected) {
  Certificate old = dialler().certificate();
  old.not_after = world.schedule().now();
  world.isolate(1, true);  // nobody gives it another
  dialler().renew(old);
  dial_again();
  EXPECT_FALSE(world.connected(0, 1));
  EXPECT_GT(ended(relay(), FailureReason::certificate_invalid), 0U);
}

TEST_F(Validation, ACertificateThatIsNotRenewedEndsItsChannelAndARenewedOneDoesNot) {
  const auto first = channel_of(relay(), dialler())->id();
  world.run_for(kCertificateLifetime + 1min);
  ASSERT_TRUE(world.connected(0, 1));
  EXPECT_EQ(channel_of(relay(), dialler())->id(), first) << "renewed without an interruption";
  world.isolate(1, true);
  world.run_for(kCertificateLifetime);
  EXPECT_EQ(channel_of(relay(), dialler()), nullptr);
  expect_no_violation();
}

TEST_F(Validation, RevokedCertificateClosesActiveChannel) {
  world.truth().revoke_certificate(dialler().certificate(), false, wire::Severity::close);
  world.tell(relay());
  EXPECT_EQ(channel_of(relay(), dialler()), nullptr) << "within the step that told it";
  world.run_for(1min);
  EXPECT_FALSE(world.connected(0, 1));
  EXPECT_GT(ended(relay(), FailureReason::certificate_revoked), 0U);
  EXPECT_EQ(relay().table().counters().revocations,
            ended(relay(), FailureReason::certificate_revoked));
  expect_no_violation();
}

TEST_F(Validation, UnauthorizedChannelClassIsRejected) {
  member(dialler()).classes = {wire::TrafficClass::input};
  world.truth().changed();
  world.tell(relay());  // the dialler has not heard yet and goes on as before
  world.run_for(500ms);
  for (const auto& [lane, link] : relay().links()) {
    if (link.peer != dialler().id()) continue;
    EXPECT_FALSE(relay().table().may_carry(lane, wire::TrafficClass::vpn_packet));
  }
  expect_no_violation();
}

TEST_F(Validation, ChannelCannotCarryTrafficBeforeAuthorization) {
  dialler().set_hostile(true);  // speaks before it is asked
  // What it says is left to chance; a hello in another name has a reason of its own.
  for (int i = 0; i < 10 && ended(relay(), FailureReason::policy_denied) == 0; ++i) dial_again();
  EXPECT_GT(ended(relay(), FailureReason::policy_denied), 0U);
  expect_no_violation();
}

TEST_F(Validation, HeartbeatTimeoutTriggersFailure) {
  world.network().cut(relay().id(), dialler().id());
  world.run_for(channel::kControlCadence * 6);
  EXPECT_GT(ended(relay(), FailureReason::heartbeat_timeout), 0U);
  EXPECT_GT(ended(dialler(), FailureReason::heartbeat_timeout), 0U);
  EXPECT_GT(dialler().table().counters().failover_hints, 0U);
  world.network().heal();
  world.run_for(1min);
  EXPECT_TRUE(world.connected(0, 1));
}

TEST_F(Validation, DrainingStopsNewChannels) {
  member(relay()).draining = true;
  world.truth().changed();
  world.converge();
  EXPECT_FALSE(world.connected(0, 1));
  EXPECT_GT(world.invariants().drains(), 0U) << "and what was under way arrived";
  const auto dials = world.invariants().dials();
  world.run_for(5min);
  EXPECT_EQ(world.invariants().dials(), dials) << "quiet while it drains";
  expect_no_violation();
  member(relay()).draining = false;
  world.truth().changed();
  world.converge();
  world.run_for(channel::kBootstrapRetryFirst);
  EXPECT_TRUE(world.connected(0, 1)) << "and back when it does not";
}

TEST_F(Validation, TrustRotationRevalidatesChannels) {
  const auto before = relay().table().counters();
  world.truth().begin_rotation();
  world.converge();
  EXPECT_GT(relay().table().counters().revalidations, before.revalidations);
  EXPECT_TRUE(world.connected(0, 1));
  EXPECT_EQ(relay().table().counters().revalidation_failures, before.revalidation_failures)
      << "both roots are good";
  world.run_for(10s);  // everybody renews
  world.truth().end_rotation();
  world.converge();
  EXPECT_FALSE(world.invariants().violated());
  world.run_for(30s);
  EXPECT_TRUE(world.connected(0, 1)) << "under the new root alone";
  EXPECT_TRUE(world.connected(0, 2));
}

TEST_F(Validation, DegradedModeHonorsTtlAndForbiddenActions) {
  for (std::size_t i = 0; i < world.size(); ++i) world.isolate(i, true);
  world.run_for(5s);
  ASSERT_NE(channel_of(dialler(), relay()), nullptr);
  EXPECT_EQ(channel_of(dialler(), relay())->state(), State::degraded) << "and goes on";
  dial_again();
  ASSERT_NE(channel_of(dialler(), relay()), nullptr) << "a snapshot that lives founds channels";
  EXPECT_FALSE(channel_of(dialler(), relay())->classes().contains(wire::TrafficClass::vpn_packet))
      << "but none of high risk";
  world.run_for(kViewLifetime);
  EXPECT_EQ(channel_of(dialler(), relay()), nullptr) << "its time is over";
  const auto dials = world.invariants().dials();
  world.run_for(5min);
  EXPECT_EQ(world.invariants().dials(), dials);
  for (std::size_t i = 0; i < world.size(); ++i) world.isolate(i, false);
  world.run_for(kHealingBound);
  EXPECT_TRUE(world.connected(0, 1));
  expect_no_violation();
}

// One node loses the control plane; the platform goes on without it, and so do the others.
TEST_F(Validation, DegradedModeAuthorizesNothingThatIsForbiddenInIt) {
  using wire::TrafficClass;
  Node& late = world.node(2);
  member(late).removed = true;
  member(dialler()).classes = {TrafficClass::fabric_control, TrafficClass::input};
  world.truth().changed();
  world.converge();
  ASSERT_TRUE(world.connected(0, 1));
  ASSERT_EQ(channel_of(relay(), late), nullptr);
  world.isolate(0, true);

  // A node that is let in meanwhile, and more classes for one that is there.
  member(late).removed = false;
  member(dialler()).classes = wire::TrafficClassSet::all();
  world.truth().changed();
  world.tell(late);
  world.tell(dialler());
  world.run_for(30s);
  EXPECT_EQ(channel_of(relay(), late), nullptr) << "enrolment";
  EXPECT_GT(ended(relay(), FailureReason::policy_denied), 0U);
  const auto* there = channel_of(relay(), dialler());
  ASSERT_NE(there, nullptr);
  EXPECT_EQ(there->state(), State::degraded);
  EXPECT_EQ(there->classes(),
            (wire::TrafficClassSet{TrafficClass::fabric_control, TrafficClass::input}))
      << "roles";

  // Another cluster, then another root.
  const Certificate own = dialler().certificate();
  Certificate other = own;
  SeededRandom rng(1);
  other.cluster = ClusterId::random(rng);
  dialler().renew(other);
  dial_again();
  EXPECT_EQ(channel_of(relay(), dialler()), nullptr) << "cross-cluster trust";
  EXPECT_GT(ended(relay(), FailureReason::wrong_cluster), 0U);
  dialler().renew(own);
  dial_again();
  ASSERT_NE(channel_of(relay(), dialler()), nullptr);
  EXPECT_FALSE(channel_of(relay(), dialler())->classes().contains(TrafficClass::vpn_packet));
  world.truth().begin_rotation();
  world.tell(dialler());
  world.run_for(30s);  // it is given a certificate under the new root
  dial_again();
  EXPECT_EQ(channel_of(relay(), dialler()), nullptr) << "trust roots";
  EXPECT_GT(ended(relay(), FailureReason::certificate_invalid), 0U);

  // Whatever the others know, nothing has made the relay's own word count again.
  EXPECT_EQ(relay().table().context().authority, channel::ConfigAuthority::degraded);
  world.isolate(0, false);
  world.converge();
  world.run_for(kHealingBound);
  EXPECT_TRUE(world.connected(0, 1)) << "and all of it is let in by the control plane";
  EXPECT_TRUE(world.connected(0, 2));
  expect_no_violation();
}

}  // namespace
}  // namespace rap::sim
