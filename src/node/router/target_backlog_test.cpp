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
  FlowAtClient& open_flow(ClientLine& line, UserId of) {
    auto t = token();
    t.user = of;
    FlowAtClient& flow = new_flow();
    open(line, flow, sign(t));
    EXPECT_TRUE(flow.accepted);
    return flow;
  }
};

TEST_F(TargetsThatDoNotRead, HoldNoMoreAtAnEgressThanAPersonMayHave) {
  ClientLine& line = dial();
  const std::string window(flow::kInitialWindow, 'x');
  std::size_t opened = 0;
  while (refusals(egress, FlowReason::limit_reached) == 0) {
    ASSERT_LT(++opened * window.size(), 2 * kMaxUserTargets) << "it is taken on and on";
    FlowAtClient& flow = open_flow(line, user);
    flow.end->take(now, as_bytes(window));
    run();
    flow.end->drained(now);
    run();
    on_the_wire.clear();
  }
  EXPECT_LE((opened - 1) * window.size(), kMaxUserTargets + window.size());
  EXPECT_EQ(flows.back()->over.size(), 1U) << "the flow whose data came next loses its path";
  for (std::size_t i = 0; i + 1 < flows.size(); ++i) EXPECT_TRUE(flows[i]->over.empty());
  say(open_flow(line, UserId::random(rng)), "others go on as ever");
  EXPECT_EQ(egress.targets.all.rbegin()->second->received, "others go on as ever");
  // Once the targets take it there is room again.
  for (const auto& target : targets()) egress.targets.take(*target, flow::kInitialWindow);
  say(open_flow(line, user), "and so does this");
  EXPECT_EQ(refusals(egress, FlowReason::limit_reached), 1U);
}

}  // namespace
}  // namespace rap::router
