// What a peer can make a node hold, whatever it says: a client that lies about every counter there
// is, and one that does not read.
#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

class ByteBudget : public RouterTest {
 protected:
  // A frame with all that is around it.
  static constexpr std::size_t kSlack = 2 * wire::kMaxFrame;
  const Bytes chunk = Bytes(wire::kMaxData, 7);
  const std::string window = std::string(flow::kInitialWindow, 'x');

  Link& link_of(const ClientLine& line) { return *line.entry->router.board().find(line.link); }
  std::size_t held_for(const ClientLine& line) { return link_of(line).queue.queued_bytes(); }
  bool may_read(const ClientLine& line) { return line.entry->router.board().may_read(line.link); }
  bool says(const ClientLine& line, FrameType type, std::uint32_t label, ByteView payload) {
    return RouterTest::says(*line.entry, line.link, frame_of(type, label, payload));
  }
  using RouterTest::says;
  FlowAtClient& open_as(ClientLine& line, UserId of) {
    auto t = token();
    t.user = of;
    FlowAtClient& flow = new_flow();
    open(line, flow, sign(t));
    EXPECT_TRUE(flow.accepted);
    return flow;
  }
  // Its client has taken so much that the egress uses the whole window.
  void open_wide(FlowAtClient& flow) {
    answer(*egress.targets.all.rbegin()->second, window + window);
    EXPECT_EQ(flow.heard.size(), 2 * window.size());
    flow.heard.clear();
  }
  // So much waits for the client, as if flows of hers through other egresses had it.
  void fill(const ClientLine& line, std::size_t bytes) {
    flow::SendQueue& queue = link_of(line).queue;
    while (queue.queued_bytes() <= bytes) {
      queue.append({FrameType::data, TrafficClass::telemetry,
                    static_cast<std::uint16_t>(chunk.size()), 9999},
                   chunk);
    }
  }
  Bytes request_with(const std::string& token) {
    return wire::FlowRequest{egress_id, token, Bytes(64)}.encode();
  }
  std::string forged() {
    auto t = token();
    t.cluster = ClusterId::random(rng);
    return sign(t);
  }
  // How often the link may say this.
  std::size_t taken_of(LinkId id, const Bytes& frame) {
    std::size_t taken = 0;
    while (taken < 1'000'000 && says(entry, id, frame)) {
      ++taken;
      entry.router.queue(id).drop_flows();
    }
    return taken;
  }
};

TEST_F(ByteBudget, AClientThatDoesNotReadItsAnswersIsReadNoFurther) {
  ClientLine& line = dial();
  for (std::uint32_t label = 1; may_read(line); label += 2) {
    says(line, FrameType::data, label, Bytes(20));
    ASSERT_LT(held_for(line), 2 * kMaxAnswers);
  }
  EXPECT_EQ(entry.port.read_on_again, 0);
  carry_down(line);
  EXPECT_EQ(entry.port.read_on_again, 1) << "once it has read them";
  EXPECT_TRUE(may_read(line));
}

TEST_F(ByteBudget, RefusalsAreAnswersToo) {
  ClientLine& line = dial();
  const Bytes payload = request_with("no token");
  while (may_read(line)) {
    says(line, FrameType::flow_request, 1, payload);
    ASSERT_LT(held_for(line), 2 * kMaxAnswers);
  }
}

TEST_F(ByteBudget, AClientThatCreditsAndNeverReadsGetsItsWindowAndNoMore) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  open_wide(flow);
  line.reads = false;
  for (int i = 0; i < 200; ++i) {
    answer(std::string(std::size_t{64} * 1024, 'x'));
    for (const std::uint32_t lie : {flow::kCreditStep, flow::kMaxWindow, 1U, 0xffffffffU}) {
      says(line, FrameType::credit, flow.label, wire::encode_credit(lie));
    }
    run();
  }
  EXPECT_LE(held_for(line), flow::kInitialWindow + flow::kInitialWindow / 100);
  EXPECT_GE(held_for(line), flow::kInitialWindow / 2);
}

