// How much one end of a flow takes of its local stream, and sends on a path.
#include "node/flow/reliable/test_reliable_end.hpp"

namespace rap::flow {
namespace {

TEST(ReliableEnd, TakesNoMoreThanItsTail) {
  Talking t;
  const Bytes lot(kMaxTail);
  EXPECT_EQ(t.end.take(lot), kMaxTail - 5);
  EXPECT_EQ(t.end.take(lot), 0U);
  const auto actions = t.acked({.received = 5, .limit = kInitialWindow, .finished = false});
  EXPECT_EQ(find<action::TakeMore>(actions), nullptr) << "five bytes are not worth waking for";
}

TEST(ReliableEnd, WithoutAPathKeepsLessAndTakesMoreWhenItHasOneAgain) {
  Talking t;
  t.on(event::Detached{});
  const Bytes lot(kMaxTail);
  EXPECT_EQ(t.end.take(lot), kHeldTail - 5);
  EXPECT_EQ(t.end.room(), 0U);
  const auto actions = t.on(event::Attached{kFresh, 3});
  EXPECT_NE(find<action::TakeMore>(actions), nullptr);
  EXPECT_EQ(t.end.room(), kMaxTail - kHeldTail);
}

TEST(ReliableEnd, TakesLittleWhileItsPersonsFlowsKeepMuch) {
  TailMemory memory;
  TailShare share{.most = kMaxTail};
  ReliableEnd much(FlowSide::holder, memory, kStart, {}, &share);
  ReliableEnd other(FlowSide::holder, memory, kStart, {}, &share);
  ReliableEnd somebodys(FlowSide::holder, memory, kStart);
  for (ReliableEnd* end : {&much, &other, &somebodys}) end->step(kStart, event::Attached{kFresh});
  EXPECT_EQ(much.take(Bytes(kMaxTail)), kMaxTail);
  EXPECT_EQ(other.take(Bytes(kMaxTail)), kTailRoom) << "so much is every flow's own";
  EXPECT_EQ(other.room(), 0U);
  EXPECT_EQ(somebodys.room(), kMaxTail) << "nobody pays for another";
  const auto out = [&] {
    while (other.next_output(kStart, wire::kMaxData).kind == FlowOutput::Kind::record) {
    }
  };
  out();
  other.step(kStart, event::Credited{kFirstWindow});
  out();
  const auto actions = other.step(
      kStart,
      event::Acknowledged{{.received = kTailRoom, .limit = kInitialWindow, .finished = false}});
  EXPECT_NE(find<action::TakeMore>(actions), nullptr) << "it waits for nobody else's flow";
  much.step(kStart, event::EndFlow{});
  EXPECT_EQ(other.room(), kMaxTail);
  EXPECT_EQ(share.held, 0U);
}

TEST(ReliableEnd, TakesMoreAgainThoughTheRoomCameOfAnothersFlow) {
  TailMemory memory;
  TailShare share{.most = kMaxTail};
  ReliableEnd one(FlowSide::holder, memory, kStart, {}, &share);
  ReliableEnd other(FlowSide::holder, memory, kStart, {}, &share);
  for (ReliableEnd* end : {&one, &other}) end->step(kStart, event::Attached{kFresh});
  EXPECT_EQ(one.take(Bytes(kMaxTail / 2)), kMaxTail / 2);
  EXPECT_EQ(other.take(Bytes(kMaxTail)), kMaxTail / 2);
  one.step(kStart, event::EndFlow{});
  EXPECT_GE(other.room(), kTailRoom) << "of which it hears nothing";
  other.next_output(kStart, 1);
  const auto actions = other.step(
      kStart, event::Acknowledged{{.received = 1, .limit = kInitialWindow, .finished = false}});
  EXPECT_NE(find<action::TakeMore>(actions), nullptr);
}

TEST(ReliableEnd, UsesMoreOfAWindowAsTheOtherEndTakesIt) {
  TailMemory memory;
  ReliableEnd holder(FlowSide::holder, memory, kStart);
  holder.step(kStart, event::Attached{kFresh});
  holder.take(Bytes(kMaxTail));
  const auto sends = [&](MonoTime now) {
    const std::uint64_t before = holder.sends_next();
    while (holder.next_output(now, wire::kMaxData).kind == FlowOutput::Kind::record) {
    }
    return holder.sends_next() - before;
  };
  EXPECT_EQ(sends(kStart), kFirstWindow);
  holder.step(kStart, event::Credited{kCreditStep});
  EXPECT_EQ(sends(kStart), 2 * kCreditStep) << "what was taken, and as much again";
  EXPECT_EQ(holder.next_output(kStart, 0).kind, FlowOutput::Kind::none) << "a hop pauses it";
  holder.step(kStart, event::Credited{kCreditStep});
  EXPECT_EQ(sends(kStart), 0U) << "it begins anew";
  ReliableEnd opener(FlowSide::opener, memory, kStart);
  opener.step(kStart, event::Attached{kFresh});
  opener.take(Bytes(kMaxTail));
  while (opener.next_output(kStart, wire::kMaxData).kind == FlowOutput::Kind::record) {
  }
  EXPECT_EQ(opener.sends_next(), kInitialWindow) << "an entry reads a client no faster than it may";
}

TEST(ReliableEnd, TakesLittleWhileAllFlowsKeepMuch) {
  TailMemory memory(kMaxTail);
  ReliableEnd much(FlowSide::holder, memory, kStart);
  ReliableEnd other(FlowSide::holder, memory, kStart);
  for (ReliableEnd* end : {&much, &other}) end->step(kStart, event::Attached{kFresh});
  EXPECT_EQ(much.take(Bytes(kMaxTail)), kMaxTail);
  EXPECT_EQ(other.take(Bytes(kMaxTail)), kTailRoom);
}

TEST(ReliableEnd, PolicyLetsItHoldNoMoreThanATail) {
  TailMemory memory;
  ReliableEnd end(FlowSide::holder, memory, kStart, {.held_tail = 2 * kMaxTail});
  EXPECT_EQ(end.room(), kMaxTail);
  EXPECT_EQ(end.most_held(), kMaxTail);
}

TEST(ReliableEnd, SendsNothingBeyondTheLimitOfTheOtherEnd) {
  TailMemory memory;
  ReliableEnd end(FlowSide::opener, memory, kStart);
  end.step(kStart, event::Attached{{.received = 0, .limit = 25, .finished = false}});
  end.take(Bytes(100));
  EXPECT_EQ(end.next_output(kStart, 100).bytes.size(), 25U);
  EXPECT_EQ(end.next_output(kStart, 100).kind, FlowOutput::Kind::none);
  end.step(kStart, event::Acknowledged{{.received = 25, .limit = 30, .finished = false}});
  EXPECT_EQ(end.next_output(kStart, 100).bytes.size(), 5U);
}

TEST(ReliableEnd, SendsNothingBeyondTheWindowOfTheHops) {
  TailMemory memory;
  ReliableEnd end(FlowSide::opener, memory, kStart);
  end.step(kStart, event::Attached{{.received = 0, .limit = kMaxWindow, .finished = false}});
  const auto send_all = [&] {
    while (end.next_output(kStart, 16000).kind == FlowOutput::Kind::record) {
    }
    return end.sends_next();
  };
  end.take(Bytes(kMaxTail));
  EXPECT_EQ(send_all(), kInitialWindow);
  end.step(kStart, event::Acknowledged{
                       {.received = kInitialWindow, .limit = kMaxWindow, .finished = false}});
  end.take(Bytes(100));
  EXPECT_EQ(send_all(), kInitialWindow) << "acknowledged, but the hops have given no credit";
  end.step(kStart, event::Credited{60});
  EXPECT_EQ(send_all(), kInitialWindow + 60);
}

TEST(ReliableEnd, RaisesTheLimitAsTheLocalStreamTakesBytes) {
  Talking t;
  t.on(event::Record{Bytes(kCreditStep)});
  EXPECT_EQ(find<action::SendCredit>(t.on(event::Consumed{kCreditStep - 1})), nullptr);
  const auto actions = t.on(event::Consumed{1});
  ASSERT_NE(find<action::SendCredit>(actions), nullptr);
  EXPECT_EQ(find<action::SendCredit>(actions)->bytes, kCreditStep);
  ASSERT_NE(find<action::SendPosition>(actions), nullptr);
  EXPECT_EQ(find<action::SendPosition>(actions)->position.limit, kInitialWindow + kCreditStep);
}

TEST(ReliableEnd, GivesTheHopsOfANewPathNoCreditForBytesOfTheOld) {
  Talking t;
  t.on(event::Record{Bytes(2 * kCreditStep)});
  t.on(event::Attached{{.received = 5, .limit = kInitialWindow, .finished = false},
                       t.end.position().received});
  EXPECT_EQ(find<action::SendCredit>(t.on(event::Consumed{2 * kCreditStep + 3})), nullptr);
  t.on(event::Record{Bytes(kCreditStep)});
  EXPECT_NE(find<action::SendCredit>(t.on(event::Consumed{kCreditStep})), nullptr);
}

// What a hop on the path can do to it without a word.
TEST(ReliableEnd, GivesAPathUpWhoseHopsGiveNoCreditThoughTheOtherEndTakesMore) {
  TailMemory memory;
  ReliableEnd end(FlowSide::holder, memory, kStart);
  end.step(kStart, event::Attached{kFresh});
  end.take(Bytes(kMaxTail));
  while (end.next_output(kStart, wire::kMaxData).kind == FlowOutput::Kind::record) {
  }
  const std::uint64_t sent = end.sends_next();
  EXPECT_EQ(sent, kFirstWindow);
  end.step(kStart,
           event::Acknowledged{{.received = sent, .limit = kInitialWindow, .finished = false}});
  EXPECT_EQ(end.next_output(kStart, wire::kMaxData).kind, FlowOutput::Kind::none);
  MonoTime now = kStart + kAckDeadline;
  EXPECT_EQ(find<action::GiveUpPath>(end.step(now, event::Wakeup{})), nullptr)
      << "the other end takes no more either";
  end.step(now, event::Acknowledged{{.received = sent,
                                     .limit = std::uint64_t{kInitialWindow} + kCreditLag,
                                     .finished = false}});
  EXPECT_EQ(end.next_output(now, wire::kMaxData).kind, FlowOutput::Kind::none);
  now += kAckDeadline;
  EXPECT_NE(find<action::GiveUpPath>(end.step(now, event::Wakeup{})), nullptr);
}

}  // namespace
}  // namespace rap::flow
