// The contract of adapters as tests. An adapter's own tests instantiate AdapterSuite with a world
// around it:
//
//   struct TcpWorld { … };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Tcp, AdapterSuite, TcpWorld);
//
// A world has
//   Adapter& adapter();
//   ResourceRequest answering(), refusing(), unreachable(), silent();
//       resources whose far end takes the connection, refuses it, cannot be reached, never answers
//   FarEnd* accepted();       the next connection that reached the far end; nullptr: none waits
//   void run_until(done);     lets time pass until done() is true, or for a bounded time
//   void let_pass();          lets happen what is on its way
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/contract/adapter.hpp"

namespace rap::adapters {

// The other side of a target, as the test sees it.
class FarEnd {
 public:
  virtual ~FarEnd() = default;
  virtual void say(std::string_view text) = 0;
  virtual std::string read(std::size_t limit) = 0;  // of what has arrived; what is left waits
  virtual bool has_end() = 0;                       // everything is read, and no more comes
  virtual void end() = 0;                           // says no more, still reads
  virtual void reset() = 0;
};

// An egress that writes down what it is told, and takes as much as the test lets it.
struct RecordingEvents final : TargetEvents {
  struct Seen {
    int opened = 0;
    std::optional<TargetFailure> failed;
    std::string data;
    std::size_t room = SIZE_MAX;
    int offers = 0;
    std::size_t consumed = 0;
    int ended = 0;
    int lost = 0;
    int calls = 0;
  };
  std::map<TargetId, Seen> seen;
  std::function<void(TargetId)> on_data;
  std::function<void(TargetId)> on_end;

  void target_opened(TargetId target) override { ++touch(target).opened; }
  void target_failed(TargetId target, TargetFailure failure) override {
    touch(target).failed = failure;
  }
  std::size_t target_data(TargetId target, ByteView data) override {
    Seen& s = touch(target);
    ++s.offers;
    const std::size_t n = std::min(data.size(), s.room);
    s.data += as_text(data.first(n));
    s.room -= n;
    if (on_data) on_data(target);
    return n;
  }
  void target_consumed(TargetId target, std::size_t n) override { touch(target).consumed += n; }
  void target_ended(TargetId target) override {
    ++touch(target).ended;
    if (on_end) on_end(target);
  }
  void target_lost(TargetId target) override { ++touch(target).lost; }

 private:
  Seen& touch(TargetId target) {
    ++seen[target].calls;
    return seen[target];
  }
};

template <class World>
class AdapterSuite : public ::testing::Test {
 protected:
  static constexpr TargetId kTarget = 7;
  // More than what lies in the kernel's buffers between the two ends.
  static constexpr std::size_t kMuch = std::size_t{8} * 1024 * 1024;

  RecordingEvents events;
  World world;

