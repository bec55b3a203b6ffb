// The end of a drain (CH-11): when it waits, when it is over, and when it is cut.
#include "node/channel/channel_world.hpp"

namespace rap::channel {
namespace {

class Draining : public LifecycleTest {
 protected:
  // Draining, with both lanes; nothing that either lane has sent is answered yet.
  void drain() {
    reach_established();
    step(event::LaneJoined{});
    context.draining = true;
    context_changed();
    ASSERT_EQ(channel.state(), State::draining);
  }
  static std::vector<LaneKind> asked(const std::vector<Action>& actions) {
    std::vector<LaneKind> lanes;
    for (const auto& action : actions) {
      if (const auto* sent = std::get_if<action::SendHeartbeat>(&action)) {
        lanes.push_back(sent->lane);
      }
    }
    return lanes;
  }
  void answered(LaneKind lane) {
    step(event::AckReceived{lane, {channel.heartbeats(lane).sequence(), 0}});
  }
};

TEST_F(Draining, AsksThePeerOnEachLaneWhetherItHasHadEverything) {
  drain();
  const auto actions = step(event::Idle{7});
  EXPECT_EQ(asked(actions), (std::vector{LaneKind::interactive, LaneKind::bulk}));
  EXPECT_EQ(channel.state(), State::draining);
  EXPECT_TRUE(asked(step(event::Idle{7})).empty()) << "once";
}

TEST_F(Draining, EndsWhenEveryLaneHasAnswered) {
  drain();
  step(event::Idle{7});
  answered(LaneKind::interactive);
  step(event::Idle{7});
  EXPECT_EQ(channel.state(), State::draining) << "what is on the other lane may be overtaken";
  answered(LaneKind::bulk);
  EXPECT_EQ(channel.state(), State::draining) << "something may have begun meanwhile";
  const auto actions = step(event::Idle{7});
  EXPECT_EQ(channel.state(), State::closing);
  ASSERT_TRUE(find<action::Drained>(actions));
  EXPECT_FALSE(find<action::Drained>(actions)->forced);
  EXPECT_TRUE(find<action::SendGoodbye>(actions));
  EXPECT_TRUE(find<action::Close>(actions)->linger);
}

TEST_F(Draining, AsksAgainWhenAFlowCameInBetween) {
  drain();
  step(event::Idle{7});
  answered(LaneKind::interactive);
  answered(LaneKind::bulk);
  EXPECT_EQ(asked(step(event::Idle{9})).size(), 2U) << "it was under way when the drain began";
  EXPECT_EQ(channel.state(), State::draining);
  answered(LaneKind::interactive);
  answered(LaneKind::bulk);
  step(event::Idle{9});
  EXPECT_EQ(channel.state(), State::closing);
}

TEST_F(Draining, ALaneThatIsLostIsNotWaitedFor) {
  drain();
  step(event::Idle{7});
  step(event::LaneLost{FailureReason::network_unreachable});
  EXPECT_EQ(asked(step(event::Idle{7})), std::vector{LaneKind::interactive});
  answered(LaneKind::interactive);
  step(event::Idle{7});
  EXPECT_EQ(channel.state(), State::closing);
}

TEST_F(Draining, IsCutAtItsDeadlineWhichIsSaid) {
  drain();
  const MonoTime by = now + kDrainTimeout;
  std::vector<Action> last;
  while (channel.state() == State::draining) {
    ASSERT_LE(now, by);
    last = timeout();
    for (const LaneKind lane : asked(last)) answered(lane);
  }
  EXPECT_EQ(now, by);
  EXPECT_EQ(channel.state(), State::closing);
  ASSERT_TRUE(find<action::Drained>(last));
  EXPECT_TRUE(find<action::Drained>(last)->forced);
}

TEST_F(Draining, APeerThatNeverAnswersIsNotWaitedForLongerThanThat) {
  drain();
  step(event::Idle{7});
  const MonoTime by = now + kDrainTimeout;
  while (channel.state() == State::draining) {
    ASSERT_LE(now, by);
    timeout();
    step(event::Idle{7});
  }
  EXPECT_NE(channel.state(), State::closing) << "its heartbeats were not answered either";
  EXPECT_EQ(channel.reason(), FailureReason::heartbeat_timeout);
}

}  // namespace
}  // namespace rap::channel
