// Two real ends and paths between them that are cut at any moment, against a model: what one side
// wrote is what the other side got, byte for byte, whatever was cut.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <new>
#include <vector>

#include "base/seeded_random.hpp"
#include "node/flow/reliable/reliable_end.hpp"

namespace {
// How often memory was asked for, by whatever in this test program.
std::size_t allocations = 0;
}  // namespace

// Not inlined: the compiler would see memory of new that free gives back.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace rap::flow {
namespace {

using wire::FlowPosition;
using wire::FlowReason;

constexpr FlowPosition kUnopened{.received = 0, .limit = kInitialWindow, .finished = false};

struct Message {
  enum class Kind : std::uint8_t { data, fin, ack, close, credit } kind = Kind::data;
  Bytes bytes;
  FlowPosition position;
  std::optional<FlowReason> reason;
  std::uint32_t credit = 0;
};

// One end with what is around it: a local stream that says numbered bytes, and one that takes them.
struct Side {
  Side(FlowSide side, TailMemory& memory, std::uint64_t n, std::uint8_t s)
      : end(side, memory, MonoTime{}), to_say(n), salt(s) {}

  static std::uint8_t byte_at(std::uint64_t i, std::uint8_t salt) {
    return static_cast<std::uint8_t>((i * 2654435761U >> 7) + salt);
  }