TEST_F(ByteBudget, SmallCreditDoesNotMakeMoreFramesThanTheDataDid) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  answer(std::string(flow::kFirstWindow, 'x'));
  const std::size_t before = hops[0].bytes;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    says(line, FrameType::credit, flow.label, wire::encode_credit(1));
  }
  run();
  EXPECT_LE(hops[0].bytes - before, 100'000 / flow::kMinCredit * (wire::kFrameHeader + 4));
}

TEST_F(ByteBudget, WhatWaitsOfAFlowThatEndedStillCounts) {
  ClientLine& line = dial();
  for (int i = 0; i < 10; ++i) open(line);
  for (std::uint32_t label = 1; may_read(line); label += 2) {
    ASSERT_LT(label, 20U) << "it is read on and on";
    for (std::size_t sent = 0; sent + chunk.size() <= flow::kInitialWindow; sent += chunk.size()) {
      says(line, FrameType::data, label, chunk);
    }
    says(line, FrameType::reset, label, wire::encode_reason(FlowReason::session_ended));
    ASSERT_LE(entry.router.queue(hops[0].on_a).queued_bytes(),
              kMaxBacklog + flow::kInitialWindow + 2 * kSlack);
  }
  run();
  EXPECT_EQ(entry.port.read_on_again, 1);
}

TEST_F(ByteBudget, NoneIsLostOfAllTheFlowsOfAClientWhoseDataComesAtOnce) {
  ClientLine& line = dial();
  for (std::size_t i = 0; i < kMaxFlowsPerClient; ++i) open(line);
  line.reads = false;
  // Nobody could pause meanwhile, however long the way to the entry is.
  for (const auto& target : targets()) egress.targets.say(*target, window.substr(0, 256 * 1024));
  run();
  EXPECT_EQ(entry.router.entry().flows().size(), kMaxFlowsPerClient);
  EXPECT_GE(held_for(line), kMaxFlowsPerClient * flow::kFirstWindow);
  EXPECT_LT(held_for(line), kMaxClientQueue);
  EXPECT_EQ(entry.router.board().pauses().for_client, 0U);
}

TEST_F(ByteBudget, AFlowThatIsOpenedWhileItsClientReadsSlowlyWaitsToo) {
  ClientLine& line = dial();
  for (std::size_t i = 0; i < kClientPause / flow::kInitialWindow + 1; ++i) open_wide(open(line));
  line.reads = false;
  for (const auto& target : targets()) answer(*target, window);
  ASSERT_EQ(entry.router.board().pauses().for_client, 1U);
  FlowAtClient& late = new_flow();
  open(line, late, sign(token()));
  const std::size_t before = held_for(line);
  answer(*egress.targets.all.rbegin()->second, window);
  EXPECT_EQ(held_for(line), before);
}

TEST_F(ByteBudget, APersonWithManyClientsMayHaveNoMoreWaitForAllOfThem) {
  for (int i = 0; i < 4; ++i) open_wide(open(dial()));
  const auto held = [&] {
    std::size_t all = 0;
    for (const auto& line : lines) all += held_for(*line);
    return all;
  };
  // One egress keeps no more for a person than this: the most of it comes from others.
  fill(*lines[0], kUserPause - window.size());
  for (const auto& line : lines) line->reads = false;
  for (const auto& target : targets()) answer(*target, window);
  EXPECT_LE(held(), kUserPause + window.size() + kSlack);
  EXPECT_EQ(entry.router.entry().flows().size(), 4U) << "none is lost";
  EXPECT_EQ(entry.router.board().pauses().for_user, 1U);
  // Somebody else is served as ever.
  FlowAtClient& theirs = open_as(dial(), UserId::random(rng));
  answer(*egress.targets.all.rbegin()->second, "hello");
  EXPECT_EQ(theirs.heard, "hello");
  // They go on when enough of it has gone, though one of the clients never reads anything.
  lines[0]->reads = lines[1]->reads = lines[2]->reads = true;
  run();
  pass(100ms);
  for (const int i : {0, 1, 2}) {
    EXPECT_EQ(flows[static_cast<std::size_t>(i)]->heard.size(), window.size()) << i;
  }
}

