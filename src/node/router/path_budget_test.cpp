// What flows can make a node hold, and what becomes of them when it is too much:
// a path ends, and no flow.
#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

class PathBudget : public RouterTest {
 protected:
  static constexpr std::size_t kSlack = 4 * wire::kMaxFrame;

  Link& link_of(ClientLine& line) { return *line.entry->router.board().find(line.link); }
  bool may_read(ClientLine& line) { return line.entry->router.board().may_read(line.link); }
};

TEST_F(PathBudget, AQueueThatIsFullEndsAPathAndNoFlow) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  line.reads = false;
  const Bytes junk(wire::kMaxData, 7);
  while (!link_of(line).is_full()) {
    link_of(line).queue.append(
        {FrameType::data, TrafficClass::telemetry, static_cast<std::uint16_t>(junk.size()), 9999},
        junk);
  }
  answer("this has no room");
  EXPECT_EQ(entry.router.board().refusals()[static_cast<std::size_t>(FlowReason::limit_reached)],
            1U);
  EXPECT_EQ(egress.router.egress().held().held(), 1U);
  EXPECT_FALSE(target().closed);
  line.reads = true;
  run();
  EXPECT_EQ(flow.over.at(flow.number), FlowReason::limit_reached);
  EXPECT_FALSE(flow.ended);
  resume(dial(second, second_id), flow);
  EXPECT_EQ(flow.heard, "this has no room");
}

TEST_F(PathBudget, QuestionsWithoutEndWhoseAnswersWaitEndNoChannel) {
  FlowAtClient& flow = open(dial());
  const LinkId lane = hops[1].on_a;
  for (std::uint32_t label = 1000; label < 4000; label += 2) {
    ++flow.attempts;
    const Bytes first = first_message(flow, flow.grant, flow.id);
    const wire::AttachedMessage message{true, crypto::sha256(as_bytes(flow.grant)), first};
    Bytes frame = frame_of(FrameType::flow_attach, label,
                           wire::FlowOpen{egress_id, 4, message.encode()}.encode());
    ASSERT_TRUE(egress.router.on_frame(lane, **wire::next_frame(frame), now, wall)) << label;
  }
  EXPECT_LE(egress.router.board().find(lane)->queue.windowless_bytes(), kMaxAnswers + kSlack);
  EXPECT_EQ(egress.router.egress().held().size(), 1U) << "the flow is there all the same";
}

TEST_F(PathBudget, AClientThatDoesNotReadHasItsEgressesPauseAndLosesNothing) {
  constexpr std::size_t kFlows = 12;
  const std::string much(flow::kInitialWindow, 'x');
  ClientLine& line = dial();
  for (std::size_t i = 0; i < kFlows; ++i) {
    FlowAtClient& flow = open(line);
    // It takes much, so that its egress uses the whole window.
    answer(*egress.targets.all.rbegin()->second, much + much);
    EXPECT_EQ(flow.heard.size(), 2 * much.size());
    flow.heard.clear();
  }
  line.reads = false;
  for (const auto& target : targets()) answer(*target, much);
  EXPECT_EQ(entry.router.board().pauses().for_client, 1U);
  EXPECT_LE(link_of(line).queue.queued_bytes(), kClientPause + flow::FlowPath{}.most_queued * 2);
  EXPECT_EQ(entry.router.entry().flows().size(), kFlows);
  line.reads = true;
  run();
  pass(100ms);
  for (const auto& flow : flows) EXPECT_EQ(flow->heard.size(), much.size());
}

TEST_F(PathBudget, AClientIsReadNoFasterThanTheFabricTakesItsBytes) {
  constexpr std::size_t kFlows = 4;
  ClientLine& line = dial();
  for (std::size_t i = 0; i < kFlows; ++i) open(line);
  const std::string much(flow::kInitialWindow, 'x');
  for (const auto& flow : flows) flow->end->take(now, as_bytes(much));
  for (int turn = 0; may_read(line); ++turn) {
    ASSERT_LT(turn, 10'000) << "it is read on and on";
    carry_up(line);
    for (const auto& flow : flows) flow->end->drained(now);
  }
  EXPECT_LE(link_of(line).backlog->bytes, kMaxBacklog + flow::kRunBytes + kSlack);
  for (int turn = 0; turn < 1000 && link_of(line).backlog->bytes + line.up.queued_bytes() > 0;
       ++turn) {
    run();
    for (const auto& flow : flows) flow->end->drained(now);
  }
  EXPECT_TRUE(may_read(line));
  for (const auto& target : targets()) EXPECT_EQ(target->received.size(), much.size());
}

TEST_F(PathBudget, RecordsThatAreNoDataCountAsData) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  const Bytes lie(wire::FlowPosition::kBytes + wire::kSealOverhead, 7);
  std::size_t sent = 0;
  while (may_read(line) && sent < 2 * kMaxBacklog) {
    Bytes frame = frame_of(FrameType::flow_ack, flow.label, lie);
    ASSERT_TRUE(entry.router.on_frame(line.link, **wire::next_frame(frame), now, wall));
    sent += frame.size();
  }
  EXPECT_FALSE(may_read(line));
  EXPECT_LE(link_of(line).backlog->bytes, kMaxBacklog + kSlack);
  run();
  EXPECT_TRUE(may_read(line));
  EXPECT_EQ(link_of(line).backlog->bytes, 0U) << "and nothing of it is left on the account";
  EXPECT_EQ(flow.over.at(flow.number), FlowReason::seal_failed);
  EXPECT_FALSE(flow.ended);
}