  ReliableEnd end;
  std::uint64_t to_say;
  std::uint8_t salt;
  std::uint64_t said = 0;
  bool finished = false;
  std::uint64_t heard = 0;
  std::uint64_t heard_wrong = 0;
  std::uint8_t other_salt = 0;
  bool heard_end = false;
  bool had_full_tail = false;
  bool was_full = false;
  bool over = false;
  bool path_given_up = false;
  std::optional<FlowReason> why;
  std::deque<Message> out;  // on the path, towards the other end
};

class Pair {
 public:
  // `most` bytes are said each way; `stuffed`: nobody takes any until the bounds hold both ends
  // back.
  explicit Pair(std::uint64_t seed, std::uint64_t most = 400'000, bool stuffed = false)
      : rng_(seed),
        opener_(FlowSide::opener, memory_, amount(most, stuffed), 3),
        holder_(FlowSide::holder, memory_, amount(most, stuffed), 90),
        stuffed_(stuffed) {
    opener_.other_salt = holder_.salt;
    holder_.other_salt = opener_.salt;
    carry_out(holder_, holder_.end.step(now_, event::Attached{kUnopened}));
    carry_out(opener_, opener_.end.step(now_, event::Attached{kUnopened}));
  }

  // Empty when everything arrived.
  std::string run(int most_acts = 20'000) {
    for (int i = 0; i < most_acts && !opener_.over; ++i) {
      act();
      if (opener_.why) return "opener: " + std::string(wire::to_string(*opener_.why));
      if (holder_.why) return "holder: " + std::string(wire::to_string(*holder_.why));
      if (opener_.heard_wrong + holder_.heard_wrong > 0) return "a byte that was not said";
      if (!keeps_bounds(opener_) || !keeps_bounds(holder_)) return "more than may be kept";
    }
    if (!opener_.over) return "it goes on and on";
    if (opener_.heard != holder_.to_say || holder_.heard != opener_.to_say) return "bytes are lost";
    if (!opener_.heard_end || !holder_.heard_end) return "an end was not heard of";
    return "";
  }
  int cuts() const { return cuts_; }
  // Both ends had a full tail, and as much as may come and not be taken.
  bool was_full() const { return opener_.was_full && holder_.was_full; }

 private:
  std::uint64_t amount(std::uint64_t most, bool stuffed) {
    if (stuffed) return most;
    return rng_.below(3) == 0 ? 0 : rng_.below(most);
  }
  bool keeps_bounds(Side& side) {
    side.had_full_tail = side.had_full_tail || side.end.tail_bytes() == kMaxTail;
    side.was_full =
        side.had_full_tail && (side.was_full || side.end.undelivered() == kInitialWindow);
    return side.end.tail_bytes() <= kMaxTail && side.end.undelivered() <= kInitialWindow;
  }

  void act() {
    now_ += std::chrono::milliseconds{rng_.below(8)};
    Side& side = rng_.below(2) == 0 ? opener_ : holder_;
    Side& other = &side == &opener_ ? holder_ : opener_;
    switch (rng_.below(40)) {
      case 0: return rng_.below(3) == 0 ? cut() : resume();
      case 1: return resume();
      case 2: {
        if (auto when = side.end.next_wakeup(); when && *when <= now_) {
          carry_out(side, side.end.step(now_, event::Wakeup{}));
        }
        return;
      }
      default: break;
    }
    switch (rng_.below(4)) {
      case 0: return say(side);
      case 1: return send(side);
      case 2:
        if (!side.out.empty()) deliver(side, other);
        return;
      default:
        if (stuffed_ && !was_full()) return;
        carry_out(side, side.end.step(now_, event::Consumed{rng_.below(20'000)}));
    }
  }

  void say(Side& side) {
    Bytes some(std::min<std::uint64_t>(rng_.below(30'000), side.to_say - side.said));
    for (std::size_t i = 0; i < some.size(); ++i) {
      some[i] = Side::byte_at(side.said + i, side.salt);
    }
    side.said += side.end.take(some);
    if (side.said == side.to_say && !std::exchange(side.finished, true)) {
      carry_out(side, side.end.step(now_, event::Finished{}));
    }
  }

  void send(Side& side) {
    const FlowOutput output = side.end.next_output(now_, 1 + rng_.below(16'000));
    using enum FlowOutput::Kind;
    if (output.kind == record) {
      side.out.push_back({Message::Kind::data, to_bytes(output.bytes), {}, {}, 0});
    } else if (output.kind == fin) {
      side.out.push_back({Message::Kind::fin, {}, {}, {}, 0});
    }
  }

  void deliver(Side& from, Side& to) {
    const Message m = std::move(from.out.front());
    from.out.pop_front();
    switch (m.kind) {
      case Message::Kind::data: return carry_out(to, to.end.step(now_, event::Record{m.bytes}));
      case Message::Kind::fin: return carry_out(to, to.end.step(now_, event::PeerFinished{}));
      case Message::Kind::ack:
        return carry_out(to, to.end.step(now_, event::Acknowledged{m.position}));
      case Message::Kind::close: return carry_out(to, to.end.step(now_, event::Closed{m.reason}));
      case Message::Kind::credit:
        return carry_out(to, to.end.step(now_, event::Credited{m.credit}));
    }
  }

  void carry_out(Side& side, const ReliableActions& actions) {
    for (const ReliableAction& one : actions) {
      if (const auto* deliver = std::get_if<action::Deliver>(&one)) {
        for (const std::uint8_t byte : deliver->bytes) {
          if (byte != Side::byte_at(side.heard++, side.other_salt)) ++side.heard_wrong;
        }
      } else if (std::holds_alternative<action::DeliverEnd>(one)) {
        if (std::exchange(side.heard_end, true)) ++side.heard_wrong;
      } else if (const auto* ack = std::get_if<action::SendPosition>(&one)) {
        side.out.push_back({Message::Kind::ack, {}, ack->position, {}, 0});
      } else if (const auto* close = std::get_if<action::SendClose>(&one)) {
        side.out.push_back({Message::Kind::close, {}, {}, close->reason, 0});
      } else if (const auto* credit = std::get_if<action::SendCredit>(&one)) {
        side.out.push_back({Message::Kind::credit, {}, {}, {}, credit->bytes});
      } else if (const auto* ended = std::get_if<action::Ended>(&one)) {
        side.over = true;
        side.why = ended->reason;
      } else if (std::holds_alternative<action::GiveUpPath>(one)) {
        cut();
      }
    }
  }

  void cut() {
    ++cuts_;
    opener_.out.clear();
    holder_.out.clear();
    answer_.reset();
    if (rng_.below(2) == 0) carry_out(opener_, opener_.end.step(now_, event::Detached{}));
    carry_out(holder_, holder_.end.step(now_, event::Detached{}));
  }

  // Another path, while the one before may still work: the holder's answer takes a while.
  void resume() {
    if (opener_.over || holder_.over) return;
    if (!answer_) {
      answer_ = holder_.end.position();
      return;
    }
    const FlowPosition theirs = *std::exchange(answer_, std::nullopt);
    if (rng_.below(8) == 0) return;  // this path was cut before it was used
    ++cuts_;
    opener_.out.clear();
    const FlowPosition own = opener_.end.position();
    carry_out(opener_, opener_.end.step(now_, event::Attached{theirs, own.received}));
    if (opener_.over) return;
    if (rng_.below(8) == 0) return cut();  // and this one when the opener had begun to use it
    holder_.out.clear();
    carry_out(holder_, holder_.end.step(now_, event::Attached{own, opener_.end.sends_next()}));
  }

  TailMemory memory_;
  SeededRandom rng_;
  Side opener_;
  Side holder_;
  bool stuffed_;
  MonoTime now_{};
  std::optional<FlowPosition> answer_;
  int cuts_ = 0;
};

TEST(ReliableModel, LosesDoublesAndReordersNothingInAThousandFlowsThatAreCut) {
  int cuts = 0;
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    Pair pair(seed);
    ASSERT_EQ(pair.run(), "") << "seed " << seed;
    cuts += pair.cuts();
  }
  EXPECT_GT(cuts, 5000) << "flows that nobody cuts prove nothing";
}

TEST(ReliableModel, LosesNothingOfFlowsThatSayMoreThanAnyBoundAndAreCut) {
  int cuts = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Pair pair(seed, std::uint64_t{3} * kMaxTail, true);
    ASSERT_EQ(pair.run(200'000), "") << "seed " << seed;
    EXPECT_TRUE(pair.was_full()) << "bounds that never held anything back prove nothing";
    cuts += pair.cuts();
  }
  EXPECT_GT(cuts, 1000);
}

TEST(ReliableModel, ASteadyStreamAllocatesNothing) {
  TailMemory memory;
  ReliableEnd from(FlowSide::opener, memory, MonoTime{});
  ReliableEnd to(FlowSide::holder, memory, MonoTime{});
  from.step(MonoTime{}, event::Attached{kUnopened});
  to.step(MonoTime{}, event::Attached{kUnopened});
  const Bytes some(48'000, 7);
  MonoTime now{};
  const auto round = [&] {
    now += std::chrono::milliseconds{1};
    from.take(some);
    for (FlowOutput o;
         (o = from.next_output(now, wire::kMaxData)).kind != FlowOutput::Kind::none;) {
      std::size_t delivered = 0;
      const auto answer = [&](const ReliableActions& actions) {
        for (const ReliableAction& one : actions) {
          if (const auto* d = std::get_if<action::Deliver>(&one)) delivered += d->bytes.size();
          if (const auto* ack = std::get_if<action::SendPosition>(&one)) {
            from.step(now, event::Acknowledged{ack->position});
          }
          if (const auto* credit = std::get_if<action::SendCredit>(&one)) {
            from.step(now, event::Credited{credit->bytes});
          }
        }
      };
      answer(to.step(now, event::Record{o.bytes}));
      answer(to.step(now, event::Consumed{delivered}));
    }
  };
  for (int i = 0; i < 100; ++i) round();
  const std::size_t before = allocations;
  for (int i = 0; i < 1000; ++i) round();
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(to.position().received, 1100U * some.size());
}

}  // namespace
}  // namespace rap::flow
