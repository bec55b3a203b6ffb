// What a peer can make a node hold, whatever it says: a client that lies about every counter there
// is.
#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

class ByteBudget : public RouterTest {
 protected:
  // A frame with all that is around it.
  static constexpr std::size_t kSlack = 2 * wire::kMaxFrame;
  static constexpr std::uint32_t kFlows = 24;
  static constexpr std::uint32_t kClients = 10;
  static constexpr std::uint32_t kFlowsEach = 4;  // of each of them: less than its queue may hold
  const std::string chunk = std::string(wire::kMaxData, 'x');
  const Bytes window = Bytes(flow::kInitialWindow, 7);

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
  crypto::DataPlaneToken token_of(UserId user) {
    auto t = token();
    t.user = user;
    return t;
  }
  // Flows of a client, from label 1 on.
  void open_flows(LinkId of, std::uint32_t count, UserId user) {
    for (std::uint32_t label = 1; label < 2 * count; label += 2) {
      Bytes frame = frame_of(FrameType::flow_request, label, as_bytes(sign(token_of(user))));
      entry.router.on_frame(of, **wire::next_frame(frame), now, wall);
      settle();
    }
    open_wide();
  }
  std::vector<TargetId> targets() {
    std::vector<TargetId> out;
    for (const auto& [id, target] : egress.targets.all) out.push_back(id);
    return out;
  }
  // How often the link may say this.
  std::size_t taken_of(LinkId id, Bytes frame) {
    std::size_t taken = 0;
    while (taken < 1'000'000 && entry.router.on_frame(id, **wire::next_frame(frame), now, wall)) {
      ++taken;
      entry.router.queue(id).drop_flows();
    }
    return taken;
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
  open_wide();
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
  open_wide();
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
  open_wide();
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

TEST_F(ByteBudget, AByteInAFrameOfItsOwnWaitsWithAllOfTheFrame) {
  constexpr std::size_t kFrame = wire::kFrameHeader + wire::kSealOverhead + 1;
  request(1, sign(token()));
  for (std::size_t sent = 0; may_read() && sent < 2 * kMaxBacklog; sent += kFrame) {
    says(FrameType::data, 1, as_bytes("x"));
  }
  EXPECT_FALSE(may_read());
  EXPECT_LE(entry.router.queue(hops[0].on_a).queued_bytes(), kMaxBacklog + 2 * kSlack);
  settle();
  EXPECT_TRUE(may_read()) << "and nothing of it is left on the account";
  EXPECT_EQ(entry.router.board().find(client)->backlog->bytes, 0U);
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

TEST_F(ByteBudget, AClientThatReadsManyBulkFlowsSlowlyLosesNone) {
  open_flows(client, kFlows, UserId::random(rng));
  std::size_t sent_by_last = 0;
  for (const TargetId id : targets()) {
    sent_by_last = egress.router.egress().target_data(id, window);
    settle_nodes();
    ASSERT_LE(held_for_client(), kClientPause + flow::kInitialWindow + kSlack);
  }
  EXPECT_EQ(entry.router.entry().flows().size(), kFlows);
  EXPECT_EQ(entry.router.board().pauses().for_client, 1U);
  EXPECT_EQ(sent_by_last, 0U) << "its egress pauses";
  // The client reads on: the egresses are told, and the last one's data comes too.
  read_client();
  settle_nodes();
  const Bytes rest(1000, 7);
  EXPECT_EQ(egress.targets.all.at(targets().back())->resumed, 1);
  EXPECT_EQ(egress.router.egress().target_data(targets().back(), rest), rest.size());
}

TEST_F(ByteBudget, AFlowThatIsOpenedWhileItsClientReadsSlowlyWaitsToo) {
  const UserId user = UserId::random(rng);
  open_flows(client, kFlows, user);
  for (const TargetId id : targets()) {
    egress.router.egress().target_data(id, window);
    settle_nodes();
  }
  const auto before = targets();
  says(FrameType::flow_request, 2 * kFlows + 1, as_bytes(sign(token_of(user))));
  settle_nodes();
  egress.targets.accept(egress.targets.opening.front());
  settle_nodes();
  ASSERT_EQ(targets().size(), before.size() + 1);
  for (const TargetId id : targets()) EXPECT_EQ(egress.router.egress().target_data(id, window), 0U);
}

TEST_F(ByteBudget, FlowsEndWhoseClientLeavesMoreUnreadThanItsQueueMayHold) {
  open_flows(client, kFlows, UserId::random(rng));
  at_client.clear();
  // They send what is on the way before anybody could pause.
  for (const TargetId id : targets()) egress.router.egress().target_data(id, window);
  settle_nodes();
  ASSERT_LE(held_for_client(), kMaxClientQueue + kSlack);
  const std::size_t full_windows = kMaxClientQueue / flow::kInitialWindow;
  EXPECT_LE(entry.router.entry().flows().size(), full_windows);
  EXPECT_GE(entry.router.entry().flows().size(), full_windows - 1) << "headers count too";
  read_client();
  expect_reset(2 * kFlows - 1, FlowReason::limit_reached);
}

TEST_F(ByteBudget, NoneIsLostOfAllTheFlowsOfAClientWhoseDataComesAtOnce) {
  open_flows(client, kMaxFlowsPerClient, UserId::random(rng));
  for (const TargetId id : targets())
    egress.router.egress().flows().find(id)->opening = flow::OpeningWindow{};
  std::size_t sent = 0;
  // Nobody could pause meanwhile, however long the way to the entry is.
  for (const TargetId id : targets()) sent += egress.router.egress().target_data(id, window);
  settle_nodes();
  EXPECT_EQ(sent, kMaxFlowsPerClient * flow::kFirstWindow);
  EXPECT_EQ(entry.router.entry().flows().size(), kMaxFlowsPerClient);
  EXPECT_GE(held_for_client(), sent);
  EXPECT_LT(held_for_client(), kMaxClientQueue);
}

TEST_F(ByteBudget, APersonWithManyClientsMayHaveNoMoreWaitForAllOfThem) {
  const UserId user = UserId::random(rng);
  std::vector<LinkId> clients;
  for (std::uint32_t i = 0; i < kClients; ++i) {
    clients.push_back(*entry.router.client_up(policy::IpAddress::parse("203.0.113.8")));
    open_flows(clients.back(), kFlowsEach, user);
  }
  const auto held = [&] {
    std::size_t all = 0;
    for (const LinkId id : clients) all += entry.router.queue(id).queued_bytes();
    return all;
  };
  for (const TargetId id : targets()) {
    egress.router.egress().target_data(id, window);
    settle_nodes();
    ASSERT_LE(held(), kUserPause + flow::kInitialWindow + kSlack);
  }
  EXPECT_EQ(entry.router.entry().flows().size(), kClients * kFlowsEach) << "none is lost";
  EXPECT_EQ(entry.router.board().pauses().for_user, 1U);
  // Somebody else is served as ever.
  open_flows(client, 1, UserId::random(rng));
  EXPECT_EQ(egress.router.egress().target_data(targets().back(), Bytes(1000, 7)), 1000U);
  settle_nodes();
  EXPECT_GT(held_for_client(), 1000U);
  // They go on when enough of it has gone, though some of their clients never read anything.
  for (std::size_t i = 0; i + 1 < clients.size(); ++i) {
    entry.router.link_down(clients[i], FlowReason::peer_lost);
  }
  settle_nodes();
  EXPECT_GT(egress.router.egress().target_data(targets()[targets().size() - 2], window), 0U);
}

TEST_F(ByteBudget, AClientWhoseEgressesNeverPauseTakesNoMoreThanItsPersonMayHave) {
  const UserId user = UserId::random(rng);
  std::vector<LinkId> clients;
  for (std::uint32_t i = 0; i < kClients; ++i) {
    clients.push_back(*entry.router.client_up(policy::IpAddress::parse("203.0.113.8")));
    open_flows(clients.back(), kFlowsEach, user);
  }
  for (const TargetId id : targets()) egress.router.egress().target_data(id, window);
  settle_nodes();
  std::size_t all = 0;
  for (const LinkId id : clients) all += entry.router.queue(id).queued_bytes();
  EXPECT_LE(all, kMaxUserQueue + kSlack);
  EXPECT_LT(entry.router.entry().flows().size(), kClients * kFlowsEach);
}

TEST_F(ByteBudget, APersonWithManyClientsIsReadNoFasterThanTheFabricTakesTheirBytes) {
  const UserId user = UserId::random(rng);
  std::vector<LinkId> clients;
  const auto read = [&](LinkId id) { return entry.router.board().may_read(id); };
  for (std::uint32_t i = 0; i < kClients; ++i) {
    clients.push_back(*entry.router.client_up(policy::IpAddress::parse("203.0.113.8")));
    open_flows(clients.back(), 2, user);
  }
  for (const LinkId id : clients) {
    for (std::size_t sent = 0; read(id) && sent + chunk.size() <= flow::kInitialWindow;
         sent += chunk.size()) {
      Bytes frame = frame_of(FrameType::data, 1, as_bytes(chunk));
      entry.router.on_frame(id, **wire::next_frame(frame), now, wall);
    }
  }
  EXPECT_LE(entry.router.queue(hops[0].on_a).queued_bytes(),
            kMaxUserBacklog + kMaxUserBacklog / 100);
  EXPECT_TRUE(std::ranges::none_of(clients, read)) << "from whichever of them";
  EXPECT_TRUE(may_read()) << "others are read as ever";
  settle_nodes();
  EXPECT_TRUE(std::ranges::all_of(clients, read));
  EXPECT_GE(entry.port.read_on_again, static_cast<int>(kClients));
}

TEST_F(ByteBudget, AClientIsOnOneAccountWhoeversTokensItShows) {
  const UserId slow = UserId::random(rng);
  const UserId other = UserId::random(rng);
  // All clients of this person pause, for one of them reads nothing.
  std::vector<LinkId> clients;
  for (std::uint32_t i = 0; i < kClients; ++i) {
    clients.push_back(*entry.router.client_up(policy::IpAddress::parse("203.0.113.8")));
    open_flows(clients.back(), kFlowsEach, slow);
  }
  for (const TargetId id : targets()) {
    egress.router.egress().target_data(id, window);
    settle_nodes();
  }
  ASSERT_EQ(entry.router.board().pauses().for_user, 1U);
  open_flows(client, kFlows, other);
  settle();
  const auto account = entry.router.board().find(client)->budget;
  const auto pauses = [&] {
    return relay.router.board().idle_frames()[static_cast<std::size_t>(IdleFrame::pause)];
  };
  const std::uint64_t before = pauses();
  for (std::uint32_t i = 0; i < 10; ++i) {
    request(2 * (kFlows + i) + 1, sign(token_of(i % 2 == 0 ? slow : other)));
  }
  EXPECT_EQ(entry.router.board().find(client)->budget, account);
  EXPECT_EQ(pauses(), before) << "what a relay bears of an entry is everybody's";
}

TEST_F(ByteBudget, ANodeThatAsksTheEgressAndNeverReadsIsNoneOfOurs) {
  egress.config.roles = {};
  egress.router.configure(egress.config);
  Bytes frame = frame_of(FrameType::flow_open, 2, wire::FlowOpen{egress_id, 1, Bytes(64)}.encode());
  std::size_t asked = 0;
  while (egress.router.on_frame(hops[1].on_a, **wire::next_frame(frame), now, wall)) {
    ASSERT_LT(++asked, kMaxAnswers);
  }
  EXPECT_LE(egress.router.queue(hops[1].on_a).queued_bytes(), kMaxAnswers + kSlack);
}

TEST_F(ByteBudget, ANodeThatAsksForWhatItDoesNotGetBreaksTheProtocolInTheEnd) {
  egress.config.roles = {};  // the cheapest of refusals: they are many
  egress.router.configure(egress.config);
  const LinkId link = hops[1].on_a;
  Bytes frame = frame_of(FrameType::flow_open, 2, wire::FlowOpen{egress_id, 1, Bytes(64)}.encode());
  std::size_t asked = 0;
  while (egress.router.on_frame(link, **wire::next_frame(frame), now, wall)) {
    ASSERT_LE(++asked, kNodesIdleFrames.burst);
    egress.router.queue(link).drop_flows();
  }
  EXPECT_EQ(asked, kNodesIdleFrames.burst);
  const auto& board = egress.router.board();
  EXPECT_EQ(board.floods()[static_cast<std::size_t>(IdleFrame::refused_request)], 1U);
  EXPECT_EQ(board.refusals()[static_cast<std::size_t>(FlowReason::not_ready)], asked + 1)
      << "counted by reason";
}

TEST_F(ByteBudget, AStrangerMaySayNothingSoOftenAndNoMore) {
  for (const auto type : {FrameType::data, FrameType::credit, FrameType::fin}) {
    const LinkId stranger = *entry.router.client_up({});
    const Bytes payload(type == FrameType::credit ? 4 : type == FrameType::data ? 1 : 0, 1);
    EXPECT_EQ(taken_of(stranger, frame_of(type, 1, payload)), kStrangersIdleFrames.burst);
  }
  EXPECT_EQ(entry.router.board().floods()[static_cast<std::size_t>(IdleFrame::unknown_label)], 3U);
}

TEST_F(ByteBudget, AStrangerMayHaveSoManyTokensLookedAtAndNoMore) {
  const LinkId stranger = *entry.router.client_up({});
  auto forged = token();
  forged.cluster = ClusterId::random(rng);
  const Bytes frame = frame_of(FrameType::flow_request, 1, as_bytes(sign(forged)));
  EXPECT_EQ(taken_of(stranger, frame), kStrangersIdleFrames.burst);
  EXPECT_EQ(entry.router.board().floods()[static_cast<std::size_t>(IdleFrame::refused_request)],
            1U);
}

TEST_F(ByteBudget, AClientWithAFlowMayBeLateWithManyFramesButNotForEver) {
  request(1, sign(token()));
  EXPECT_EQ(taken_of(client, frame_of(FrameType::data, 3, Bytes(1))), kClientsIdleFrames.burst);
}

TEST_F(ByteBudget, AClientWithAFlowMayHaveMoreTokensLookedAtButNotForEver) {
  request(1, sign(token()));
  auto forged = token();
  forged.cluster = ClusterId::random(rng);
  EXPECT_EQ(taken_of(client, frame_of(FrameType::flow_request, 3, as_bytes(sign(forged)))),
            kClientsIdleFrames.burst / kRefusedRequestWeight);
}

TEST_F(ByteBudget, CreditForNothingIsCountedToo) {
  request(1, sign(token()));
  EXPECT_EQ(taken_of(client, frame_of(FrameType::credit, 1, Bytes(4, 1))),
            kClientsIdleFrames.burst);
}

TEST_F(ByteBudget, ANodeThatPausesAndGoesOnAndPausesBreaksTheProtocol) {
  request(1, sign(token()));
  std::uint32_t label = 0;
  relay.router.board().find(hops[0].on_b)->flows.for_each([&](std::uint32_t l, FlowEnd&) {
    label = l;
  });
  Bytes frame = frame_of(FrameType::pause, label, Bytes(1, 1));
  std::size_t taken = 0;
  while (relay.router.on_frame(hops[0].on_b, **wire::next_frame(frame), now, wall)) {
    ASSERT_LE(++taken, kNodesIdleFrames.burst);
  }
  EXPECT_LE(relay.router.queue(hops[1].on_b).queued_bytes(),
            (kNodesIdleFrames.burst + 1) * (wire::kFrameHeader + 1));
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
