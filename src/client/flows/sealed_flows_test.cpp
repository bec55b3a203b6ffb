#include "client/flows/sealed_flows.hpp"

#include <gtest/gtest.h>

#include <set>

#include "client/flows/test_sealed_flows.hpp"

namespace rap::client {
namespace {

using wire::FlowReason;
using wire::FrameType;
using Way = EntryDouble::Way;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SealedFlows, OpenAtTheFirstEgressAndCarryBothWays) {
  FlowsWorld w;
  FlowUserDouble user;
  const FlowNumber flow = w.open(user);
  EXPECT_EQ(user.accepted, 0);
  w.carry();
  EXPECT_EQ(user.accepted, 1);
  EXPECT_EQ(&w.egress_of(0), w.egresses[0].get());
  w.say(flow, "to the target");
  w.target_says(0, "to the client");
  w.carry();
  EXPECT_EQ(w.target(0).data, "to the target");
  EXPECT_EQ(user.data, "to the client");
  EXPECT_TRUE(w.passed.empty());
}

TEST(SealedFlows, AreGoneOnceBothEndsHaveSaidAllAndHeardIt) {
  FlowsWorld w;
  FlowUserDouble user;
  const FlowNumber flow = w.open(user);
  w.carry();
  w.say(flow, "all");
  w.flows.finish(w.now, flow);
  w.run(milliseconds{50});
  EXPECT_TRUE(w.target(0).finished);
  EXPECT_EQ(user.ended, 0);
  w.egress_of(0).flows.with(w.now, w.opened[0].second,
                            [&](flow::SealedEnd& end) { end.finish(w.now); });
  w.run(milliseconds{100});
  EXPECT_TRUE(user.finished);
  EXPECT_EQ(user.ended, 1);
  EXPECT_FALSE(user.ending);
  EXPECT_TRUE(w.target(0).ended);
  EXPECT_EQ(w.flows.size(), 0U);
  EXPECT_EQ(w.carried_by(0), 0U) << "the label is free";
}

TEST(SealedFlows, AskTheNextEgressWithAnotherTokenWhenOneDoesNotGetToTheTarget) {
  FlowsWorld w;
  w.egresses[0]->refuses = FlowReason::target_unreachable;
  FlowUserDouble user;
  w.open(user);
  w.run(milliseconds{50});
  EXPECT_EQ(user.accepted, 1);
  EXPECT_EQ(&w.egress_of(0), w.egresses[1].get());
  EXPECT_EQ(w.entries[1]->questions, 1U) << "the first entry's token is spent";
  EXPECT_TRUE(w.passed.empty()) << "no entry is to blame";
}

TEST(SealedFlows, SayWhatWasRefusedOnceEveryEgressRefusedIt) {
  FlowsWorld w;
  w.egresses[0]->refuses = FlowReason::target_refused;
  w.egresses[1]->refuses = FlowReason::target_timeout;
  FlowUserDouble user;
  user.waits_for_tokens = true;
  w.open(user);
  w.run(milliseconds{100});
  EXPECT_EQ(user.ended, 1);
  EXPECT_EQ(user.ending, FlowReason::target_refused);
  EXPECT_TRUE(user.lacked.empty());
  EXPECT_EQ(w.flows.size(), 0U);
}

TEST(SealedFlows, PassOverAnEntryThatIsAway) {
  FlowsWorld w;
  w.entries[0]->way = Way::down;
  FlowUserDouble user;
  w.open(user);
  w.run(milliseconds{50});
  EXPECT_EQ(user.accepted, 1);
  EXPECT_EQ(w.passed, std::vector<std::string>{"entry0.example"});
  EXPECT_EQ(&w.egress_of(0), w.egresses[0].get());
}

TEST(SealedFlows, WaitForOtherTokensWhenTheirUserGetsSome) {
  FlowsWorld w(1);
  w.entries[0]->refuses = FlowReason::not_ready;
  FlowUserDouble user;
  user.waits_for_tokens = true;
  const FlowNumber flow = w.open(user);
  w.run(seconds{1});
  EXPECT_EQ(user.lacked, std::vector<FlowReason>{FlowReason::not_ready});
  EXPECT_EQ(user.ended, 0);
  w.entries[0]->refuses.reset();
  w.flows.open_again(w.now, flow, w.attachment());
  w.run(milliseconds{50});
  EXPECT_EQ(user.accepted, 1);
}

TEST(SealedFlows, EndWithTheLastReasonWhenTheirUserGetsNoOtherTokens) {
  FlowsWorld w(1);
  w.entries[0]->way = Way::down;
  FlowUserDouble user;
  w.open(user);
  w.run(milliseconds{50});
  EXPECT_EQ(user.ended, 1);
  EXPECT_EQ(user.ending, FlowReason::peer_lost);
  EXPECT_EQ(user.detail, "connection refused");
}

TEST(SealedFlows, GoOnByAnotherEntryWithoutLosingOrDoublingAByte) {
  FlowsWorld w;
  FlowUserDouble user;
  const FlowNumber flow = w.open(user);
  w.carry();
  w.say(flow, "one ");
  w.carry();
  w.say(flow, "two ");
  w.target_says(0, "three ");
  w.cut(0);  // what was under way is lost
  w.entries[0]->way = Way::down;
  w.say(flow, "four");
  w.target_says(0, "five");
  ASSERT_TRUE(w.flows.away());
  w.run(seconds{1});
  EXPECT_EQ(w.target(0).data, "one two four");
  EXPECT_EQ(user.data, "three five");
  EXPECT_EQ(w.carried_by(1), 1U);
  EXPECT_FALSE(w.flows.away());
  EXPECT_EQ(user.accepted, 1);
  EXPECT_EQ(user.ended, 0);
}

TEST(SealedFlows, GoOnByTheOnlyEntryOnceItIsBack) {
  FlowsWorld w(1, 1);
  FlowUserDouble user;
  const FlowNumber flow = w.open(user);
  w.carry();
  w.cut(0);
  w.entries[0]->way = Way::down;
  w.say(flow, "typed while nobody listens");
  w.run(seconds{60});
  EXPECT_LT(w.entries[0]->dialled, 40U) << "later and later";
  EXPECT_GT(w.entries[0]->dialled, 10U);
  EXPECT_EQ(w.flows.away()->detail, "connection refused");
  w.entries[0]->way = Way::up;
  w.run(seconds{5});
  EXPECT_EQ(w.target(0).data, "typed while nobody listens");
}

TEST(SealedFlows, PassOverAnEntryThatAnswersNothingWhileTheyGoOn) {
  FlowsWorld w;
  FlowUserDouble user;
  w.open(user);
  w.carry();
  w.cut(0);
  w.entries[1]->way = Way::silent;
  w.run(kDialPatience + seconds{1});
  EXPECT_EQ(w.carried_by(0), 1U);
  w.cut(0);
  w.entries[1]->way = Way::up;
  w.entries[1]->answers = false;
  w.run(kPathPatience + seconds{2});
  EXPECT_EQ(w.carried_by(0), 1U);
  EXPECT_EQ(user.ended, 0);
}

TEST(SealedFlows, AFlowIsOverOnceEveryEntrySaysSoForAWhileAndNotBefore) {
  FlowsWorld w;
  FlowUserDouble user;
  w.open(user);
  w.carry();
  w.entries[0]->refuses = FlowReason::signed_out;
  w.entries[1]->refuses = FlowReason::not_ready;
  w.cut(0);
  w.run(seconds{30});
  EXPECT_EQ(user.ended, 0) << "one of them does not";
  w.entries[1]->refuses = FlowReason::signed_out;
  w.run(seconds{40});
  EXPECT_EQ(user.ended, 1);
  EXPECT_EQ(user.ending, FlowReason::signed_out);
}

TEST(SealedFlows, NoRefusalInClearEndsAFlowAtOnce) {
  FlowsWorld w;
  FlowUserDouble user;
  const FlowNumber flow = w.open(user);
  w.carry();
  w.cut(0);
  for (std::size_t value = 1; value < wire::kFlowReasonNames.size(); ++value) {
    w.entries[0]->refuses = w.entries[1]->refuses =
        wire::flow_reason_from(static_cast<std::uint8_t>(value));
    w.run(seconds{2});
    w.entries[0]->refuses = FlowReason::not_ready;
    w.run(seconds{6});
  }
  EXPECT_EQ(user.ended, 0);
  EXPECT_LT(w.entries[0]->questions + w.entries[1]->questions, 150U) << "later and later";
  w.entries[0]->refuses.reset();
  w.entries[1]->refuses.reset();
  w.say(flow, "still there");
  w.run(seconds{6});
  EXPECT_EQ(w.target(0).data, "still there");
}

TEST(SealedFlows, EachAttemptHasAHigherNumberThanAllBefore) {
  FlowsWorld w;
  FlowUserDouble user;
  w.open(user);
  w.carry();
  std::vector<std::uint64_t> all;
  for (int i = 0; i < 6; ++i) {
    w.cut(0);
    w.cut(1);
    w.run(seconds{2});
  }
  for (const auto& entry : w.entries) {
    EXPECT_TRUE(std::ranges::is_sorted(entry->attempts));
    all.insert(all.end(), entry->attempts.begin(), entry->attempts.end());
  }
  EXPECT_GE(all.size(), 6U);
  EXPECT_EQ(std::set(all.begin(), all.end()).size(), all.size());
  EXPECT_EQ(*std::ranges::min_element(all), 1U);
  EXPECT_EQ(user.ended, 0);
}

TEST(SealedFlows, AFlowThatFindsNoWayForTooLongSaysSo) {
  FlowsWorld w(1, 1);
  w.hold = seconds{20};
  FlowUserDouble user;
  w.open(user);
  w.carry();
  w.cut(0);
  w.entries[0]->way = Way::down;
  w.run(w.hold + kHoldLonger - seconds{1});
  EXPECT_EQ(user.ended, 0);
  w.run(seconds{2});
  EXPECT_EQ(user.ended, 1);
  EXPECT_EQ(user.ending, FlowReason::hold_expired);
  EXPECT_EQ(user.detail, "connection refused");
  EXPECT_EQ(w.flows.size(), 0U);
  const std::size_t dialled = w.entries[0]->dialled;
  w.run(seconds{30});
  EXPECT_EQ(w.entries[0]->dialled, dialled) << "nobody asks for it any more";
}

TEST(SealedFlows, WhatTheEgressSaysSealedEndsAFlow) {
  FlowsWorld w;
  FlowUserDouble user;
  w.open(user);
  w.carry();
  w.egress_of(0).flows.with(w.now, w.opened[0].second,
                            [&](flow::SealedEnd& end) { end.end(w.now, FlowReason::signed_out); });
  w.carry();
  EXPECT_EQ(user.ended, 1);
  EXPECT_EQ(user.ending, FlowReason::signed_out);
  EXPECT_EQ(user.detail, "");
}

TEST(SealedFlows, AnotherClientWithTheSameKeysTakesAFlowForGood) {
  FlowsWorld w;
  FlowUserDouble user;
  w.open(user);
  w.carry();
  w.egress_of(0).flows.with(w.now, w.opened[0].second,
                            [&](flow::SealedEnd& end) { end.end(w.now, FlowReason::superseded); });
  w.carry();
  EXPECT_EQ(user.ending, FlowReason::superseded);
  w.run(seconds{30});
  EXPECT_EQ(w.entries[0]->questions + w.entries[1]->questions, 1U) << "it does not come back";
}

TEST(SealedFlows, AResetOfAHopEndsThePathAndNotTheFlow) {
  FlowsWorld w;
  FlowUserDouble user;
  const FlowNumber flow = w.open(user);
  w.carry();
  // The egress's end gives the path up, and the hops carry the reset.
  w.egress_of(0).flows.with(w.now, w.opened[0].second, [&](flow::SealedEnd& end) {
    Bytes nonsense(64, 1);
    end.receive(w.now, 1, FrameType::data, nonsense);
  });
  w.carry();
  EXPECT_TRUE(w.flows.away());
  w.say(flow, "goes on");
  w.run(seconds{1});
  EXPECT_EQ(w.target(0).data, "goes on");
  EXPECT_EQ(user.ended, 0);
}

TEST(SealedFlows, AnAnswerThatSomebodyChangedIsNone) {
  FlowsWorld w(1, 1);
  w.entries[0]->answers = false;
  FlowUserDouble user;
  w.open(user);
  w.carry();
  Bytes frame(wire::kFrameHeader + 90, 7);
  wire::encode_header({FrameType::flow_accept, wire::TrafficClass::input, 90, 0x10001},
                      frame.data());
  EXPECT_TRUE(w.flows.receive(w.now, 1, frame));
  w.run(milliseconds{50});
  EXPECT_EQ(user.accepted, 0);
  EXPECT_EQ(user.ending, FlowReason::seal_failed);
}

TEST(SealedFlows, AFrameThatIsNotForClientsEndsTheConnection) {
  FlowsWorld w;
  FlowUserDouble user;
  w.open(user);
  w.carry();
  for (const FrameType type :
       {FrameType::flow_confirm, FrameType::flow_attach, FrameType::flow_request}) {
    Bytes frame(wire::kFrameHeader + 200, 0);
    wire::encode_header({type, wire::TrafficClass::input, 200, 0x10001}, frame.data());
    EXPECT_FALSE(w.flows.receive(w.now, 1, frame));
  }
}

TEST(SealedFlows, ALargeTransferSurvivesCutsOfEitherEntryBothWays) {
  FlowsWorld w;
  FlowUserDouble user;
  const FlowNumber flow = w.open(user);
  w.carry();
  const std::string up = pattern(3'000'000);
  const std::string down = pattern(2'000'000);
  std::size_t said = 0;
  std::size_t back = 0;
  std::size_t taken = 0;
  for (int turn = 0;
       turn < 4000 && (w.target(0).data.size() < up.size() || user.data.size() < down.size());
       ++turn) {
    said += w.flows.take(w.now, flow, as_bytes(std::string_view(up).substr(said, 20'000)));
    w.egress_of(0).flows.with(w.now, w.opened[0].second, [&](flow::SealedEnd& end) {
      back += end.take(w.now, as_bytes(std::string_view(down).substr(back, 20'000)));
    });
    if (turn % 97 == 50) w.cut(0);
    if (turn % 97 == 90) w.cut(1);
    w.flows.consumed(w.now, flow, user.data.size() - taken);
    taken = user.data.size();
    w.run(milliseconds{25});
  }
  EXPECT_TRUE(w.target(0).data == up);
  EXPECT_TRUE(user.data == down);
}

TEST(SealedFlows, WhoeverLeavesHearsNothingMoreAndTheTargetHearsThatItBroke) {
  FlowsWorld w;
  FlowUserDouble user;
  const FlowNumber flow = w.open(user);
  w.carry();
  w.flows.leave(w.now, flow);
  w.carry();
  EXPECT_EQ(user.ended, 0);
  EXPECT_EQ(w.flows.size(), 0U);
  EXPECT_TRUE(w.target(0).ended);
  EXPECT_TRUE(w.target(0).ending);
}

TEST(SealedFlows, WhoeverLeavesWhileItIsAskedTakesTheQuestionBack) {
  FlowsWorld w;
  w.entries[0]->answers = false;
  FlowUserDouble user;
  const FlowNumber flow = w.open(user);
  w.carry();
  w.flows.leave(w.now, flow);
  EXPECT_FALSE(w.flows.output(1).empty()) << "a reset for the hops";
  EXPECT_EQ(w.flows.size(), 0U);
  w.carry();
  w.run(seconds{90});
  EXPECT_EQ(user.ended, 0);
}

TEST(SealedFlows, TheLastBytesArriveThoughTheConnectionIsLostBehindThem) {
  FlowsWorld w;
  FlowUserDouble user;
  const FlowNumber flow = w.open(user);
  w.carry();
  w.egress_of(0).flows.with(w.now, w.opened[0].second,
                            [&](flow::SealedEnd& end) { end.finish(w.now); });
  w.carry();
  w.say(flow, "the last");
  w.flows.finish(w.now, flow);
  w.cut(0);
  EXPECT_EQ(user.ended, 0);
  w.run(seconds{2});
  EXPECT_EQ(w.target(0).data, "the last");
  EXPECT_TRUE(w.target(0).finished);
  EXPECT_EQ(user.ended, 1);
  EXPECT_FALSE(user.ending);
}

}  // namespace
}  // namespace rap::client
