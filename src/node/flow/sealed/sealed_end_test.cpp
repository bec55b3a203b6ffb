#include "node/flow/sealed/sealed_end.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "node/flow/sealed/test_sealed.hpp"

namespace rap::flow {
namespace {

using wire::FlowReason;
using wire::FrameType;

std::string text(const Bytes& bytes) { return std::string(as_text(bytes)); }

std::size_t count_of(const std::deque<SealedFrame>& frames, FrameType type) {
  return static_cast<std::size_t>(std::ranges::count_if(
      frames, [&](const SealedFrame& f) { return wire::frame_type(f.data()) == type; }));
}

TEST(SealedEnd, CarriesBothWaysAndShowsNobodyWhatItCarries) {
  FlowWorld w;
  TestPath& path = w.open();
  w.client_says("a password that nobody sees");
  auto up = frames_in(path.up);
  for (const SealedFrame& frame : up) {
    EXPECT_EQ(text(frame).find("password"), std::string::npos);
  }
  for (SealedFrame& frame : up) w.to_egress(path, std::move(frame));
  w.egress_says("welcome");
  w.carry(path);
  EXPECT_EQ(text(w.egress_heard.data), "a password that nobody sees");
  EXPECT_EQ(text(w.client_heard.data), "welcome");
}

TEST(SealedEnd, GoesOnAfterACutWithWhatWasLost) {
  FlowWorld w;
  TestPath& first = w.open();
  w.client_says("one ");
  w.carry(first);
  w.client_says("two ");  // which goes down with the path
  w.egress_says("three ");
  w.cut(first);
  w.client_says("four");
  w.egress_says("five");
  auto second = w.resume();
  ASSERT_TRUE(second);
  w.carry(**second);
  EXPECT_EQ(text(w.egress_heard.data), "one two four");
  EXPECT_EQ(text(w.client_heard.data), "three five");
}

TEST(SealedEnd, ChangesItsPathWhileTheOldOneWorks) {
  FlowWorld w;
  TestPath& first = w.open();
  TestPath& second = w.new_path();
  const auto answer = w.ask(w.first_message(w.client_key, w.id), second);
  ASSERT_TRUE(answer);
  w.client_says("sent on the old one after the answer, ");
  w.carry(first);
  auto keys = w.handshake->finish(*answer);
  ASSERT_TRUE(keys);
  w.client->resumed(w.now, second.at(second.up), std::move(*keys),
                    wire::FlowAnswer::decode(w.handshake->answer())->position);
  w.client_says("on the new one");
  w.egress_says("still on the old one, which the client has left; ");
  w.carry(first);
  w.carry(second);
  w.egress_says("and on the new one");
  w.carry(second);
  w.now += kAckDelay;
  w.egress.tick(w.now);
  w.carry(second);
  EXPECT_EQ(text(w.egress_heard.data), "sent on the old one after the answer, on the new one");
  EXPECT_EQ(text(w.client_heard.data),
            "still on the old one, which the client has left; and on the new one");
  EXPECT_EQ(w.client_heard.over.at(first.number), FlowReason::superseded);
  EXPECT_EQ(w.egress_heard.over.at(first.number), FlowReason::superseded);
}

TEST(SealedEnd, AClientKeepsTheOldPathUntilTheEgressHasHeardOfTheNewOne) {
  FlowWorld w;
  TestPath& first = w.open();
  auto second = w.resume();
  ASSERT_TRUE(second);
  EXPECT_TRUE(first.up.empty()) << "a reset that comes first makes the egress hold the flow";
  EXPECT_FALSE(w.client_heard.over.contains(first.number));
  w.carry(**second);
  w.now += kAckDelay;
  w.egress.tick(w.now);
  w.carry(**second);
  EXPECT_EQ(w.client_heard.over.at(first.number), FlowReason::superseded);
  EXPECT_EQ(count_of(frames_in(first.up), FrameType::reset), 1U);
}

TEST(SealedEnd, AClientThatHearsItsOldPathClosedKeepsTheNewOne) {
  FlowWorld w;
  TestPath& first = w.open();
  auto second = w.resume();
  ASSERT_TRUE(second);
  w.carry(**second);
  w.carry_down(first);
  EXPECT_EQ(w.client_heard.over.at(first.number), FlowReason::superseded);
  EXPECT_TRUE(first.up.empty()) << "the hops let go as they carried the close";
  EXPECT_FALSE(w.client_heard.ended);
  EXPECT_TRUE(w.client->has_path());
}

// Two clients with one key, as of a machine that was copied: the one that comes later has the flow,
// and the other one does not come back for it.
TEST(SealedEnd, OfTwoClientsTheEarlierOneEndsAndNeverBothGoOn) {
  FlowWorld w;
  TestPath& first = w.open();
  TestPath& other = w.new_path();
  const auto answer = w.ask(w.first_message(w.client_key, w.id), other);
  ASSERT_TRUE(answer);
  auto keys = w.handshake->finish(*answer);
  ASSERT_TRUE(keys);
  SendQueue copy;
  const auto confirmed = wire::FlowConfirm{w.client->position(), 0}.encode();
  Bytes sealed(confirmed.size() + crypto::kSealTag);
  const std::uint8_t bound[] = {static_cast<std::uint8_t>(FrameType::flow_confirm)};
  ASSERT_TRUE(keys->send.seal(bound, confirmed, sealed.data()));
  copy.append({FrameType::flow_confirm, wire::TrafficClass::input,
               static_cast<std::uint16_t>(sealed.size()), 1},
              sealed);
  w.to_egress(other, frames_in(copy).front());
  EXPECT_EQ(w.egress_heard.over.at(first.number), FlowReason::superseded);
  w.egress_says("hello");
  w.carry_down(first);
  EXPECT_TRUE(w.client_heard.ended);
  EXPECT_EQ(w.client_heard.why, FlowReason::superseded);
  EXPECT_TRUE(w.client_heard.data.empty());
  EXPECT_EQ(count_of(frames_in(other.down), FrameType::data), 1U);
  EXPECT_FALSE(w.egress_heard.ended);
}

TEST(SealedEnd, AnAnswerAloneTakesNoPathFromAnybody) {
  FlowWorld w;
  TestPath& first = w.open();
  const Bytes recorded = w.first_message(w.client_key, w.id);
  TestPath& replayed = w.new_path();
  ASSERT_TRUE(w.ask(recorded, replayed)) << "a first message can be replayed";
  w.client_says("typing");
  w.egress_says("seeing");
  w.carry(first);
  EXPECT_EQ(text(w.egress_heard.data), "typing");
  EXPECT_EQ(text(w.client_heard.data), "seeing");
  w.now += kConfirmPatience;
  w.egress.tick(w.now);
  EXPECT_EQ(w.egress_heard.over.at(replayed.number), FlowReason::setup_timeout);
}

TEST(SealedEnd, AConfirmationThatIsNotTheClientsTakesNoPathEither) {
  FlowWorld w;
  TestPath& first = w.open();
  TestPath& other = w.new_path();
  ASSERT_TRUE(w.ask(w.first_message(w.client_key, w.id), other));
  SendQueue forged;
  forged.append({FrameType::flow_confirm, wire::TrafficClass::input, 41, 3}, Bytes(41));
  w.to_egress(other, frames_in(forged).front());
  EXPECT_EQ(w.egress_heard.over.at(other.number), FlowReason::seal_failed);
  w.client_says("on");
  w.carry(first);
  EXPECT_EQ(text(w.egress_heard.data), "on");
}

TEST(SealedEnd, AConfirmationThatWasHeldBackDoesNotTakeTheFlowBack) {
  FlowWorld w;
  w.cut(w.open());
  const auto asked = [&](TestPath& path) {
    const auto answer = w.ask(w.first_message(w.client_key, w.id), path);
    return std::pair(w.handshake->finish(*answer),
                     wire::FlowAnswer::decode(w.handshake->answer())->position);
  };
  TestPath& second = w.new_path();
  auto [second_keys, second_said] = asked(second);
  TestPath& third = w.new_path();
  auto [third_keys, third_said] = asked(third);
  w.client->resumed(w.now, second.at(second.up), std::move(*second_keys), second_said);
  const SealedFrame kept = frames_in(second.up).front();
  w.client->path_lost(w.now, second.number);
  w.client->resumed(w.now, third.at(third.up), std::move(*third_keys), third_said);
  w.carry(third);
  w.to_egress(second, kept);
  w.carry(third);
  EXPECT_FALSE(w.client_heard.ended);
  EXPECT_FALSE(w.egress_heard.ended);
  w.client_says("here");
  w.egress_says("there");
  w.carry(third);
  EXPECT_EQ(text(w.egress_heard.data), "here");
  EXPECT_EQ(text(w.client_heard.data), "there");
}

TEST(SealedEnd, KeepsFewPathsThatNobodyConfirms) {
  FlowWorld w;
  w.open();
  for (std::size_t i = 0; i < 3 * kMaxOfferedPaths; ++i) {
    ASSERT_TRUE(w.ask(w.first_message(w.client_key, w.id), w.new_path()));
  }
  w.egress.with(w.now, w.id,
                [](SealedEnd& end) { EXPECT_EQ(end.offered_paths(), kMaxOfferedPaths); });
}

// --- a node between that is not honest -----------------------------------------------------------

// What such a node does to three records; the flow must get past it whole.
void expect_survives(const std::function<void(std::deque<SealedFrame>&)>& tamper) {
  FlowWorld w;
  TestPath& path = w.open();
  w.client_says("one ");
  w.client_says("two ");
  w.client_says("three");
  auto frames = frames_in(path.up);
  ASSERT_EQ(frames.size(), 3U);
  tamper(frames);
  for (SealedFrame& frame : frames) w.to_egress(path, std::move(frame));
  EXPECT_EQ(w.egress_heard.over.at(path.number), FlowReason::seal_failed);
  EXPECT_FALSE(w.egress_heard.ended) << "the path is given up, and not the flow";
  auto next = w.resume();
  ASSERT_TRUE(next);
  w.carry(**next);
  EXPECT_EQ(text(w.egress_heard.data), "one two three");
}

TEST(SealedEnd, SurvivesANodeThatChangesABit) {
  expect_survives([](auto& frames) { frames[1].back() ^= 1; });
}

TEST(SealedEnd, SurvivesANodeThatRepeatsARecord) {
  expect_survives([](auto& frames) { frames.push_back(frames[2]); });
}

TEST(SealedEnd, SurvivesANodeThatReordersRecords) {
  expect_survives([](auto& frames) { std::swap(frames[0], frames[1]); });
}

TEST(SealedEnd, SurvivesANodeThatLeavesOneOut) {
  expect_survives([](auto& frames) { frames.erase(frames.begin()); });
}

TEST(SealedEnd, SurvivesANodeThatSaysTheEndInsteadOfARecord) {
  expect_survives([](auto& frames) {
    SendQueue queue;
    queue.append({FrameType::flow_end, wire::TrafficClass::input, 16, 1}, Bytes(16));
    frames[1] = frames_in(queue).front();
  });
}

TEST(SealedEnd, ARecordOfAnotherPathIsNoneOfThisOne) {
  FlowWorld w;
  TestPath& first = w.open();
  w.client_says("once");
  auto kept = frames_in(first.up);
  w.cut(first);
  auto second = w.resume();
  ASSERT_TRUE(second);
  w.carry(**second);
  w.to_egress(**second, kept.front());
  EXPECT_EQ(text(w.egress_heard.data), "once");
  EXPECT_EQ(w.egress_heard.over.at((*second)->number), FlowReason::seal_failed);
}

TEST(SealedEnd, AResetOfANodeEndsThePathAlone) {
  FlowWorld w;
  TestPath& first = w.open();
  SendQueue node;
  node.append({FrameType::reset, wire::TrafficClass::input, 1, 1},
              wire::encode_reason(FlowReason::session_ended));
  w.to_client(first, frames_in(node).front());
  EXPECT_FALSE(w.client->has_path());
  EXPECT_FALSE(w.client_heard.ended);
  EXPECT_EQ(w.client_heard.over.at(first.number), FlowReason::session_ended);
}

// Credit is said in clear, and so is nobody's word.
TEST(SealedEnd, SurvivesANodeThatGivesMoreCreditThanThereIs) {
  FlowWorld w;
  TestPath& path = w.open();
  SendQueue node;
  node.append({FrameType::credit, wire::TrafficClass::input, 4, 1},
              wire::encode_credit(kMaxWindow));
  const SealedFrame credit = frames_in(node).front();
  w.to_client(path, credit);
  w.to_egress(path, credit);
  for (const HeardFlow* heard : {&w.client_heard, &w.egress_heard}) {
    EXPECT_FALSE(heard->ended);
    EXPECT_EQ(heard->over.at(path.number), FlowReason::flow_control);
  }
  w.client_says("on another path");
  auto next = w.resume();
  ASSERT_TRUE(next);
  w.carry(**next);
  EXPECT_EQ(text(w.egress_heard.data), "on another path");
}

TEST(SealedEnd, AnswersNoResetOfAPathThatWaits) {
  FlowWorld w;
  w.open();
  TestPath& other = w.new_path();
  ASSERT_TRUE(w.ask(w.first_message(w.client_key, w.id), other));
  SendQueue node;
  node.append({FrameType::reset, wire::TrafficClass::input, 1, 1},
              wire::encode_reason(FlowReason::peer_lost));
  w.to_egress(other, frames_in(node).front());
  EXPECT_EQ(w.egress_heard.over.at(other.number), FlowReason::peer_lost);
  EXPECT_TRUE(other.down.empty()) << "its label is free, and may be another's";
}

TEST(SealedEnd, APathThatWaitsAndIsToPauseStillPausesOnceItIsConfirmed) {
  FlowWorld w;
  w.cut(w.open());
  auto path = w.resume();
  ASSERT_TRUE(path);
  SendQueue node;
  node.append({FrameType::pause, wire::TrafficClass::input, 1, 1}, wire::encode_pause(true));
  w.to_egress(**path, frames_in(node).front());
  w.carry_up(**path);
  w.egress_says("later");
  EXPECT_EQ(count_of(frames_in((*path)->down), FrameType::data), 0U);
}

// --- another end that is not honest --------------------------------------------------------------

TEST(SealedEnd, WhatAnAuthenticRecordSaysThatCannotBeEndsTheFlow) {
  FlowWorld w;
  TestPath& path = w.open();
  w.cut(path);
  TestPath& next = w.new_path();
  const auto answer = w.ask(w.first_message(w.client_key, w.id), next);
  ASSERT_TRUE(answer);
  auto keys = w.handshake->finish(*answer);
  ASSERT_TRUE(keys);
  const auto lie = wire::FlowConfirm{{.received = 7, .limit = 100, .finished = false}, 0}.encode();
  Bytes sealed(lie.size() + crypto::kSealTag);
  const std::uint8_t bound[] = {static_cast<std::uint8_t>(FrameType::flow_confirm)};
  ASSERT_TRUE(keys->send.seal(bound, lie, sealed.data()));
  SendQueue client;
  client.append({FrameType::flow_confirm, wire::TrafficClass::input,
                 static_cast<std::uint16_t>(sealed.size()), 1},
                sealed);
  w.to_egress(next, frames_in(client).front());
  EXPECT_TRUE(w.egress_heard.ended);
  EXPECT_EQ(w.egress_heard.why, FlowReason::out_of_sequence);
  EXPECT_EQ(count_of(frames_in(next.down), FrameType::flow_close), 1U);
  EXPECT_EQ(w.egress.size(), 0U);
}

// --- ends ----------------------------------------------------------------------------------------

TEST(SealedEnd, EndsWhenBothWaysAreDoneAndBothKnow) {
  FlowWorld w;
  TestPath& path = w.open();
  w.client_says("all");
  w.client->finish(w.now);
  w.carry(path);
  EXPECT_TRUE(w.egress_heard.finished);
  w.egress.with(w.now, w.id, [&](SealedEnd& end) { end.finish(w.now); });
  w.carry(path);
  EXPECT_TRUE(w.client_heard.finished);
  for (const HeardFlow* heard : {&w.client_heard, &w.egress_heard}) {
    EXPECT_TRUE(heard->ended);
    EXPECT_EQ(heard->why, std::nullopt);
  }
  EXPECT_EQ(w.egress.size(), 0U);
}

TEST(SealedEnd, TheLastWordsOfAFlowAreNotLostWithItsPath) {
  FlowWorld w;
  TestPath& path = w.open();
  w.client->finish(w.now);
  w.carry(path);
  w.egress.with(w.now, w.id, [&](SealedEnd& end) { end.finish(w.now); });
  w.carry_down(path);
  EXPECT_TRUE(w.client_heard.ended);
  frames_in(path.up);  // the acknowledgement and the close
  w.egress.with(w.now, w.id, [&](SealedEnd& end) { end.path_lost(w.now, path.number); });
  w.now += kDefaultHold;
  w.egress.tick(w.now);
  EXPECT_TRUE(w.egress_heard.ended);
}

TEST(SealedEnd, TellsTheClientWhyPolicyEndsIt) {
  FlowWorld w;
  TestPath& path = w.open();
  w.egress.with(w.now, w.id, [&](SealedEnd& end) { end.end(w.now, FlowReason::signed_out); });
  w.carry_down(path);
  EXPECT_TRUE(w.client_heard.ended);
  EXPECT_EQ(w.client_heard.why, FlowReason::signed_out);
  EXPECT_EQ(w.egress.size(), 0U);
}

TEST(SealedEnd, TakesNoPathOnceItHasEnded) {
  FlowWorld w;
  w.cut(w.open());
  w.client->end(w.now, FlowReason::signed_out);
  const auto path = w.resume();
  ASSERT_TRUE(path);
  EXPECT_FALSE(w.client->has_path());
  EXPECT_TRUE(w.client_heard.over.contains((*path)->number));
  const auto frames = frames_in((*path)->up);
  EXPECT_EQ(count_of(frames, FrameType::flow_confirm), 0U);
  EXPECT_EQ(count_of(frames, FrameType::reset), 1U) << "the hops let go of it";
}

TEST(SealedEnd, GivesAPathUpThatIsSilent) {
  FlowWorld w;
  TestPath& path = w.open();
  w.client_says("anybody?");
  w.now += kAckDeadline;
  w.client->wakeup(w.now);
  EXPECT_EQ(w.client_heard.over.at(path.number), FlowReason::peer_lost);
  EXPECT_FALSE(w.client->has_path());
}

TEST(SealedEnd, PutsNoMoreIntoAQueueThatDoesNotDrain) {
  FlowWorld w;
  TestPath& path = w.open();
  w.client->take(w.now, Bytes(kMaxTail));
  const std::size_t most = path.at(path.up).most_queued;
  EXPECT_GT(path.up.queued_bytes(), most);
  EXPECT_LT(path.up.queued_bytes(), most + wire::kMaxFrame);
  w.carry_up(path);
  w.client->drained(w.now);
  EXPECT_GT(path.up.queued_bytes(), most);
}

TEST(SealedEnd, WaitsForNoLessUrgentClassInTheQueue) {
  FlowWorld w;
  TestPath& path = w.open();
  const Bytes bulk(wire::kMaxData);
  while (path.up.queued_bytes() <= path.at(path.up).most_queued) {
    path.up.append({FrameType::data, wire::TrafficClass::file_transfer,
                    static_cast<std::uint16_t>(bulk.size()), 3},
                   bulk);
  }
  w.client_says("typing");
  EXPECT_GT(path.up.queued_bytes(wire::TrafficClass::input), 0U);
}

TEST(SealedEnd, AnEgressThatIsAskedToPauseSendsNothing) {
  FlowWorld w;
  TestPath& path = w.open();
  SendQueue node;
  node.append({FrameType::pause, wire::TrafficClass::input, 1, 1}, wire::encode_pause(true));
  node.append({FrameType::pause, wire::TrafficClass::input, 1, 1}, wire::encode_pause(false));
  auto frames = frames_in(node);
  w.to_egress(path, frames[0]);
  w.egress_says("later");
  EXPECT_TRUE(path.down.empty());
  w.to_egress(path, frames[1]);
  EXPECT_FALSE(path.down.empty());
}

TEST(SealedEnd, AnEgressThatIsToPauseForEverGivesThePathUp) {
  FlowWorld w;
  TestPath& path = w.open();
  SendQueue node;
  node.append({FrameType::pause, wire::TrafficClass::input, 1, 1}, wire::encode_pause(true));
  w.to_egress(path, frames_in(node).front());
  w.egress_says("later");
  w.now += kAckDeadline;
  w.egress.tick(w.now);
  EXPECT_EQ(w.egress_heard.over.at(path.number), FlowReason::peer_lost);
  EXPECT_EQ(w.egress.held(), 1U);
}

// It has nothing to send, so that nothing it sent can be missed.
TEST(SealedEnd, AClientThatOnlyListensNoticesThatItsConfirmationWasDropped) {
  FlowWorld w;
  w.cut(w.open());
  auto dropped = w.resume();
  ASSERT_TRUE(dropped);
  frames_in((*dropped)->up);
  w.now += kAckDeadline;
  w.client->wakeup(w.now);
  EXPECT_EQ(w.client_heard.over.at((*dropped)->number), FlowReason::peer_lost);
  auto next = w.resume();
  ASSERT_TRUE(next);
  w.carry(**next);
  w.now += kAckDelay;
  w.egress.tick(w.now);
  w.carry(**next);
  w.now += kAckDeadline;
  w.client->wakeup(w.now);
  EXPECT_TRUE(w.client->has_path()) << "the egress has answered the confirmation";
}

}  // namespace
}  // namespace rap::flow
