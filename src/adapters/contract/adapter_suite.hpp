// The contract of adapters as checks. An adapter's own tests run them all in a world around it:
//
//   struct TcpWorld { … };
//   class TcpContract : public testing::TestWithParam<AdapterCheck<TcpWorld>> {};
//   TEST_P(TcpContract, IsKept) { GetParam().run(); }
//   INSTANTIATE_TEST_SUITE_P(Tcp, TcpContract, every_check<TcpWorld>(), name_of_check<TcpWorld>);
//
// adapter_suite_test.cpp plants faults that the checks must find.
//
// A world has
//   static constexpr policy::AdapterKind kKind;   the adapter's, in the table of protocols
//   Adapter& adapter();
//   ResourceRequest answering(), refusing(), unreachable(), silent();
//       resources whose far end takes the connection, refuses it, cannot be reached, never answers;
//       of a protocol of the adapter's kind
//   FarEnd* accepted();       the next connection that reached the far end; nullptr: none waits
//   void run_until(done);     lets time pass until done() is true, or for a bounded time
//   void let_pass();          lets happen what is on its way
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "adapters/contract/both_ends.hpp"

namespace rap::adapters {

template <class World>
class AdapterSuite;

// One sentence of the contract: a function that fails the test it is called in.
template <class World>
struct AdapterCheck {
  std::string name;
  void (AdapterSuite<World>::*check)() = nullptr;

  void run() const {
    AdapterSuite<World> suite;
    (suite.*check)();
  }
};

template <class World>
class AdapterSuite {
 public:
  static constexpr TargetId kTarget = 7;
  // More than what lies in the kernel's buffers between the two ends.
  static constexpr std::size_t kMuch = std::size_t{8} * 1024 * 1024;

  RecordingEvents events;
  World world;

  AdapterSuite() { world.adapter().attach(events); }

  RecordingEvents::Seen& seen(TargetId target = kTarget) { return events.seen[target]; }
  Adapter& adapter() { return world.adapter(); }
  void write(std::string_view text, TargetId target = kTarget) {
    adapter().write(target, as_bytes(text));
  }

  // The far end of a target that is open.
  FarEnd* open(TargetId target = kTarget) {
    adapter().open(target, world.answering());
    FarEnd* far = nullptr;
    world.run_until([&] {
      if (far == nullptr) far = world.accepted();
      return far != nullptr && seen(target).opened == 1;
    });
    EXPECT_NE(far, nullptr);
    EXPECT_EQ(seen(target).opened, 1);
    return far;
  }
  void fails(const ResourceRequest& request, TargetFailure how) {
    adapter().open(kTarget, request);
    world.run_until([&] { return seen().failed.has_value(); });
    EXPECT_EQ(seen().failed, how);
    EXPECT_EQ(seen().opened, 0);
    // The number is free again.
    seen() = {};
    EXPECT_NE(open(), nullptr);
  }
  std::string read(FarEnd& far, std::size_t size) {
    std::string text;
    world.run_until([&] {
      text += far.read(size - text.size());
      return text.size() == size;
    });
    return text;
  }
  bool hears_end(FarEnd& far) {
    bool end = false;
    world.run_until([&] { return end = far.has_end(); });
    return end;
  }
  bool stays_silent(TargetId target = kTarget) {
    const int calls = seen(target).calls;
    world.let_pass();
    return seen(target).calls == calls;
  }
  static std::string pattern(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
      text[i] = static_cast<char>('a' + (i * 31 + i / 997) % 26);
    return text;
  }

  // --- the checks ---

  void opening_is_never_answered_from_within() {
    adapter().open(kTarget, world.answering());
    EXPECT_EQ(seen().calls, 0);
    adapter().open(kTarget + 1, world.refusing());
    EXPECT_EQ(seen(kTarget + 1).calls, 0);
  }

  void a_target_that_refuses_is_told_as_refused() {
    fails(world.refusing(), TargetFailure::refused);
  }

  void a_target_that_cannot_be_reached_is_told_as_unreachable() {
    fails(world.unreachable(), TargetFailure::unreachable);
  }

  void a_target_that_never_answers_is_told_as_timed_out() {
    fails(world.silent(), TargetFailure::timeout);
  }