TEST_F(PathBudget, AnEndThatSendsBeyondItsWindowLosesItsPath) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  const Bytes chunk(wire::kMaxPayload, 7);
  for (std::size_t sent = 0; sent <= flow::kInitialWindow; sent += chunk.size()) {
    Bytes frame = frame_of(FrameType::data, flow.label, chunk);
    ASSERT_TRUE(entry.router.on_frame(line.link, **wire::next_frame(frame), now, wall));
  }
  EXPECT_EQ(entry.router.board().refusals()[static_cast<std::size_t>(FlowReason::flow_control)],
            1U);
  EXPECT_EQ(entry.router.entry().flows().size(), 0U);
}

TEST_F(PathBudget, CreditForBytesThatNeverLeftIsBelievedByNoHop) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  for (int i = 0; i < 8; ++i) {
    Bytes frame =
        frame_of(FrameType::credit, flow.label, wire::encode_credit(flow::kInitialWindow));
    ASSERT_TRUE(entry.router.on_frame(line.link, **wire::next_frame(frame), now, wall));
    run();
  }
  EXPECT_FALSE(flow.over.contains(flow.number)) << "or the egress had given the path up for it";
  answer("goes on");
  EXPECT_EQ(flow.heard, "goes on");
}

TEST_F(PathBudget, FlowsOfOneClassTakeTurnsOnALink) {
  constexpr std::size_t kEach = 3 * 1024 * 1024;
  ClientLine& line = dial();
  open(line, TrafficClass::file_transfer);
  open(line, TrafficClass::file_transfer);
  for (const auto& target : targets()) {
    egress.targets.say(*target, std::string(kEach, 'x'));
  }
  bool interleaved = false;
  for (int turn = 0; turn < 400 && flows[0]->heard.size() < kEach; ++turn) {
    move(hops[1], egress, hops[1].on_a, relay, hops[1].on_b);
    for (const LinkId link : std::exchange(egress.port.has_left, {})) {
      egress.router.room(link, now, wall);
    }
    move(hops[0], relay, hops[0].on_b, entry, hops[0].on_a);
    carry_down(line);
    interleaved = interleaved || (flows[0]->heard.size() < kEach && flows[1]->heard.size() > 0);
  }
  EXPECT_TRUE(interleaved) << "the second did not wait for the end of the first";
  run();
  pass(100ms);
  for (const auto& flow : flows) EXPECT_EQ(flow->heard.size(), kEach);
}

TEST_F(PathBudget, OfOnePersonSoManyFlowsAreHeldAndTheTargetOfTheLongestHeldIsClosed) {
  const std::size_t bound = flow::HoldBounds{}.flows_of_one;
  ClientLine& line = dial();
  for (std::size_t i = 0; i < bound; ++i) open(line);
  ClientLine& other = dial();
  open(other);
  cut(line);
  EXPECT_EQ(egress.router.egress().held().held(), bound);
  cut(other);
  EXPECT_EQ(egress.router.egress().held().held(), bound);
  std::size_t closed = 0;
  for (const auto& target : targets()) closed += target->closed ? 1 : 0;
  EXPECT_EQ(closed, 1U);
  EXPECT_EQ(egress.router.egress().endings()[static_cast<std::size_t>(FlowReason::hold_expired)],
            1U);
}

TEST_F(PathBudget, FirstMessagesCountAmongWhatMovesNothing) {
  ClientLine& line = dial();
  open(line);
  const auto kind = static_cast<std::size_t>(IdleFrame::first_message);
  EXPECT_EQ(entry.router.board().idle_frames()[kind], 1U);
  EXPECT_EQ(link_of(line).user, user);
  std::size_t more = 0;
  while (!link_of(line).floods) {
    entry.router.board().moved_nothing(line.link, IdleFrame::first_message);
    ASSERT_LE(++more, kClientsIdleFrames.burst / kFirstMessageWeight);
  }
  EXPECT_EQ(entry.router.board().floods()[kind], 1U);
}

TEST_F(PathBudget, AFlowWithoutAPathTakesLessOfItsTargetThanOneThatHasOne) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  cut(line);
  answer(std::string(flow::kHeldTail + 1000, 'x'));
  EXPECT_TRUE(target().paused);
  EXPECT_EQ(target().said.size(), 1000U);
  resume(dial(second, second_id), flow);
  pass(100ms);
  EXPECT_EQ(flow.heard.size(), flow::kHeldTail + 1000);
  EXPECT_EQ(target().resumed, 1);
}

TEST_F(PathBudget, WhatATargetDoesNotTakeIsOnThePersonsAccount) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  say(flow, "x");
  EXPECT_EQ(egress.targets.take(target(), 1), "x");
  say(flow, "it does not take this");
  egress.targets.reset(target());
  run();
  EXPECT_EQ(flow.why, FlowReason::target_reset);
  expect_no_flow_anywhere();
}

}  // namespace
}  // namespace rap::router