  void SetUp() override { world.adapter().attach(events); }

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
};

TYPED_TEST_SUITE_P(AdapterSuite);

TYPED_TEST_P(AdapterSuite, OpeningIsNeverAnsweredFromWithin) {
  this->adapter().open(this->kTarget, this->world.answering());
  EXPECT_EQ(this->seen().calls, 0);
  this->adapter().open(this->kTarget + 1, this->world.refusing());
  EXPECT_EQ(this->seen(this->kTarget + 1).calls, 0);
}

TYPED_TEST_P(AdapterSuite, ATargetThatRefusesIsToldAsRefused) {
  this->fails(this->world.refusing(), TargetFailure::refused);
}

TYPED_TEST_P(AdapterSuite, ATargetThatCannotBeReachedIsToldAsUnreachable) {
  this->fails(this->world.unreachable(), TargetFailure::unreachable);
}

TYPED_TEST_P(AdapterSuite, ATargetThatNeverAnswersIsToldAsTimedOut) {
  this->fails(this->world.silent(), TargetFailure::timeout);
}

TYPED_TEST_P(AdapterSuite, BytesPassBothWaysAsTheyAre) {
  FarEnd* far = this->open();
  ASSERT_NE(far, nullptr);
  const std::string up = this->pattern(300'000);
  this->write(std::string_view(up).substr(0, 100'000));
  this->write(std::string_view(up).substr(100'000));
  EXPECT_TRUE(this->read(*far, up.size()) == up);
  const std::string down = this->pattern(200'000);
  far->say(down);
  this->world.run_until([&] { return this->seen().data.size() == down.size(); });
  EXPECT_TRUE(this->seen().data == down);
  EXPECT_EQ(this->seen().lost, 0);
}

TYPED_TEST_P(AdapterSuite, ATargetMaySpeakFirst) {
  FarEnd* far = this->open();
  ASSERT_NE(far, nullptr);
  far->say("SSH-2.0-server\r\n");
  this->world.run_until([&] { return !this->seen().data.empty(); });
  EXPECT_EQ(this->seen().data, "SSH-2.0-server\r\n");
  EXPECT_EQ(this->seen().opened, 1);
}

TYPED_TEST_P(AdapterSuite, WhatTheTargetTakesIsConsumedAndNothingElse) {
  FarEnd* far = this->open();
  ASSERT_NE(far, nullptr);
  const std::string much = this->pattern(this->kMuch);
  this->write(much);
  this->world.let_pass();
  EXPECT_LT(this->seen().consumed, much.size()) << "the far end has read nothing";
  EXPECT_TRUE(this->read(*far, much.size()) == much);
  this->world.run_until([&] { return this->seen().consumed == much.size(); });
  EXPECT_EQ(this->seen().consumed, much.size());
}

TYPED_TEST_P(AdapterSuite, WhatIsNotTakenWaitsUntilItIsAskedFor) {
  FarEnd* far = this->open();
  ASSERT_NE(far, nullptr);
  this->seen().room = 10;
  far->say("0123456789abcdef");
  this->world.run_until([&] { return this->seen().data.size() == 10; });
  EXPECT_TRUE(this->stays_silent());
  far->say("ghij");
  EXPECT_TRUE(this->stays_silent()) << "a target that is paused is not read from";

  this->seen().room = 8;
  this->adapter().resume(this->kTarget);
  this->world.run_until([&] { return this->seen().data.size() == 18; });
  EXPECT_EQ(this->seen().data, "0123456789abcdefgh");
  this->seen().room = 100;
  this->adapter().resume(this->kTarget);
  this->world.run_until([&] { return this->seen().data.size() == 20; });
  EXPECT_EQ(this->seen().data, "0123456789abcdefghij");
}

TYPED_TEST_P(AdapterSuite, TheEndOfATargetThatIsPausedComesAfterItsBytes) {
  FarEnd* far = this->open();
  ASSERT_NE(far, nullptr);
  this->seen().room = 4;
  far->say("last words");
  far->end();
  this->world.run_until([&] { return this->seen().data.size() == 4; });
  EXPECT_TRUE(this->stays_silent());
  EXPECT_EQ(this->seen().ended, 0);
  this->seen().room = 100;
  this->adapter().resume(this->kTarget);
  this->world.run_until([&] { return this->seen().ended == 1; });
  EXPECT_EQ(this->seen().data, "last words");
  EXPECT_EQ(this->seen().ended, 1);
}

TYPED_TEST_P(AdapterSuite, ATargetThatSaysNoMoreStillTakesWhatIsWritten) {
  FarEnd* far = this->open();
  ASSERT_NE(far, nullptr);
  far->end();
  this->world.run_until([&] { return this->seen().ended == 1; });
  EXPECT_EQ(this->seen().ended, 1);
  EXPECT_EQ(this->seen().lost, 0);
  this->write("still here");
  EXPECT_EQ(this->read(*far, 10), "still here");
}

TYPED_TEST_P(AdapterSuite, ATargetThatHearsNoMoreMayStillSpeak) {
  FarEnd* far = this->open();
  ASSERT_NE(far, nullptr);
  this->write("question");
  this->adapter().finish(this->kTarget);
  EXPECT_EQ(this->read(*far, 8), "question");
  EXPECT_TRUE(this->hears_end(*far));
  far->say("answer");
  this->world.run_until([&] { return this->seen().data == "answer"; });
  EXPECT_EQ(this->seen().data, "answer");
  EXPECT_EQ(this->seen().ended, 0);
  EXPECT_EQ(this->seen().lost, 0);
}

TYPED_TEST_P(AdapterSuite, ATargetThatIsDoneBothWaysIsLostOnce) {
  FarEnd* far = this->open();
  ASSERT_NE(far, nullptr);
  far->end();
  this->world.run_until([&] { return this->seen().ended == 1; });
  this->adapter().finish(this->kTarget);
  this->world.run_until([&] { return this->seen().lost == 1; });
  EXPECT_EQ(this->seen().lost, 1);
  EXPECT_TRUE(this->stays_silent());
}

TYPED_TEST_P(AdapterSuite, ATargetThatBreaksIsLostOnce) {
  FarEnd* far = this->open();
  ASSERT_NE(far, nullptr);
  far->reset();
  this->world.run_until([&] { return this->seen().lost == 1; });
  EXPECT_EQ(this->seen().lost, 1);
  EXPECT_EQ(this->seen().failed, std::nullopt);
  EXPECT_TRUE(this->stays_silent());
  // The number is free again.
  this->seen() = {};
  EXPECT_NE(this->open(), nullptr);
}

TYPED_TEST_P(AdapterSuite, OfATargetThatWasClosedNothingIsTold) {
  FarEnd* far = this->open();
  ASSERT_NE(far, nullptr);
  far->say("too late");
  this->adapter().close(this->kTarget);
  EXPECT_TRUE(this->stays_silent());
  EXPECT_TRUE(this->hears_end(*far));
  far->say("much too late");
  EXPECT_TRUE(this->stays_silent());
}

TYPED_TEST_P(AdapterSuite, ATargetMayBeClosedBeforeItIsOpen) {
  this->adapter().open(this->kTarget, this->world.answering());
  this->adapter().close(this->kTarget);
  EXPECT_TRUE(this->stays_silent());
  this->adapter().open(this->kTarget, this->world.silent());
  this->world.let_pass();
  this->adapter().close(this->kTarget);
  EXPECT_TRUE(this->stays_silent());
}

TYPED_TEST_P(AdapterSuite, ATargetMayBeClosedWhileItTells) {
  FarEnd* far = this->open();
  ASSERT_NE(far, nullptr);
  this->events.on_data = [&](TargetId target) { this->adapter().close(target); };
  far->say("one");
  this->world.run_until([&] { return !this->seen().data.empty(); });
  far->say("two");
  EXPECT_TRUE(this->stays_silent());
  EXPECT_EQ(this->seen().offers, 1);
}

TYPED_TEST_P(AdapterSuite, ANumberMayBeUsedAgainAtOnce) {
  FarEnd* before = this->open();
  ASSERT_NE(before, nullptr);
  before->say("of the one before");
  this->adapter().close(this->kTarget);
  this->seen() = {};
  FarEnd* far = this->open();
  ASSERT_NE(far, nullptr);
  far->say("of this one");
  this->world.run_until([&] { return !this->seen().data.empty(); });
  EXPECT_EQ(this->seen().data, "of this one");
  EXPECT_EQ(this->seen().lost, 0);
}

TYPED_TEST_P(AdapterSuite, ATargetThatWasReleasedGetsItsLastBytesInSilence) {
  FarEnd* far = this->open();
  ASSERT_NE(far, nullptr);
  const std::string much = this->pattern(this->kMuch);
  this->events.on_end = [&](TargetId target) { this->adapter().release(target); };
  this->write(much);
  this->adapter().finish(this->kTarget);
  far->end();
  this->world.run_until([&] { return this->seen().ended == 1; });
  const int calls = this->seen().calls;
  // Its number is another's while it is still written to.
  const std::string other = "of another";
  this->seen() = {};
  FarEnd* next = this->open();
  ASSERT_NE(next, nullptr);
  this->write(other);
  EXPECT_TRUE(this->read(*far, much.size()) == much);
  EXPECT_TRUE(this->hears_end(*far));
  EXPECT_EQ(this->read(*next, other.size()), other);
  this->world.run_until([&] { return this->seen().consumed == other.size(); });
  EXPECT_EQ(this->seen().consumed, other.size());
  EXPECT_EQ(this->seen().ended, 0);
  EXPECT_EQ(this->seen().lost, 0);
  EXPECT_GT(calls, 0);
}

TYPED_TEST_P(AdapterSuite, ManyTargetsDoNotMeet) {
  constexpr TargetId kCount = 64;
  std::map<TargetId, FarEnd*> far;
  for (TargetId id = 0; id < kCount; ++id) {
    far[id] = this->open(id);
    ASSERT_NE(far[id], nullptr);
  }
  for (TargetId id = 0; id < kCount; ++id) {
    this->write("up " + std::to_string(id), id);
    far[id]->say("down " + std::to_string(id));
  }
  for (TargetId id = 0; id < kCount; ++id) {
    const std::string up = "up " + std::to_string(id);
    EXPECT_EQ(this->read(*far[id], up.size()), up);
    const std::string down = "down " + std::to_string(id);
    this->world.run_until([&] { return this->seen(id).data == down; });
    EXPECT_EQ(this->seen(id).data, down);
  }
  for (TargetId id = 0; id < kCount; id += 2) this->adapter().close(id);
  far[1]->say("!");
  this->world.run_until([&] { return this->seen(1).data == "down 1!"; });
  EXPECT_EQ(this->seen(1).data, "down 1!");
}

TYPED_TEST_P(AdapterSuite, NumbersThatNobodyOpenedAreIgnored) {
  constexpr TargetId kNobody = 999;
  this->write("x", kNobody);
  this->adapter().finish(kNobody);
  this->adapter().resume(kNobody);
  this->adapter().release(kNobody);
  this->adapter().close(kNobody);
  EXPECT_TRUE(this->stays_silent(kNobody));
}

REGISTER_TYPED_TEST_SUITE_P(
    AdapterSuite, OpeningIsNeverAnsweredFromWithin, ATargetThatRefusesIsToldAsRefused,
    ATargetThatCannotBeReachedIsToldAsUnreachable, ATargetThatNeverAnswersIsToldAsTimedOut,
    BytesPassBothWaysAsTheyAre, ATargetMaySpeakFirst, WhatTheTargetTakesIsConsumedAndNothingElse,
    WhatIsNotTakenWaitsUntilItIsAskedFor, TheEndOfATargetThatIsPausedComesAfterItsBytes,
    ATargetThatSaysNoMoreStillTakesWhatIsWritten, ATargetThatHearsNoMoreMayStillSpeak,
    ATargetThatIsDoneBothWaysIsLostOnce, ATargetThatBreaksIsLostOnce,
    OfATargetThatWasClosedNothingIsTold, ATargetMayBeClosedBeforeItIsOpen,
    ATargetMayBeClosedWhileItTells, ANumberMayBeUsedAgainAtOnce,
    ATargetThatWasReleasedGetsItsLastBytesInSilence, ManyTargetsDoNotMeet,
    NumbersThatNobodyOpenedAreIgnored);

}  // namespace rap::adapters