  void bytes_pass_both_ways_as_they_are() {
    FarEnd* far = open();
    ASSERT_NE(far, nullptr);
    const std::string up = pattern(300'000);
    write(std::string_view(up).substr(0, 100'000));
    write(std::string_view(up).substr(100'000));
    EXPECT_TRUE(read(*far, up.size()) == up);
    const std::string down = pattern(200'000);
    far->say(down);
    world.run_until([&] { return seen().data.size() == down.size(); });
    EXPECT_TRUE(seen().data == down);
    EXPECT_EQ(seen().lost, 0);
  }

  void a_target_may_speak_first() {
    FarEnd* far = open();
    ASSERT_NE(far, nullptr);
    far->say("SSH-2.0-server\r\n");
    world.run_until([&] { return !seen().data.empty(); });
    EXPECT_EQ(seen().data, "SSH-2.0-server\r\n");
    EXPECT_EQ(seen().opened, 1);
  }

  void what_the_target_takes_is_consumed_and_nothing_else() {
    FarEnd* far = open();
    ASSERT_NE(far, nullptr);
    const std::string much = pattern(kMuch);
    write(much);
    world.let_pass();
    EXPECT_LT(seen().consumed, much.size()) << "the far end has read nothing";
    EXPECT_TRUE(read(*far, much.size()) == much);
    world.run_until([&] { return seen().consumed == much.size(); });
    EXPECT_EQ(seen().consumed, much.size());
  }

  void what_is_not_taken_waits_until_it_is_asked_for() {
    FarEnd* far = open();
    ASSERT_NE(far, nullptr);
    seen().room = 10;
    far->say("0123456789abcdef");
    world.run_until([&] { return seen().data.size() == 10; });
    EXPECT_TRUE(stays_silent());
    far->say("ghij");
    EXPECT_TRUE(stays_silent()) << "a target that is paused is not read from";

    seen().room = 8;
    adapter().resume(kTarget);
    world.run_until([&] { return seen().data.size() == 18; });
    EXPECT_EQ(seen().data, "0123456789abcdefgh");
    seen().room = 100;
    adapter().resume(kTarget);
    world.run_until([&] { return seen().data.size() == 20; });
    EXPECT_EQ(seen().data, "0123456789abcdefghij");
  }

  void the_end_of_a_target_that_is_paused_comes_after_its_bytes() {
    FarEnd* far = open();
    ASSERT_NE(far, nullptr);
    seen().room = 4;
    far->say("last words");
    far->end();
    world.run_until([&] { return seen().data.size() == 4; });
    EXPECT_TRUE(stays_silent());
    EXPECT_EQ(seen().ended, 0);
    seen().room = 100;
    adapter().resume(kTarget);
    world.run_until([&] { return seen().ended == 1; });
    EXPECT_EQ(seen().data, "last words");
    EXPECT_EQ(seen().ended, 1);
  }

  void a_target_that_says_no_more_still_takes_what_is_written() {
    FarEnd* far = open();
    ASSERT_NE(far, nullptr);
    far->end();
    world.run_until([&] { return seen().ended == 1; });
    EXPECT_EQ(seen().ended, 1);
    EXPECT_EQ(seen().lost, 0);
    write("still here");
    EXPECT_EQ(read(*far, 10), "still here");
  }

  void a_target_that_hears_no_more_may_still_speak() {
    FarEnd* far = open();
    ASSERT_NE(far, nullptr);
    write("question");
    adapter().finish(kTarget);
    EXPECT_EQ(read(*far, 8), "question");
    EXPECT_TRUE(hears_end(*far));
    far->say("answer");
    world.run_until([&] { return seen().data == "answer"; });
    EXPECT_EQ(seen().data, "answer");
    EXPECT_EQ(seen().ended, 0);
    EXPECT_EQ(seen().lost, 0);
  }

  void a_target_that_is_done_both_ways_is_lost_once() {
    FarEnd* far = open();
    ASSERT_NE(far, nullptr);
    far->end();
    world.run_until([&] { return seen().ended == 1; });
    adapter().finish(kTarget);
    world.run_until([&] { return seen().lost == 1; });
    EXPECT_EQ(seen().lost, 1);
    EXPECT_TRUE(stays_silent());
  }

  void a_target_that_breaks_is_lost_once() {
    FarEnd* far = open();
    ASSERT_NE(far, nullptr);
    far->reset();
    world.run_until([&] { return seen().lost == 1; });
    EXPECT_EQ(seen().lost, 1);
    EXPECT_EQ(seen().failed, TargetFailure::reset);
    EXPECT_TRUE(stays_silent());
    // The number is free again.
    seen() = {};
    EXPECT_NE(open(), nullptr);
  }

  void of_a_target_that_was_closed_nothing_is_told() {
    FarEnd* far = open();
    ASSERT_NE(far, nullptr);
    far->say("too late");
    adapter().close(kTarget);
    EXPECT_TRUE(stays_silent());
    EXPECT_TRUE(hears_end(*far));
    far->say("much too late");
    EXPECT_TRUE(stays_silent());
  }

  void a_target_may_be_closed_before_it_is_open() {
    adapter().open(kTarget, world.answering());
    adapter().close(kTarget);
    EXPECT_TRUE(stays_silent());
    adapter().open(kTarget, world.silent());
    world.let_pass();
    adapter().close(kTarget);
    EXPECT_TRUE(stays_silent());
  }

  void a_target_may_be_closed_while_it_tells() {
    FarEnd* far = open();
    ASSERT_NE(far, nullptr);
    events.on_data = [&](TargetId target) { adapter().close(target); };
    far->say("one");
    world.run_until([&] { return !seen().data.empty(); });
    far->say("two");
    EXPECT_TRUE(stays_silent());
    EXPECT_EQ(seen().offers, 1);
  }

  void a_number_may_be_used_again_at_once() {
    FarEnd* before = open();
    ASSERT_NE(before, nullptr);
    before->say("of the one before");
    adapter().close(kTarget);
    seen() = {};
    FarEnd* far = open();
    ASSERT_NE(far, nullptr);
    far->say("of this one");
    world.run_until([&] { return !seen().data.empty(); });
    EXPECT_EQ(seen().data, "of this one");
    EXPECT_EQ(seen().lost, 0);
  }

  void a_target_that_was_released_gets_its_last_bytes_in_silence() {
    FarEnd* far = open();
    ASSERT_NE(far, nullptr);
    const std::string much = pattern(kMuch);
    events.on_end = [&](TargetId target) { adapter().release(target); };
    write(much);
    adapter().finish(kTarget);
    far->end();
    world.run_until([&] { return seen().ended == 1; });
    const int calls = seen().calls;
    // Its number is another's while it is still written to.
    const std::string other = "of another";
    seen() = {};
    FarEnd* next = open();
    ASSERT_NE(next, nullptr);
    write(other);
    EXPECT_TRUE(read(*far, much.size()) == much);
    EXPECT_TRUE(hears_end(*far));
    EXPECT_EQ(read(*next, other.size()), other);
    world.run_until([&] { return seen().consumed == other.size(); });
    EXPECT_EQ(seen().consumed, other.size());
    EXPECT_EQ(seen().ended, 0);
    EXPECT_EQ(seen().lost, 0);
    EXPECT_GT(calls, 0);
  }

  void many_targets_do_not_meet() {
    constexpr TargetId kCount = 64;
    std::map<TargetId, FarEnd*> far;
    for (TargetId id = 0; id < kCount; ++id) {
      far[id] = open(id);
      ASSERT_NE(far[id], nullptr);
    }
    for (TargetId id = 0; id < kCount; ++id) {
      write("up " + std::to_string(id), id);
      far[id]->say("down " + std::to_string(id));
    }
    for (TargetId id = 0; id < kCount; ++id) {
      const std::string up = "up " + std::to_string(id);
      EXPECT_EQ(read(*far[id], up.size()), up);
      const std::string down = "down " + std::to_string(id);
      world.run_until([&] { return seen(id).data == down; });
      EXPECT_EQ(seen(id).data, down);
    }
    for (TargetId id = 0; id < kCount; id += 2) adapter().close(id);
    far[1]->say("!");
    world.run_until([&] { return seen(1).data == "down 1!"; });
    EXPECT_EQ(seen(1).data, "down 1!");
  }

  void every_protocol_of_its_kind_is_opened_and_no_other() {
    for (const policy::ProtocolKind& kind : policy::protocol_kinds()) {
      const auto id = static_cast<TargetId>(kind.protocol);
      ResourceRequest request = world.answering();
      request.protocol = kind.protocol;
      adapter().open(id, request);
      world.run_until([&] { return seen(id).opened == 1 || seen(id).failed; });
      EXPECT_EQ(seen(id).opened == 1, kind.adapter == World::kKind) << kind.name;
    }
  }

  void numbers_that_nobody_opened_are_ignored() {
    constexpr TargetId kNobody = 999;
    write("x", kNobody);
    adapter().finish(kNobody);
    adapter().resume(kNobody);
    adapter().release(kNobody);
    adapter().close(kNobody);
    EXPECT_TRUE(stays_silent(kNobody));
  }

  static std::vector<AdapterCheck<World>> checks() {
    return {
        {"OpeningIsNeverAnsweredFromWithin", &AdapterSuite::opening_is_never_answered_from_within},
        {"ATargetThatRefusesIsToldAsRefused",
         &AdapterSuite::a_target_that_refuses_is_told_as_refused},
        {"ATargetThatCannotBeReachedIsToldAsUnreachable",
         &AdapterSuite::a_target_that_cannot_be_reached_is_told_as_unreachable},
        {"ATargetThatNeverAnswersIsToldAsTimedOut",
         &AdapterSuite::a_target_that_never_answers_is_told_as_timed_out},
        {"BytesPassBothWaysAsTheyAre", &AdapterSuite::bytes_pass_both_ways_as_they_are},
        {"ATargetMaySpeakFirst", &AdapterSuite::a_target_may_speak_first},
        {"WhatTheTargetTakesIsConsumedAndNothingElse",
         &AdapterSuite::what_the_target_takes_is_consumed_and_nothing_else},
        {"WhatIsNotTakenWaitsUntilItIsAskedFor",
         &AdapterSuite::what_is_not_taken_waits_until_it_is_asked_for},
        {"TheEndOfATargetThatIsPausedComesAfterItsBytes",
         &AdapterSuite::the_end_of_a_target_that_is_paused_comes_after_its_bytes},
        {"ATargetThatSaysNoMoreStillTakesWhatIsWritten",
         &AdapterSuite::a_target_that_says_no_more_still_takes_what_is_written},
        {"ATargetThatHearsNoMoreMayStillSpeak",
         &AdapterSuite::a_target_that_hears_no_more_may_still_speak},
        {"ATargetThatIsDoneBothWaysIsLostOnce",
         &AdapterSuite::a_target_that_is_done_both_ways_is_lost_once},
        {"ATargetThatBreaksIsLostOnce", &AdapterSuite::a_target_that_breaks_is_lost_once},
        {"OfATargetThatWasClosedNothingIsTold",
         &AdapterSuite::of_a_target_that_was_closed_nothing_is_told},
        {"ATargetMayBeClosedBeforeItIsOpen",
         &AdapterSuite::a_target_may_be_closed_before_it_is_open},
        {"ATargetMayBeClosedWhileItTells", &AdapterSuite::a_target_may_be_closed_while_it_tells},
        {"ANumberMayBeUsedAgainAtOnce", &AdapterSuite::a_number_may_be_used_again_at_once},
        {"ATargetThatWasReleasedGetsItsLastBytesInSilence",
         &AdapterSuite::a_target_that_was_released_gets_its_last_bytes_in_silence},
        {"ManyTargetsDoNotMeet", &AdapterSuite::many_targets_do_not_meet},
        {"EveryProtocolOfItsKindIsOpenedAndNoOther",
         &AdapterSuite::every_protocol_of_its_kind_is_opened_and_no_other},
        {"NumbersThatNobodyOpenedAreIgnored",
         &AdapterSuite::numbers_that_nobody_opened_are_ignored}};
  }
};

template <class World>
auto every_check() {
  return ::testing::ValuesIn(AdapterSuite<World>::checks());
}

template <class World>
std::string name_of_check(const ::testing::TestParamInfo<AdapterCheck<World>>& info) {
  return info.param.name;
}

}  // namespace rap::adapters