TEST_F(ByteBudget, WhatWaitsForAPersonsOtherClientsLeavesNoRoomForThis) {
  for (int i = 0; i < 3; ++i) open(dial());
  for (int i = 0; i < 2; ++i) {
    fill(*lines[static_cast<std::size_t>(i)], kMaxClientQueue);
  }
  EXPECT_TRUE(link_of(*lines[2]).is_full());
  EXPECT_LE(held_for(*lines[0]) + held_for(*lines[1]), kMaxUserQueue + 2 * kSlack);
}

TEST_F(ByteBudget, APersonWithManyClientsIsReadNoFasterThanTheFabricTakesTheirBytes) {
  constexpr std::size_t kClients = 10;
  for (std::size_t i = 0; i < kClients; ++i) open(dial());
  for (const auto& line : lines) {
    for (std::size_t sent = 0; may_read(*line) && sent + chunk.size() <= flow::kInitialWindow;
         sent += chunk.size()) {
      says(*line, FrameType::data, 1, chunk);
    }
  }
  EXPECT_LE(entry.router.queue(hops[0].on_a).queued_bytes(),
            kMaxUserBacklog + kMaxUserBacklog / 100);
  const auto read = [&](const auto& line) { return may_read(*line); };
  EXPECT_TRUE(std::ranges::none_of(lines, read)) << "from whichever of them";
  ClientLine& others = dial();
  open_as(others, UserId::random(rng));
  EXPECT_TRUE(may_read(others)) << "others are read as ever";
  run();
  EXPECT_TRUE(std::ranges::all_of(lines, read));
  EXPECT_GE(entry.port.read_on_again, static_cast<int>(kClients));
}

TEST_F(ByteBudget, AClientIsOnOneAccountWhoeversTokensItShows) {
  ClientLine& line = dial();
  open_as(line, user);
  const auto account = link_of(line).budget;
  open_as(dial(), UserId::random(rng));
  for (int i = 0; i < 4; ++i) open_as(line, UserId::random(rng));
  EXPECT_EQ(link_of(line).budget, account);
}

TEST_F(ByteBudget, ANodeThatAsksForEverMoreIsRefusedUnreadAndStays) {
  const LinkId link = hops[1].on_a;
  const Bytes frame = attach_frame(Bytes(64), "", false, 2, 1);
  for (std::uint32_t i = 0; i < kNodesRequests.burst + 1000; ++i) {
    ASSERT_TRUE(says(egress, link, frame)) << "others behind it ask too";
    egress.router.queue(link).drop_flows();
  }
  EXPECT_EQ(refusals(egress, FlowReason::limit_reached), 1000U);
  EXPECT_FALSE(egress.router.board().find(link)->floods);
  now += 1s;
  says(egress, link, frame);
  EXPECT_EQ(refusals(egress, FlowReason::limit_reached), 1000U) << "it may ask again";
}

TEST_F(ByteBudget, AnEgressAcceptsAFlowOnceAndNobodyElseDoes) {
  FlowAtClient& flow = open(dial());
  std::uint32_t label = 0;
  relay.router.board().find(hops[1].on_b)->flows.for_each([&](std::uint32_t l, FlowEnd&) {
    label = l;
  });
  says(relay, hops[1].on_b, frame_of(FrameType::flow_accept, label, Bytes(512)));
  EXPECT_EQ(refusals(relay, FlowReason::flow_control), 1U);
  run();
  EXPECT_EQ(flow.over.size(), 1U) << "that path is over";
}

TEST_F(ByteBudget, AStrangerMaySayNothingSoOftenAndNoMore) {
  for (const auto& [type, bytes] :
       {std::pair(FrameType::data, 17), {FrameType::credit, 4}, {FrameType::flow_end, 16}}) {
    const LinkId stranger = *entry.router.client_up({});
    const Bytes payload(static_cast<std::size_t>(bytes), 1);
    EXPECT_EQ(taken_of(stranger, frame_of(type, 1, payload)), kStrangersIdleFrames.burst);
  }
  EXPECT_EQ(entry.router.board().floods()[static_cast<std::size_t>(IdleFrame::unknown_label)], 3U);
}

