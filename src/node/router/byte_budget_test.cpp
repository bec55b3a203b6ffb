// What a peer can make a node hold, whatever it says: a client that lies about every counter there
// is.
#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

class ByteBudget : public RouterTest {
 protected:
  // A frame with all that is around it.
  static constexpr std::size_t kSlack = 2 * wire::kMaxFrame;
  const std::string chunk = std::string(wire::kMaxData, 'x');

  // Hands a frame of the client in, and moves nothing.
  void says(FrameType type, std::uint32_t label, ByteView payload) {
    Bytes frame = frame_of(type, label, payload);
    entry.router.on_frame(client, **wire::next_frame(frame), now, wall);
  }
  void credits(std::uint32_t label, std::uint32_t bytes) {
    std::uint8_t payload[4];
    store_be32(payload, bytes);
    says(FrameType::credit, label, payload);
  }
  // Moves frames between the nodes; the client reads nothing.
  void settle_nodes() {
    for (bool more = true; more;) {
      more = false;
      for (Hop& h : hops) more = move(h, *h.a, h.on_a, *h.b, h.on_b) || more;
      for (Hop& h : hops) more = move(h, *h.b, h.on_b, *h.a, h.on_a) || more;
    }
  }
  std::size_t held_for_client() { return entry.router.queue(client).queued_bytes(); }
  bool may_read() { return entry.router.board().may_read(client); }
};

TEST_F(ByteBudget, AClientThatDoesNotReadItsAnswersIsReadNoFurther) {
  for (std::uint32_t label = 1; may_read(); label += 2) {
    says(FrameType::data, label, as_bytes("x"));
    ASSERT_LT(held_for_client(), 2 * kMaxAnswers);
  }
  EXPECT_EQ(entry.port.read_on_again, 0);
  read_client();
  EXPECT_EQ(entry.port.read_on_again, 1) << "once it has read them";
  EXPECT_TRUE(may_read());
}

TEST_F(ByteBudget, RefusalsAreAnswersToo) {
  while (may_read()) {
    says(FrameType::flow_request, 1, as_bytes("no token"));
    ASSERT_LT(held_for_client(), 2 * kMaxAnswers);
  }
}

TEST_F(ByteBudget, AClientThatCreditsAndNeverReadsGetsItsWindowAndNoMore) {
  request(1, sign(token()));
  const Bytes much(std::size_t{64} * 1024, 7);
  for (int i = 0; i < 200; ++i) {
    egress.router.egress().target_data(target_id(), much);
    settle_nodes();
    for (const std::uint32_t lie : {flow::kCreditStep, flow::kMaxWindow, 1U, 0xffffffffU}) {
      credits(1, lie);
    }
    settle_nodes();
  }
  EXPECT_LE(held_for_client(), flow::kInitialWindow + flow::kInitialWindow / 100);
  EXPECT_GE(held_for_client(), flow::kInitialWindow - wire::kMaxData);
}

TEST_F(ByteBudget, NoHopBelievesCreditForBytesThatNeverLeftIt) {
  request(1, sign(token()));
  // The relay, or whoever took it over, credits the egress for what it was never sent.
  std::uint32_t label = 0;
  egress.router.board().find(hops[1].on_a)->flows.for_each([&](std::uint32_t l, FlowEnd&) {
    label = l;
  });
  const Bytes much(2 * std::size_t{flow::kInitialWindow}, 7);
  EXPECT_EQ(egress.router.egress().target_data(target_id(), much), flow::kInitialWindow);
  std::uint8_t lie[4];
  store_be32(lie, flow::kInitialWindow);
  Bytes frame = frame_of(FrameType::credit, label, lie);
  egress.router.on_frame(hops[1].on_a, **wire::next_frame(frame), now, wall);
  EXPECT_EQ(egress.router.egress().target_data(target_id(), much), 0U);
  EXPECT_LE(egress.router.queue(hops[1].on_a).queued_bytes(), 2 * flow::kInitialWindow);
}

