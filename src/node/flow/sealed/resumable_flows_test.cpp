#include "node/flow/sealed/resumable_flows.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "node/flow/sealed/test_sealed.hpp"

namespace rap::flow {
namespace {

using wire::FlowReason;

TEST(ResumableFlows, SomebodyElsesFlowIsAnsweredLikeOneThatIsNotThere) {
  FlowWorld w;
  w.open();
  const auto stranger = crypto::X25519KeyPair::generate(w.rng);
  const auto theirs = w.ask(w.first_message(stranger, w.id), w.new_path());
  ASSERT_FALSE(theirs);
  EXPECT_EQ(theirs.error(), FlowReason::unknown_flow);
  const auto none = w.ask(w.first_message(w.client_key, wire::FlowId::random(w.rng)), w.new_path());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error(), FlowReason::unknown_flow);
}

TEST(ResumableFlows, WhoRepeatsWhatTheClientSentDisplacesNoneOfItsOffers) {
  FlowWorld w;
  w.cut(w.open());
  std::vector<Bytes> recorded;
  for (std::size_t i = 0; i < kMaxOfferedPaths; ++i) {
    recorded.push_back(w.first_message(w.client_key, w.id));
    if (i > 0) ASSERT_TRUE(w.ask(recorded.back(), w.new_path()));
  }
  TestPath& path = w.new_path();
  const auto answer = w.ask(w.first_message(w.client_key, w.id), path);
  ASSERT_TRUE(answer);
  for (const Bytes& one : recorded) {
    const auto again = w.ask(one, w.new_path());
    ASSERT_FALSE(again) << "whether it was answered before or only held back";
    EXPECT_EQ(again.error(), FlowReason::superseded);
  }
  auto keys = w.handshake->finish(*answer);
  w.client->resumed(w.now, path.at(path.up), std::move(*keys),
                    wire::FlowAnswer::decode(w.handshake->answer())->position);
  w.client_says("still here");
  w.carry(path);
  EXPECT_EQ(as_text(w.egress_heard.data), "still here");
}

TEST(ResumableFlows, AFlowGoesOnWithAGrantForItselfAndWithNoOther) {
  FlowWorld w;
  w.open();
  const auto other = w.rights_of(UserId::random(w.rng));
  using Grant = crypto::ResumeGrant;
  const auto refuses = [&](const std::function<void(Grant&)>& change) {
    Grant grant = w.grant();
    change(grant);
    auto arrival = w.egress.read(w.first_message(w.client_key, w.id));
    TestPath& path = w.new_path();
    const auto answer = w.egress.resume(w.now, std::move(*arrival), path.at(path.down), grant);
    return !answer && answer.error() == FlowReason::unknown_flow;
  };
  EXPECT_TRUE(refuses([&](Grant& g) { g.user = other.user; }));
  EXPECT_TRUE(refuses([&](Grant& g) { g.session = other.session; }));
  EXPECT_TRUE(refuses([&](Grant& g) { g.organization = other.organization; }));
  EXPECT_TRUE(refuses([&](Grant& g) { g.resource = other.resource; }));
  EXPECT_TRUE(refuses([&](Grant& g) { g.egress_pool = other.egress_pool; }));
  EXPECT_TRUE(refuses([](Grant& g) { g.flow_key.fill(7); }));
  EXPECT_TRUE(refuses([](Grant& g) { g.classes = {wire::TrafficClass::file_transfer}; }));
  EXPECT_FALSE(refuses([](Grant&) {}));
}

TEST(ResumableFlows, AFirstMessageOfTheOtherKindDoesNotResume) {
  FlowWorld w;
  w.open();
  const auto opens = w.ask(w.first_message(w.client_key, std::nullopt), w.new_path());
  ASSERT_FALSE(opens);
  EXPECT_EQ(opens.error(), FlowReason::unknown_flow);
}

TEST(ResumableFlows, AFlowKeepsItsClass) {
  FlowWorld w;
  w.open();
  w.handshake.emplace(w.client_key, w.egress_key.public_key, w.rng);
  const auto bulk =
      w.ask(w.handshake->first_message(
                wire::FirstMessage{wire::TrafficClass::file_transfer, w.id, "credential"}.encode()),
            w.new_path());
  ASSERT_FALSE(bulk);
  EXPECT_EQ(bulk.error(), FlowReason::channel_class_denied);
}

TEST(ResumableFlows, WhatIsNotForThisEgressIsNotRead) {
  FlowWorld w;
  const auto other = crypto::X25519KeyPair::generate(w.rng);
  crypto::SealInitiator handshake(w.client_key, other.public_key, w.rng);
  const auto read = w.egress.read(handshake.first_message(Bytes(100)));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error(), FlowReason::seal_failed);
  w.handshake.emplace(w.client_key, w.egress_key.public_key, w.rng);
  const auto nonsense = w.egress.read(w.handshake->first_message(Bytes(100)));
  ASSERT_FALSE(nonsense);
  EXPECT_EQ(nonsense.error(), FlowReason::protocol_error);
}

TEST(ResumableFlows, AFlowThatWasHeldTooLongIsGone) {
  FlowWorld w;
  w.cut(w.open());
  EXPECT_EQ(w.egress.held(), 1U);
  w.now += kDefaultHold;
  w.egress.tick(w.now);
  EXPECT_EQ(w.egress_heard.why, FlowReason::hold_expired);
  EXPECT_EQ(w.egress.held(), 0U);
  EXPECT_EQ(w.egress.held_bytes(), 0U);
  const auto late = w.resume();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error(), FlowReason::unknown_flow);
}

