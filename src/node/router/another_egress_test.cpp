// A pool with several egresses, of which some do not get to the target.
#include "node/router/another_egress.hpp"

#include <optional>

#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

class AnotherEgress : public RouterTest {
 protected:
  static constexpr std::size_t kEgresses = 4;  // one more than are asked for one flow

  struct Member {
    NodeId id;
    crypto::X25519KeyPair key;
    std::unique_ptr<WorldNode> node;
    std::optional<TargetFailure> fails;  // how its targets do
    bool silent = false;  // its targets never answer
    int opened = 0;
  };

  void SetUp() override {
    RouterTest::SetUp();
    auto& pool = entry.config.pools.front();
    pool.members.clear();
    entry.config.routes.clear();
    relay.config.routes.clear();
    for (Member& m : members) {
      m.id = NodeId::random(rng);
      m.key = crypto::X25519KeyPair::generate(rng);
      m.node = std::make_unique<WorldNode>(rng, kWall - 100s);
      m.node->config = egress.config;
      m.node->config.node = m.id;
      m.node->router.set_seal_key(m.key);
      m.node->router.configure(m.node->config);
      connect(*m.node, m.id, relay, relay_id);
      pool.members.push_back({m.id, m.key.public_key});
      entry.config.routes.push_back({m.id, {relay_id}});
      relay.config.routes.push_back({m.id, {m.id}});
    }
    entry.router.configure(entry.config);
    relay.router.configure(relay.config);
  }

  // A pool of so many.
  void members_are(std::size_t n) {
    entry.config.pools.front().members.resize(n);
    entry.router.configure(entry.config);
  }
  // A session whose first choice is this member.
  crypto::DataPlaneToken token_for(std::size_t member) {
    auto t = token();
    while (std::hash<SessionId>{}(t.session) % entry.config.pools.front().members.size() !=
           member) {
      t.session = SessionId::random(rng);
    }
    return t;
  }
  void ask(std::uint32_t label, const crypto::DataPlaneToken& t) {
    Bytes frame = frame_of(FrameType::flow_request, label, as_bytes(sign(t)));
    ASSERT_TRUE(entry.router.on_frame(client, **wire::next_frame(frame), now, wall));
    serve();
  }
  void serve() {
    for (bool more = true; more;) {
      settle(false);
      more = false;
      for (Member& m : members) {
        auto& targets = m.node->targets;
        while (!m.silent && !targets.opening.empty()) {
          const TargetId id = targets.opening.front();
          ++m.opened;
          more = true;
          m.fails ? targets.fail(id, *m.fails) : targets.accept(id);
        }
      }
    }
  }
  void pass(Duration time) {
    now += time;
    entry.router.tick(now, wall);
    serve();
  }
  void later(std::chrono::seconds time) {
    now += time;
    wall += time;
  }
  bool accepted(std::uint32_t label) const {
    return !at_client.empty() && at_client.back().header.type == FrameType::flow_accept &&
           at_client.back().header.label == label;
  }
  FlowReason reason() const { return *wire::decode_reason(at_client.back().payload); }
  int opened() const {
    int sum = 0;
    for (const Member& m : members) sum += m.opened;
    return sum;
  }
  std::uint64_t retries(FlowReason reason) {
    return entry.router.entry().retries()[static_cast<std::size_t>(reason)];
  }
  std::uint64_t refusals(FlowReason reason) {
    return entry.router.board().refusals()[static_cast<std::size_t>(reason)];
  }

  std::array<Member, kEgresses> members;
};

TEST_F(AnotherEgress, IsAskedWhenTheFirstDoesNotReachTheTarget) {
  members_are(2);
  std::uint32_t label = 1;
  for (const auto& [failure, reason] :
       {std::pair(TargetFailure::unreachable, FlowReason::target_unreachable),
        std::pair(TargetFailure::timeout, FlowReason::target_timeout),
        std::pair(TargetFailure::refused, FlowReason::target_refused),
        std::pair(TargetFailure::lookup_limit, FlowReason::lookup_limit)}) {
    for (const std::size_t ill : {0U, 1U}) {
      members[ill].fails = failure;
      members[1 - ill].fails.reset();
      ask(label, token_for(ill));
      EXPECT_TRUE(accepted(label)) << wire::to_string(reason) << " of member " << ill;
      label += 2;
      later(kUnreachedMemory);
    }
    EXPECT_EQ(retries(reason), 2U);
    EXPECT_EQ(refusals(reason), 0U) << "nobody was refused";
  }
}