TEST_F(ByteBudget, SmallCreditDoesNotMakeMoreFramesThanTheDataDid) {
  request(1, sign(token()));
  const Bytes much(flow::kInitialWindow, 7);
  egress.router.egress().target_data(target_id(), much);
  settle();
  const std::size_t before = hops[0].bytes;
  for (std::uint32_t i = 0; i < 100'000; ++i) credits(1, 1);
  settle();
  EXPECT_LE(hops[0].bytes - before, 100'000 / flow::kMinCredit * (wire::kFrameHeader + 4));
}

TEST_F(ByteBudget, AClientIsReadNoFasterThanTheFabricTakesItsBytes) {
  for (std::uint32_t label = 1; label < 20; label += 2) request(label, sign(token()));
  for (std::uint32_t label = 1; may_read(); label += 2) {
    ASSERT_LT(label, 20U) << "it is read on and on";
    for (std::size_t sent = 0; may_read() && sent + chunk.size() <= flow::kInitialWindow;
         sent += chunk.size()) {
      says(FrameType::data, label, as_bytes(chunk));
    }
  }
  EXPECT_LE(entry.router.queue(hops[0].on_a).queued_bytes(), kMaxBacklog + 2 * kSlack);
  EXPECT_EQ(entry.port.read_on_again, 0);
  settle();
  EXPECT_EQ(entry.port.read_on_again, 1);
  EXPECT_TRUE(may_read());
}

TEST_F(ByteBudget, WhatWaitsOfAFlowThatEndedStillCounts) {
  for (std::uint32_t label = 1; label < 20; label += 2) request(label, sign(token()));
  for (std::uint32_t label = 1; may_read(); label += 2) {
    ASSERT_LT(label, 20U) << "it is read on and on";
    for (std::size_t sent = 0; sent + chunk.size() <= flow::kInitialWindow; sent += chunk.size()) {
      says(FrameType::data, label, as_bytes(chunk));
    }
    const std::uint8_t reason[1] = {static_cast<std::uint8_t>(FlowReason::session_ended)};
    says(FrameType::reset, label, reason);
    ASSERT_LE(entry.router.queue(hops[0].on_a).queued_bytes(),
              kMaxBacklog + flow::kInitialWindow + 2 * kSlack);
  }
  settle();
  EXPECT_EQ(entry.port.read_on_again, 1);
}

TEST_F(ByteBudget, FlowsEndWhoseClientLeavesMoreUnreadThanItsQueueMayHold) {
  for (std::uint32_t label = 1; label < 2 * 24; label += 2) {
    request(label, sign(token()));
  }
  at_client.clear();
  const Bytes window(flow::kInitialWindow, 7);
  std::vector<TargetId> targets;
  for (const auto& [id, target] : egress.targets.all) targets.push_back(id);
  for (const TargetId id : targets) {
    egress.router.egress().target_data(id, window);
    settle_nodes();
    ASSERT_LE(held_for_client(), kMaxClientQueue + kSlack);
  }
  const std::size_t full_windows = kMaxClientQueue / flow::kInitialWindow;
  EXPECT_LE(entry.router.entry().flows().size(), full_windows);
  EXPECT_GE(entry.router.entry().flows().size(), full_windows - 1) << "headers count too";
  read_client();
  expect_reset(2 * 24 - 1, FlowReason::limit_reached);
}

TEST_F(ByteBudget, ANodeThatAsksAndNeverReadsIsNoneOfOurs) {
  Bytes frame = frame_of(FrameType::flow_open, 1, wire::FlowOpen{egress_id, 1, Bytes(64)}.encode());
  std::size_t asked = 0;
  while (relay.router.on_frame(hops[0].on_b, **wire::next_frame(frame), now, wall)) {
    ASSERT_LT(++asked, kMaxAnswers);
  }
  EXPECT_LE(relay.router.queue(hops[0].on_b).queued_bytes(), kMaxAnswers + kSlack);
}

TEST_F(ByteBudget, ANodeThatDoesNotReadIsNotToldOfEveryUnknownLabel) {
  Bytes frame = frame_of(FrameType::data, 77, Bytes(32));
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(relay.router.on_frame(hops[0].on_b, **wire::next_frame(frame), now, wall));
  }
  EXPECT_LE(relay.router.queue(hops[0].on_b).queued_bytes(), kMaxAnswers + kSlack);
}

}  // namespace
}  // namespace rap::router