TEST_F(ByteBudget, AStrangerMayHaveSoManyTokensLookedAtAndNoMore) {
  const LinkId stranger = *entry.router.client_up({});
  const Bytes frame = frame_of(FrameType::flow_request, 1, request_with(forged()));
  EXPECT_EQ(taken_of(stranger, frame), kStrangersIdleFrames.burst);
  EXPECT_EQ(entry.router.board().floods()[static_cast<std::size_t>(IdleFrame::refused_request)],
            1U);
}

TEST_F(ByteBudget, AClientWithAFlowMayBeLateWithManyFramesButNotForEver) {
  ClientLine& line = dial();
  open(line);
  EXPECT_EQ(taken_of(line.link, frame_of(FrameType::data, 3, Bytes(17))),
            kClientsIdleFrames.burst - kFirstMessageWeight);
}

TEST_F(ByteBudget, AClientWithAFlowMayHaveMoreTokensLookedAtButNotForEver) {
  ClientLine& line = dial();
  open(line);
  EXPECT_EQ(taken_of(line.link, frame_of(FrameType::flow_request, 3, request_with(forged()))),
            (kClientsIdleFrames.burst - kFirstMessageWeight) / kRefusedRequestWeight);
}

TEST_F(ByteBudget, CreditForNothingIsCountedToo) {
  ClientLine& line = dial();
  open(line);
  EXPECT_EQ(taken_of(line.link, frame_of(FrameType::credit, 1, Bytes(4, 1))),
            kClientsIdleFrames.burst - kFirstMessageWeight);
}

TEST_F(ByteBudget, ANodeThatPausesAndGoesOnAndPausesBreaksTheProtocol) {
  open(dial());
  std::uint32_t label = 0;
  relay.router.board().find(hops[0].on_b)->flows.for_each([&](std::uint32_t l, FlowEnd&) {
    label = l;
  });
  const Bytes frame = frame_of(FrameType::pause, label, Bytes(1, 1));
  std::size_t taken = 0;
  while (says(relay, hops[0].on_b, frame)) ASSERT_LE(++taken, kNodesIdleFrames.burst);
  EXPECT_LE(relay.router.queue(hops[1].on_b).queued_bytes(),
            (kNodesIdleFrames.burst + 1) * (wire::kFrameHeader + 1));
}

TEST_F(ByteBudget, ANodeThatAsksAndNeverReadsIsToldNoMoreThanItsBudget) {
  const Bytes frame = attach_frame(Bytes(64), "", false, 1, 1);
  for (int i = 0; i < 100'000; ++i) says(relay, hops[0].on_b, frame);
  EXPECT_LE(relay.router.queue(hops[0].on_b).queued_bytes(), kMaxAnswers + kSlack);
}

TEST_F(ByteBudget, ARelayHandsOnNoMoreRequestsThanTheNextHopReads) {
  for (std::uint32_t label = 1; label < 2 * flow::kMaxFlowsPerSide; label += 2) {
    says(relay, hops[0].on_b, attach_frame(Bytes(4000), "", false, label));
    says(relay, hops[0].on_b,
         frame_of(FrameType::reset, label, wire::encode_reason(FlowReason::peer_lost)));
    relay.router.queue(hops[0].on_b).drop_flows();
  }
  EXPECT_LE(relay.router.queue(hops[1].on_b).queued_bytes(), kMaxAsking + kMaxAnswers + kSlack);
  EXPECT_GT(refusals(relay, FlowReason::limit_reached), 0U);
}

TEST_F(ByteBudget, ANodeThatDoesNotReadIsNotToldOfEveryUnknownLabel) {
  const Bytes frame = frame_of(FrameType::data, 77, Bytes(32));
  for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(says(relay, hops[0].on_b, frame));
  EXPECT_LE(relay.router.queue(hops[0].on_b).queued_bytes(), kMaxAnswers + kSlack);
}

}  // namespace
}  // namespace rap::router