TEST_F(AnotherEgress, CarriesTheFlowUnderAHandshakeOfItsOwn) {
  members_are(2);
  members[0].fails = TargetFailure::unreachable;
  ask(1, token_for(0));
  ASSERT_TRUE(accepted(1));
  data(1, "hello target");
  auto& targets = members[1].node->targets;
  EXPECT_EQ(targets.all.begin()->second->received, "hello target");
  members[1].node->router.egress().target_data(targets.all.begin()->first, as_bytes("hello"));
  settle(false);
  EXPECT_EQ(as_text(at_client.back().payload), "hello");
  client_sends(FrameType::reset, 1, Bytes{1});
  settle(false);
  expect_no_flow_anywhere();
  for (Member& m : members) EXPECT_EQ(m.node->router.egress().flows().size(), 0U);
}

TEST_F(AnotherEgress, IsAskedFirstWhileTheOtherIsKnownNotToReachTheTarget) {
  members_are(2);
  members[0].fails = TargetFailure::unreachable;
  for (std::uint32_t label = 1; label < 41; label += 2) {
    ask(label, token_for(0));
    EXPECT_TRUE(accepted(label));
  }
  EXPECT_EQ(members[0].opened, 1);
  members[0].fails.reset();
  later(kUnreachedMemory);
  ask(41, token_for(0));
  ask(43, token_for(0));
  EXPECT_EQ(members[0].opened, 3) << "it reaches the target again, and gets its sessions again";
  EXPECT_EQ(entry.router.entry().unreached().size(), 0U);
}

TEST_F(AnotherEgress, WhenNoneReachesTheTargetTheMostTellingReasonIsSaid) {
  members_are(3);
  members[0].fails = TargetFailure::timeout;
  members[1].fails = TargetFailure::refused;
  members[2].fails = TargetFailure::lookup_limit;
  ask(1, token_for(0));
  expect_refused(1, FlowReason::target_refused);
  EXPECT_EQ(opened(), 3);
  EXPECT_EQ(refusals(FlowReason::target_refused), 1U);
  EXPECT_EQ(refusals(FlowReason::target_timeout), 0U);
  expect_no_flow_anywhere();
  ask(3, token_for(0));
  expect_refused(3, FlowReason::target_refused);
  EXPECT_EQ(opened(), 6) << "they are asked again: the target may be back";
}

TEST_F(AnotherEgress, ThoseThatRefuseEverythingCostABoundedNumberOfAttempts) {
  for (Member& m : members) m.fails = TargetFailure::unreachable;
  constexpr int kFlows = 50;
  for (int i = 0; i < kFlows; ++i) ask(static_cast<std::uint32_t>(2 * i + 1), token());
  EXPECT_EQ(opened(), kFlows * static_cast<int>(kMaxEgressesAsked));
  EXPECT_LE(entry.router.entry().unreached().size(), kEgresses);
  expect_no_flow_anywhere();
}

TEST_F(AnotherEgress, IsNotAskedWhenTheFirstMayNotServeThem) {
  members_are(2);
  members[0].fails = TargetFailure::denied;
  ask(1, token_for(0));
  expect_refused(1, FlowReason::target_denied);

  members[0].fails.reset();
  const auto ended = token_for(0);
  members[0].node->router.end_session(ended.session, wall);
  ask(3, ended);
  EXPECT_EQ(reason(), FlowReason::session_ended) << "the second has not heard of it";

  const auto blocked = token_for(0);
  members[0].node->router.change_security(
      {{}, {{policy::BlocklistKind::user, blocked.user.str(), true, {}, 1}}}, wall);
  ask(5, blocked);
  EXPECT_EQ(reason(), FlowReason::blocklisted);
  EXPECT_EQ(members[1].opened, 0);
}

TEST_F(AnotherEgress, RefusesATokenItHasSeen) {
  members_are(2);
  auto t = token_for(1);
  ask(1, t);
  ASSERT_TRUE(accepted(1));
  // The entry forgets what it admitted, and the first egress sends it to the second again.
  WorldNode forgetful{rng, kWall - 100s};
  forgetful.config = entry.config;
  forgetful.router.configure(forgetful.config);
  connect(forgetful, entry_id, relay, relay_id);
  members[0].fails = TargetFailure::unreachable;
  const LinkId c = *forgetful.router.client_up();
  t.session = token_for(0).session;  // admission goes by the token's id
  Bytes frame = frame_of(FrameType::flow_request, 1, as_bytes(sign(t)));
  forgetful.router.on_frame(c, **wire::next_frame(frame), now, wall);
  serve();
  EXPECT_EQ(members[0].opened, 1);
  EXPECT_EQ(members[1].opened, 1) << "the target was opened once";
  EXPECT_EQ(
      forgetful.router.board().refusals()[static_cast<std::size_t>(FlowReason::token_replayed)],
      1U);
}

