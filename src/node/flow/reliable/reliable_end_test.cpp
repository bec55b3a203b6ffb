#include "node/flow/reliable/reliable_end.hpp"

#include <algorithm>

#include "node/flow/reliable/test_reliable_end.hpp"

namespace rap::flow {
namespace {

TEST(ReliableEnd, SendsAgainWhatTheOtherEndSaysItLacksAndNothingElse) {
  Talking t;
  t.on(event::Detached{});
  EXPECT_EQ(t.end.next_output(t.now, 100).kind, FlowOutput::Kind::none);
  t.on(event::Attached{{.received = 2, .limit = kInitialWindow, .finished = false}, 3});
  const FlowOutput again = t.end.next_output(t.now, 100);
  EXPECT_EQ(again.position, 2U);
  EXPECT_EQ(to_bytes(again.bytes), Bytes(3, 'a'));
  EXPECT_EQ(t.end.next_output(t.now, 100).kind, FlowOutput::Kind::none);
}

TEST(ReliableEnd, PassesOverWhatCameOnTheOldPathMeanwhile) {
  Talking t;
  t.on(event::Attached{{.received = 5, .limit = kInitialWindow, .finished = false}, 1});
  EXPECT_EQ(t.end.expects_next(), 1U);
  const Bytes again = {'b', 'b', 'c', 'd'};
  const auto actions = t.on(event::Record{again});
  ASSERT_NE(find<action::Deliver>(actions), nullptr);
  EXPECT_EQ(to_bytes(find<action::Deliver>(actions)->bytes), (Bytes{'c', 'd'}));
  EXPECT_EQ(t.end.position().received, 5U);
}

TEST(ReliableEnd, KeepsNothingThatIsAcknowledged) {
  Talking t;
  EXPECT_EQ(t.end.tail_bytes(), 5U);
  t.acked({.received = 5, .limit = kInitialWindow + 5, .finished = false});
  EXPECT_EQ(t.end.tail_bytes(), 0U);
  EXPECT_EQ(t.memory.held_bytes(), 0U);
}

TEST(ReliableEnd, AcknowledgesSoonOrAfterManyBytes) {
  Talking t;
  EXPECT_EQ(t.end.next_wakeup(), kStart + kAckDelay);
  t.now += kAckDelay;
  const auto soon = t.on(event::Wakeup{});
  ASSERT_NE(find<action::SendPosition>(soon), nullptr);
  EXPECT_EQ(find<action::SendPosition>(soon)->position.received, 3U);
  EXPECT_EQ(find<action::SendPosition>(t.on(event::Record{Bytes(kAckStep - 1)})), nullptr);
  EXPECT_NE(find<action::SendPosition>(t.on(event::Record{Bytes(1)})), nullptr);
}

TEST(ReliableEnd, GivesAPathUpOnWhichNothingIsAcknowledged) {
  Talking t;
  t.now += kAckDelay;
  t.on(event::Wakeup{});
  EXPECT_EQ(t.end.next_wakeup(), kStart + kAckDeadline);
  t.now = kStart + kAckDeadline - Duration{1};
  EXPECT_EQ(find<action::GiveUpPath>(t.on(event::Wakeup{})), nullptr);
  t.now = kStart + kAckDeadline;
  EXPECT_NE(find<action::GiveUpPath>(t.on(event::Wakeup{})), nullptr);
  EXPECT_EQ(t.end.state(), State::detached);
}

TEST(ReliableEnd, GivesASlowPathTimeAsLongAsItGetsOn) {
  Talking t;
  t.end.take(Bytes(5));
  t.end.next_output(t.now, 100);
  for (std::uint64_t i = 1; i < 10; ++i) {
    t.now += kAckDeadline - Duration{1};
    EXPECT_EQ(find<action::GiveUpPath>(t.on(event::Wakeup{})), nullptr);
    t.acked({.received = i, .limit = kInitialWindow, .finished = false});
  }
  t.acked({.received = 10, .limit = kInitialWindow, .finished = false});
  EXPECT_GE(t.end.next_wakeup(), t.now + kAckDelay) << "an idle flow only says that it is there";
}

TEST(ReliableEnd, AnOpenerGivesUpANewPathOnWhichItHearsNothing) {
  TailMemory memory;
  ReliableEnd end(FlowSide::opener, memory, kStart);
  end.step(kStart, event::Attached{kFresh});
  EXPECT_EQ(end.next_wakeup(), kStart + kAckDeadline);
  EXPECT_NE(find<action::GiveUpPath>(end.step(kStart + kAckDeadline, event::Wakeup{})), nullptr);
}

TEST(ReliableEnd, AHolderSaysOnANewPathWhatItsLimitIsNow) {
  Talking t;
  t.on(event::Record{Bytes(kCreditStep)});
  t.on(event::Consumed{kCreditStep});
  t.on(event::Attached{{.received = 5, .limit = kInitialWindow, .finished = false},
                       t.end.position().received});
  t.now += kAckDelay;
  const auto actions = t.on(event::Wakeup{});
  ASSERT_NE(find<action::SendPosition>(actions), nullptr)
      << "the opener knows the limit of an older answer, and may wait for a higher one";
  EXPECT_EQ(find<action::SendPosition>(actions)->position.limit, kInitialWindow + kCreditStep);
  t.acked({.received = 5, .limit = kInitialWindow, .finished = false});
  TailMemory memory;
  ReliableEnd opener(FlowSide::opener, memory, kStart);
  opener.step(kStart, event::Attached{kFresh});
  opener.step(kStart + kAckDelay, event::Acknowledged{kFresh});
  EXPECT_GT(opener.next_wakeup(), kStart + kAckDeadline) << "it has heard that the path works";
}

TEST(ReliableEnd, SaysNowAndThenThatItIsThereAndGivesASilentPathUp) {
  Talking t;
  t.acked({.received = 5, .limit = kInitialWindow, .finished = false});
  t.now += kAckDelay;
  t.on(event::Wakeup{});
  EXPECT_EQ(t.end.next_wakeup(), t.now + kSayEvery);
  t.now += kSayEvery;
  EXPECT_NE(find<action::SendPosition>(t.on(event::Wakeup{})), nullptr);
  t.now = kStart + kHearWithin - Duration{1};
  EXPECT_EQ(find<action::GiveUpPath>(t.on(event::Wakeup{})), nullptr);
  t.now = kStart + kHearWithin;
  EXPECT_NE(find<action::GiveUpPath>(t.on(event::Wakeup{})), nullptr);
  EXPECT_EQ(t.end.state(), State::detached);
}

TEST(ReliableEnd, GivesAPathUpWhoseHopsPauseItForTooLong) {
  for (const bool says_all : {false, true}) {
    TailMemory memory;
    ReliableEnd end(FlowSide::holder, memory, kStart);
    end.step(kStart, event::Attached{kFresh});
    if (says_all) {
      end.step(kStart, event::Finished{});
    } else {
      end.take(Bytes(1));
    }
    EXPECT_EQ(end.next_output(kStart, 0).kind, FlowOutput::Kind::none);
    EXPECT_NE(find<action::GiveUpPath>(end.step(kStart + kAckDeadline, event::Wakeup{})), nullptr);
  }
}

TEST(ReliableEnd, IsHeldWithoutAPathForAsLongAsPolicyLetsIt) {
  Talking t(FlowSide::holder, {.hold = std::chrono::seconds{60}});
  t.on(event::Detached{});
  EXPECT_EQ(t.end.next_wakeup(), kStart + std::chrono::seconds{60});
  t.now += std::chrono::seconds{60} - Duration{1};
  EXPECT_EQ(t.on(event::Wakeup{}).size(), 0U);
  t.now += Duration{1};
  EXPECT_EQ(reason_of(t.on(event::Wakeup{})), FlowReason::hold_expired);
  EXPECT_EQ(t.memory.held_bytes(), 0U);
  EXPECT_EQ(t.on(event::Attached{kFresh, 3}).size(), 0U) << "what ended does not come back";
}

TEST(ReliableEnd, FinishesEachWayByItself) {
  Talking opener(FlowSide::opener);
  opener.on(event::Finished{});
  EXPECT_EQ(opener.end.take(Bytes(1)), 0U);
  EXPECT_EQ(opener.end.next_output(opener.now, 9).kind, FlowOutput::Kind::fin);
  EXPECT_EQ(opener.end.next_output(opener.now, 9).kind, FlowOutput::Kind::none);
  EXPECT_EQ(reason_of(opener.acked({.received = 5, .limit = kInitialWindow, .finished = true})),
            std::nullopt);
  EXPECT_NE(find<action::Deliver>(opener.on(event::Record{Bytes(7)})), nullptr);
  const auto done = opener.on(event::PeerFinished{});
  EXPECT_NE(find<action::DeliverEnd>(done), nullptr);
  ASSERT_NE(find<action::SendClose>(done), nullptr);
  ASSERT_NE(find<action::Ended>(done), nullptr);
  EXPECT_EQ(find<action::Ended>(done)->reason, std::nullopt);
}

// The opener's last acknowledgement and its close went down with the path.
TEST(ReliableEnd, AHolderThatIsDoneWaitsUntilTheOpenerLetsGo) {
  Talking holder;
  holder.on(event::Finished{});
  holder.end.next_output(holder.now, 9);
  holder.on(event::PeerFinished{});
  holder.acked({.received = 5, .limit = kInitialWindow, .finished = true});
  EXPECT_TRUE(holder.end.is_done());
  holder.on(event::Detached{});
  holder.on(event::Attached{{.received = 5, .limit = kInitialWindow, .finished = true}, 3});
  EXPECT_EQ(holder.end.state(), State::attached);
  const auto closed = holder.on(event::Closed{});
  ASSERT_NE(find<action::Ended>(closed), nullptr);
  EXPECT_EQ(find<action::Ended>(closed)->reason, std::nullopt);
}

TEST(ReliableEnd, AHolderThatIsDoneEndsWithoutAReasonWhenTheOpenerNeverComesBack) {
  Talking holder;
  holder.on(event::Finished{});
  holder.end.next_output(holder.now, 9);
  holder.on(event::PeerFinished{});
  holder.acked({.received = 5, .limit = kInitialWindow, .finished = true});
  holder.on(event::Detached{});
  holder.now += kDefaultHold;
  const auto ended = holder.on(event::Wakeup{});
  ASSERT_NE(find<action::Ended>(ended), nullptr);
  EXPECT_EQ(find<action::Ended>(ended)->reason, std::nullopt);
}

TEST(ReliableEnd, SendsAFinAgainThatWasNotAcknowledged) {
  Talking t;
  t.on(event::Finished{});
  t.end.next_output(t.now, 9);
  t.on(event::Detached{});
  t.on(event::Attached{{.received = 5, .limit = kInitialWindow, .finished = false}, 3});
  EXPECT_EQ(t.end.next_output(t.now, 9).kind, FlowOutput::Kind::fin);
}

TEST(ReliableEnd, TellsTheOtherEndWhyItMustEnd) {
  for (const auto reason :
       {FlowReason::session_ended, FlowReason::signed_out, FlowReason::blocklisted}) {
    Talking t;
    const auto actions = t.on(event::EndFlow{reason});
    ASSERT_NE(find<action::SendClose>(actions), nullptr);
    EXPECT_EQ(find<action::SendClose>(actions)->reason, reason);
    EXPECT_EQ(reason_of(actions), reason);
    Talking held;
    held.on(event::Detached{});
    EXPECT_EQ(reason_of(held.on(event::EndFlow{reason})), reason) << "without a path too";
    Talking other;
    EXPECT_EQ(reason_of(other.on(event::Closed{reason})), reason);
  }
}

// --- another end that lies -----------------------------------------------------------------------

TEST(ReliableEnd, AnAcknowledgementOfTheFutureEndsTheFlow) {
  Talking t;
  t.end.take(Bytes(1));
  EXPECT_EQ(reason_of(t.acked({.received = 6, .limit = kInitialWindow, .finished = false})),
            FlowReason::out_of_sequence)
      << "the sixth byte was taken, and has not gone out";
}

TEST(ReliableEnd, AnAcknowledgementThatGoesBackEndsTheFlow) {
  Talking t;
  t.acked({.received = 4, .limit = kInitialWindow, .finished = false});
  EXPECT_EQ(reason_of(t.acked({.received = 3, .limit = kInitialWindow, .finished = false})),
            FlowReason::tail_gone);
}

TEST(ReliableEnd, AnAcknowledgedFinThatNeverWentOutEndsTheFlow) {
  Talking t;
  EXPECT_EQ(reason_of(t.acked({.received = 5, .limit = kInitialWindow, .finished = true})),
            FlowReason::out_of_sequence);
}

TEST(ReliableEnd, ALimitThatGoesBackOrBeyondTheWindowEndsTheFlow) {
  Talking back;
  EXPECT_EQ(reason_of(back.acked({.received = 5, .limit = 100, .finished = false})),
            FlowReason::flow_control);
  Talking beyond;
  EXPECT_EQ(reason_of(beyond.acked({.received = 5, .limit = kMaxWindow + 6, .finished = false})),
            FlowReason::flow_control);
  Talking most;
  EXPECT_EQ(reason_of(most.acked({.received = 5, .limit = kMaxWindow + 5, .finished = false})),
            std::nullopt);
}

TEST(ReliableEnd, AResumeThatLacksWhatItOnceAcknowledgedEndsTheFlow) {
  Talking t;
  t.acked({.received = 4, .limit = kInitialWindow, .finished = false});
  t.on(event::Detached{});
  EXPECT_EQ(reason_of(t.on(
                event::Attached{{.received = 3, .limit = kInitialWindow, .finished = false}, 3})),
            FlowReason::tail_gone);
}

TEST(ReliableEnd, AResumeFromTheFutureEndsTheFlow) {
  Talking t;
  t.on(event::Detached{});
  EXPECT_EQ(reason_of(t.on(
                event::Attached{{.received = 6, .limit = kInitialWindow, .finished = false}, 3})),
            FlowReason::out_of_sequence);
}

TEST(ReliableEnd, AResumeThatLeavesAGapEndsTheFlow) {
  Talking t;
  t.on(event::Detached{});
  EXPECT_EQ(reason_of(t.on(event::Attached{kFresh, 4})), FlowReason::tail_gone);
}

TEST(ReliableEnd, BytesBeyondTheLimitEndTheFlowHoweverOftenItResumes) {
  TailMemory memory;
  ReliableEnd end(FlowSide::holder, memory, kStart);
  const Bytes part(kInitialWindow / 4);
  for (std::uint64_t i = 0; i < 4; ++i) {
    end.step(kStart, event::Attached{kFresh, i * part.size()});
    EXPECT_EQ(reason_of(end.step(kStart, event::Record{part})), std::nullopt);
  }
  EXPECT_EQ(end.undelivered(), kInitialWindow);
  end.step(kStart, event::Attached{kFresh, end.position().received});
  EXPECT_EQ(reason_of(end.step(kStart, event::Record{Bytes(1)})), FlowReason::flow_control);
}

TEST(ReliableEnd, RecordsAfterAFinAndEmptyOnesEndTheFlow) {
  Talking after;
  after.on(event::PeerFinished{});
  EXPECT_EQ(reason_of(after.on(event::Record{Bytes(1)})), FlowReason::protocol_error);
  Talking again;
  again.on(event::PeerFinished{});
  EXPECT_EQ(reason_of(again.on(event::PeerFinished{})), FlowReason::protocol_error);
  Talking empty;
  EXPECT_EQ(reason_of(empty.on(event::Record{})), FlowReason::protocol_error);
  Talking resumed;
  resumed.on(event::PeerFinished{});
  resumed.on(event::Attached{kFresh, 2});
  EXPECT_EQ(reason_of(resumed.on(event::Record{Bytes(2)})), FlowReason::protocol_error)
      << "one byte comes again, the other was never said to come";
}

TEST(ReliableEnd, ACloseThatSaysAllIsDoneTooEarlyEndsTheFlowWithAReason) {
  Talking holder;
  EXPECT_EQ(reason_of(holder.on(event::Closed{})), FlowReason::out_of_sequence);
  Talking opener(FlowSide::opener);
  EXPECT_EQ(reason_of(opener.on(event::Closed{})), FlowReason::out_of_sequence);
}

TEST(ReliableEnd, CreditBeyondTheLargestWindowEndsThePathAlone) {
  Talking t;
  const auto actions = t.on(event::Credited{kMaxWindow});
  ASSERT_NE(find<action::GiveUpPath>(actions), nullptr);
  EXPECT_EQ(find<action::GiveUpPath>(actions)->reason, FlowReason::flow_control);
  EXPECT_EQ(find<action::SendClose>(actions), nullptr);
  EXPECT_EQ(t.end.state(), State::detached);
}

TEST(ReliableEnd, HearsNothingWithoutAPath) {
  Talking t;
  t.on(event::Detached{});
  EXPECT_EQ(t.on(event::Record{Bytes(1)}).size(), 0U);
  EXPECT_EQ(t.acked(kFresh).size(), 0U);
  EXPECT_EQ(t.on(event::PeerFinished{}).size(), 0U);
  EXPECT_EQ(t.on(event::Closed{FlowReason::session_ended}).size(), 0U);
  EXPECT_EQ(t.end.state(), State::detached);
}
}  // namespace
}  // namespace rap::flow