TEST(ResumableFlows, ItsOwnerIsToldWhenThereIsSomethingToDoAndForWhich) {
  FlowWorld w;
  EXPECT_FALSE(w.egress.next_wakeup());
  TestPath& path = w.open();
  w.client_says("hello");
  w.carry(path);
  ASSERT_TRUE(w.egress.next_wakeup());
  EXPECT_LE(*w.egress.next_wakeup(), w.now + kAckDelay);
  EXPECT_TRUE(w.egress.due(w.now).empty());
  w.now += kAckDelay;
  EXPECT_EQ(w.egress.due(w.now), std::vector{w.id});
  w.egress.with(w.now, w.id, [&](SealedEnd& end) { end.wakeup(w.now); });
  w.carry(path);
  EXPECT_LE(*w.egress.next_wakeup(), w.now + kSayEvery) << "and so again";
  w.cut(path);
  w.now += kDefaultHold;
  w.egress.tick(w.now);
  EXPECT_EQ(w.egress.size(), 0U);
  EXPECT_FALSE(w.egress.next_wakeup()) << "of a flow that is gone";
}

TEST(ResumableFlows, AFlowThatGoesOnIsHeldNoMore) {
  FlowWorld w;
  w.cut(w.open());
  EXPECT_GT(w.egress.held_bytes(), 0U);
  const auto path = w.resume();
  ASSERT_TRUE(path);
  EXPECT_EQ(w.egress.held(), 1U) << "an answer alone is no path";
  w.carry(**path);
  EXPECT_EQ(w.egress.held(), 0U);
  EXPECT_EQ(w.egress.held_bytes(), 0U);
}

// Opens a flow of somebody and cuts its path.
struct Holding {
  explicit Holding(HoldBounds bounds) : world(1, {}, bounds) {}

  HeardFlow& hold(UserId user) {
    TestPath& path = world.new_path();
    auto arrival = world.egress.read(world.first_message(world.client_key, std::nullopt));
    heard.push_back(std::make_unique<HeardFlow>());
    const auto opened = world.egress.open(world.now, std::move(*arrival), path.at(path.down),
                                          world.rights_of(user), *heard.back());
    world.egress.with(world.now, opened.flow,
                      [&](SealedEnd& end) { end.path_lost(world.now, path.number); });
    return *heard.back();
  }

  FlowWorld world;
  std::vector<std::unique_ptr<HeardFlow>> heard;
};

TEST(ResumableFlows, OfOnePersonSoManyAreHeldAndThenTheLongestHeldEnds) {
  Holding h({.flows = 100, .flows_of_one = 3});
  const UserId one = UserId::random(h.world.rng);
  const UserId other = UserId::random(h.world.rng);
  h.hold(other);
  for (int i = 0; i < 3; ++i) h.hold(one);
  EXPECT_EQ(h.world.egress.held(), 4U);
  h.hold(one);
  EXPECT_EQ(h.world.egress.held(), 4U);
  EXPECT_FALSE(h.heard[0]->ended) << "nobody pays for another";
  EXPECT_EQ(h.heard[1]->why, FlowReason::hold_expired);
  EXPECT_FALSE(h.heard[4]->ended);
}

TEST(ResumableFlows, OfAllSoManyBytesAreHeld) {
  Holding h({.bytes = 3 * kHeldTail});
  for (int i = 0; i < 3; ++i) h.hold(UserId::random(h.world.rng));
  EXPECT_EQ(h.world.egress.held_bytes(), 3 * kHeldTail);
  h.hold(UserId::random(h.world.rng));
  EXPECT_EQ(h.world.egress.held_bytes(), 3 * kHeldTail);
  EXPECT_EQ(h.heard[0]->why, FlowReason::hold_expired);
  EXPECT_FALSE(h.heard[3]->ended);
}

TEST(ResumableFlows, WhatArrivedAndWasNotTakenIsHeldToo) {
  FlowWorld w(1, {.held_tail = 1024});
  TestPath& path = w.open();
  w.client->take(w.now, Bytes(5000));
  w.carry_up(path);
  w.cut(path);
  EXPECT_EQ(w.egress.held_bytes(), 1024U + 5000U);
  auto next = w.resume();
  ASSERT_TRUE(next);
  w.carry(**next);
  EXPECT_EQ(w.egress.held_bytes(), 0U);
}

TEST(ResumableFlows, FlowsWithAPathKeepNoMoreThanAPersonsShare) {
  FlowWorld w(1, {}, {.tails_of_one = 2 * kTailRoom});
  w.open();
  std::size_t taken = 0;
  w.egress.with(w.now, w.id, [&](SealedEnd& end) { taken = end.take(w.now, Bytes(kMaxTail)); });
  EXPECT_EQ(taken, 2 * kTailRoom);
  EXPECT_EQ(w.egress.tail_bytes(), 2 * kTailRoom);
  w.egress.with(w.now, w.id, [&](SealedEnd& end) { end.end(w.now, FlowReason::signed_out); });
  EXPECT_EQ(w.egress.tail_bytes(), 0U);
}

TEST(ResumableFlows, OfOnePersonSoManyBytesAreHeld) {
  Holding h({.bytes_of_one = 2 * kHeldTail});
  const UserId one = UserId::random(h.world.rng);
  for (int i = 0; i < 3; ++i) h.hold(one);
  EXPECT_EQ(h.world.egress.held(), 2U);
  EXPECT_TRUE(h.heard[0]->ended);
}

}  // namespace
}  // namespace rap::flow