TEST_F(AnotherEgress, IsAskedWhenTheFirstSaysNothing) {
  members_are(2);
  members[0].silent = true;
  ask(1, token_for(0));
  pass(kEgressPatience - 1ns);
  EXPECT_TRUE(at_client.empty());
  pass(1ns);
  EXPECT_TRUE(accepted(1));
  EXPECT_EQ(members[0].node->router.egress().flows().size(), 0U) << "it is told to stop";
  EXPECT_TRUE(members[0].node->targets.all.begin()->second->closed);
  ask(3, token_for(0));
  EXPECT_TRUE(accepted(3)) << "nobody waits for it again";
}

TEST_F(AnotherEgress, OneThatIsSlowAndAloneHasAllTheTimeThereIs) {
  members_are(1);
  members[0].silent = true;
  ask(1, token_for(0));
  pass(kFlowSetupTimeout - 1ns);
  EXPECT_TRUE(at_client.empty());
  members[0].silent = false;
  serve();
  EXPECT_TRUE(accepted(1));
}

TEST_F(AnotherEgress, DoesNotLengthenTheSetup) {
  members_are(3);
  for (Member& m : members) m.silent = true;
  ask(1, token_for(0));
  pass(kEgressPatience);
  pass(kEgressPatience);
  EXPECT_EQ(retries(FlowReason::setup_timeout), 1U) << "one is given up, the second has the rest";
  EXPECT_TRUE(at_client.empty());
  pass(kFlowSetupTimeout - 2 * kEgressPatience);
  expect_refused(1, FlowReason::setup_timeout);
  expect_no_flow_anywhere();
}

TEST_F(AnotherEgress, IsAskedWhenTheWayToTheFirstIsLost) {
  members_are(2);
  members[0].silent = true;
  ask(1, token_for(0));
  const auto hop = std::ranges::find(hops, members[0].node.get(), &Hop::a);
  relay.router.link_down(hop->on_b, FlowReason::peer_lost);
  serve();
  EXPECT_TRUE(accepted(1));
  EXPECT_EQ(entry.router.entry().unreached().size(), 0U) << "that says nothing of the target";
  ask(3, token_for(0));
  EXPECT_TRUE(accepted(3)) << "the relay has no route to the first";
}

TEST_F(AnotherEgress, IsAskedWhenTheEntrysOwnLinkIsLost) {
  members_are(2);
  connect(entry, entry_id, *members[0].node, members[0].id);
  entry.config.routes.front().next_hops = {members[0].id};
  entry.router.configure(entry.config);
  members[0].silent = true;
  ask(1, token_for(0));
  entry.router.link_down(hops.back().on_a, FlowReason::peer_lost);
  serve();
  EXPECT_TRUE(accepted(1));
  client_sends(FrameType::reset, 1, Bytes{1});
  ask(3, token_for(0));
  EXPECT_TRUE(accepted(3));
}

TEST_F(AnotherEgress, IsAskedWhenTheFirstIsNotReadyOrItsClockIsWrong) {
  members_are(2);
  members[0].node->router.security_incomplete();
  ask(1, token_for(0));
  EXPECT_TRUE(accepted(1));
  members[0].node->router.replace_security({}, true, true, wall);
  Member& first = members[0];
  const auto t = token_for(0);
  Bytes frame = frame_of(FrameType::flow_request, 3, as_bytes(sign(t)));
  entry.router.on_frame(client, **wire::next_frame(frame), now, wall);
  const WallTime right = std::exchange(wall, wall + 1h);
  settle(false);  // every node behind the entry is an hour ahead
  wall = right;
  EXPECT_EQ(retries(FlowReason::token_expired), 1U);
  EXPECT_EQ(first.opened, 0);
  EXPECT_EQ(reason(), FlowReason::token_expired);
}

TEST_F(AnotherEgress, IsNotAskedForAFlowThatWasOpen) {
  members_are(2);
  ask(1, token_for(0));
  ASSERT_TRUE(accepted(1));
  auto& targets = members[0].node->targets;
  members[0].node->router.egress().target_lost(targets.all.begin()->first,
                                               TargetFailure::unreachable);
  settle(false);
  expect_reset(1, FlowReason::target_unreachable);
  EXPECT_EQ(members[1].opened, 0);
}

TEST_F(AnotherEgress, IsNotAskedForAClientThatLeft) {
  members_are(2);
  members[0].silent = true;
  ask(1, token_for(0));
  entry.router.link_down(client, FlowReason::peer_lost);
  settle(false);
  members[0].silent = false;
  pass(kFlowSetupTimeout);
  EXPECT_EQ(members[1].opened, 0);
  expect_no_flow_anywhere();
}

TEST_F(AnotherEgress, IsNotAskedForASessionThatEndedMeanwhile) {
  members_are(2);
  members[0].silent = true;
  const auto t = token_for(0);
  ask(1, t);
  entry.router.end_session(t.session, wall);
  serve();
  expect_refused(1, FlowReason::session_ended);
  pass(kEgressPatience);
  EXPECT_EQ(members[1].opened, 0);
}

}  // namespace
}  // namespace rap::router
