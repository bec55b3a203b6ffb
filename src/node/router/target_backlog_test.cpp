#include "node/router/target_backlog.hpp"

#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

class TargetBacklogTest : public testing::Test {
 protected:
  SeededRandom rng{3};
  const UserId one = UserId::random(rng);
  const UserId other = UserId::random(rng);
  TargetBacklog backlog;
};

TEST_F(TargetBacklogTest, HoldsSoMuchOfAPersonAndForgetsWhatLeft) {
  backlog.came(one, kMaxUserTargets - 1);
  EXPECT_TRUE(backlog.has_room(one));
  backlog.came(one, 1);
  EXPECT_FALSE(backlog.has_room(one));
  EXPECT_TRUE(backlog.has_room(other));
  backlog.left(one, 1);
  EXPECT_TRUE(backlog.has_room(one));
  backlog.left(one, kMaxUserTargets - 1);
  EXPECT_EQ(0U, backlog.bytes());
}

TEST_F(TargetBacklogTest, LeavesAShareToWhoHasLittleWhenManyHaveMuch) {
  while (backlog.bytes() < kMaxTargets) backlog.came(UserId::random(rng), kMaxUserTargets);
  backlog.came(one, kTargetsShare - 1);
  EXPECT_TRUE(backlog.has_room(one));
  EXPECT_TRUE(backlog.has_room(other));
  backlog.came(one, 1);
  EXPECT_FALSE(backlog.has_room(one)) << "it has its share";
}

class TargetsThatDoNotRead : public RouterTest {
 protected:
  const std::string chunk = std::string(wire::kMaxData, 'x');

  void open_flow(std::uint32_t label, UserId user) {
    auto of = token();
    of.user = user;
    request(label, sign(of));
  }
  // Sends as much as the flow's window lets pass, or until it is reset; yields how much that is.
  std::size_t fill(std::uint32_t label) {
    std::size_t sent = 0;
    while (reset_with().empty() && sent + chunk.size() <= flow::kInitialWindow) {
      data(label, chunk);
      sent += chunk.size();
    }
    on_the_wire.clear();
    return sent;
  }
  std::vector<std::optional<FlowReason>> reset_with() {
    std::vector<std::optional<FlowReason>> reasons;
    for (const Received& one : at_client) {
      if (one.header.type == FrameType::reset) reasons.push_back(wire::decode_reason(one.payload));
    }
    return reasons;
  }
};

TEST_F(TargetsThatDoNotRead, HoldNoMoreAtAnEgressThanAPersonMayHave) {
  const UserId user = UserId::random(rng);
  std::size_t sent = 0;
  std::uint32_t label = 1;
  while (reset_with().empty()) {
    ASSERT_LT(sent, 2 * kMaxUserTargets) << "it is taken on and on";
    open_flow(label, user);
    sent += fill(label);
    label += 2;
  }
  EXPECT_LE(sent, kMaxUserTargets + flow::kInitialWindow + chunk.size());
  ASSERT_EQ(reset_with().size(), 1U) << "the flow whose data came next ends, and no other";
  EXPECT_EQ(reset_with().front(), FlowReason::limit_reached);
  open_flow(label, UserId::random(rng));
  data(label, "others go on as ever");
  EXPECT_EQ(egress.targets.all.rbegin()->second->received, "others go on as ever");
  // Once the targets take it there is room again.
  for (const auto& [id, target] : egress.targets.all) {
    egress.targets.take(*target, flow::kInitialWindow);
  }
  open_flow(label + 2, user);
  data(label + 2, "and so does this");
  EXPECT_EQ(reset_with().size(), 1U);
}

}  // namespace
}  // namespace rap::router
