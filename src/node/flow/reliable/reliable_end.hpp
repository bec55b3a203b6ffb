// One end of a flow (RO-4, DP-6): what carries a two-way stream of bytes across the death
// of every node between its two ends. It numbers bytes, keeps what it sent until the other end has
// acknowledged it, and when the flow gets another path goes on from what the other end says has
// arrived: no byte is lost, doubled or out of order, or the flow ends with a reason.
//
//                 Attached                 Detached, or no acknowledgement in time
//   detached ──────────────────► attached ─────────────────────────────────────────► detached
//      │                            │
//      └─ held for too long ────────┴─ both ways done, End, Closed, a violation ───► ended
//
// What it relies on: within one path, records come in order, each once, and from the other end
// alone. The seal (node/flow/sealed) sees to that. What it does not rely on: that the other end is
// honest. What cannot be is answered with the end of the flow.
//
// A path may be changed for another while it still works. The opener hears on the new path what the
// holder had received when it answered; more may have arrived on the old one since. So it says with
// which byte it begins, and the holder passes over what it has.
//
// The owner reports what happened and carries out the actions it gets back at once, in their order.
// It takes next_output() as long as its path has room, and calls again at next_wakeup().
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <variant>

#include "base/time.hpp"
#include "node/flow/opening_window.hpp"
#include "node/flow/reliable/flow_tail.hpp"
#include "node/flow/window.hpp"
#include "wire/flow_reason.hpp"
#include "wire/frames/flow_position.hpp"
#include "wire/frames/frame.hpp"

namespace rap::flow {

inline constexpr std::size_t kMaxTail = kInitialWindow;
// A flow without a path takes no more from its local stream once it keeps so much.
inline constexpr std::size_t kHeldTail = std::size_t{256} * 1024;
// An acknowledgement goes out after so many bytes, and otherwise after so long.
inline constexpr std::uint32_t kAckStep = 64 * 1024;
inline constexpr Duration kAckDelay = std::chrono::milliseconds{25};
// A path on which nothing of what is on the way was acknowledged for so long is dead.
inline constexpr Duration kAckDeadline = std::chrono::seconds{10};
// An end says something on its path so often, and gives a path up on which it has heard nothing
// from the other end for so long.
inline constexpr Duration kSayEvery = std::chrono::seconds{15};
inline constexpr Duration kHearWithin = std::chrono::seconds{40};
// The credit of the hops lags behind the limit of the other end by less than this.
inline constexpr std::uint32_t kCreditLag = 4 * kCreditStep;
inline constexpr Duration kDefaultHold = std::chrono::minutes{5};
// With less room than this a local stream had better rest until there is more.
// So much every flow may keep, however much others keep: whoever has it all acknowledged has room.
inline constexpr std::size_t kTailRoom = std::size_t{128} * 1024;
static_assert(kTailRoom < kMaxTail && kHeldTail < kMaxTail && kAckStep < kMaxTail);

// Who lets go first. The opener is the client's end: it closes the flow when both ways are done.
// The holder is the egress's: it keeps the little that is left until it hears so, because the last
// acknowledgement may have been lost with its path, and the opener would find no flow to resume.
enum class FlowSide : std::uint8_t { opener, holder };

// What policy says of a flow.
struct ReliableLimits {
  Duration hold = kDefaultHold;  // without a path; longer, and the flow ends
  std::size_t held_tail = kHeldTail;  // kMaxTail at most
};

namespace event {
// The flow has a path, on which the other end says this, and begins with that byte.
struct Attached {
  wire::FlowPosition peer;
  std::uint64_t peer_begins = 0;
};
struct Detached {};
// The local stream has said all.
struct Finished {};
// The local stream has taken so many bytes for good.
struct Consumed {
  std::size_t bytes = 0;
};
// It came on the path, and is authentic.
struct Record {
  ByteView bytes;
};
struct PeerFinished {};
struct Acknowledged {
  wire::FlowPosition peer;
};
// The other end let go of the flow; nullopt: because all was done.
struct Closed {
  std::optional<wire::FlowReason> reason;
};
// The hops on the path say that so many bytes more may be on the way.
struct Credited {
  std::uint32_t bytes = 0;
};
// The flow must end: its session is over, its person is signed out or blocklisted.
struct EndFlow {
  wire::FlowReason reason = wire::FlowReason::session_ended;
};
struct Wakeup {};
}  // namespace event

using ReliableEvent =
    std::variant<event::Attached, event::Detached, event::Finished, event::Consumed, event::Record,
                 event::PeerFinished, event::Acknowledged, event::Closed, event::Credited,
                 event::EndFlow, event::Wakeup>;

namespace action {
// The local stream takes these bytes, which are the event's.
struct Deliver {
  ByteView bytes;
};
struct DeliverEnd {};
// There is room for more of the local stream.
struct TakeMore {};
// The other end hears where this one is, sealed.
struct SendPosition {
  wire::FlowPosition position;
};
struct SendClose {
  std::optional<wire::FlowReason> reason;
};
// The hops on the path are given room.
struct SendCredit {
  std::uint32_t bytes = 0;
};
// The path is dead though nobody said so, or a hop on it does what it may not: it is to be given
// up, and another one looked for.
struct GiveUpPath {
  wire::FlowReason reason = wire::FlowReason::peer_lost;
};
// Nothing follows; nullopt: everything arrived, both ways.
struct Ended {
  std::optional<wire::FlowReason> reason;
};
}  // namespace action

using ReliableAction =
    std::variant<action::Deliver, action::DeliverEnd, action::TakeMore, action::SendPosition,
                 action::SendClose, action::SendCredit, action::GiveUpPath, action::Ended>;

// The actions of one step, without memory of their own.
class ReliableActions {
 public:
  static constexpr std::size_t kMost = 5;

  void add(ReliableAction action) { items_[size_++] = action; }
  const ReliableAction* begin() const { return items_.data(); }
  const ReliableAction* end() const { return items_.data() + size_; }
  std::size_t size() const { return size_; }

 private:
  std::array<ReliableAction, kMost> items_{};
  std::size_t size_ = 0;
};

// What goes to the other end next.
struct FlowOutput {
  enum class Kind : std::uint8_t { none, record, fin };
  Kind kind = Kind::none;
  std::uint64_t position = 0;  // of its first byte
  ByteView bytes;  // kind record: until the next call
};

class ReliableEnd {
 public:
  enum class State : std::uint8_t { detached, attached, ended };

  // A flow begins without a path, and has as long to get one as it is held without one later.
  // `share` is what the person's flows keep together.
  ReliableEnd(FlowSide side, TailMemory& memory, MonoTime now, ReliableLimits limits = {},
              TailShare* share = nullptr)
      : side_(side),
        limits_{limits.hold, std::min(limits.held_tail, kMaxTail)},
        tail_(memory, share),
        hold_until_(now + limits.hold) {}

  ReliableActions step(MonoTime now, const ReliableEvent& event);
  // Takes bytes of the local stream, as many as there is room() for; returns how many.
  std::size_t take(ByteView bytes);
  // At most `max` bytes of the flow, which counts as sent with that; 0: hops ask it to pause, and
  // it hears that what it has must wait.
  FlowOutput next_output(MonoTime now, std::size_t max);

  State state() const { return state_; }
  // What this end says of itself when the flow gets another path.
  wire::FlowPosition position() const;
  // Where the next record of this path begins, of those that go out and of those that come.
  std::uint64_t sends_next() const { return next_; }
  std::uint64_t expects_next() const { return received_ - passed_over_; }
  // How much of the local stream it would take now.
  std::size_t room() const;
  std::size_t tail_bytes() const { return tail_.size(); }
  // Bytes that were delivered, and that the local stream has not taken for good.
  std::uint64_t undelivered() const { return received_ - consumed_; }
  // It may come to keep as much while it has no path.
  std::size_t most_held() const {
    return std::max(tail_.size(), limits_.held_tail) + static_cast<std::size_t>(undelivered());
  }
  // Both ways are done, and it is only held until the opener lets go.
  bool is_done() const { return fin_acked_ && peer_finished_; }
  std::optional<MonoTime> next_wakeup() const;

 private:
  void on(MonoTime now, const event::Attached& e, ReliableActions& out);
  void on(MonoTime now, const event::Detached& e, ReliableActions& out);
  void on(MonoTime now, const event::Finished& e, ReliableActions& out);
  void on(MonoTime now, const event::Consumed& e, ReliableActions& out);
  void on(MonoTime now, const event::Record& e, ReliableActions& out);
  void on(MonoTime now, const event::PeerFinished& e, ReliableActions& out);
  void on(MonoTime now, const event::Acknowledged& e, ReliableActions& out);
  void on(MonoTime now, const event::Closed& e, ReliableActions& out);
  void on(MonoTime now, const event::Credited& e, ReliableActions& out);
  void on(MonoTime now, const event::EndFlow& e, ReliableActions& out);
  void on(MonoTime now, const event::Wakeup& e, ReliableActions& out);

  // What is wrong with what the other end says of itself; `sent` is what it can have received.
  std::optional<wire::FlowReason> fault_in(const wire::FlowPosition& peer,
                                           std::uint64_t sent) const;
  void believe(const wire::FlowPosition& peer);
  void take_more(ReliableActions& out);
  void credit(std::uint64_t bytes, ReliableActions& out);
  bool outstanding() const;
  bool hops_are_dead(MonoTime now) const;
  void acknowledge(MonoTime now, ReliableActions& out);
  std::uint32_t path_room(MonoTime now);
  bool hops_lag() const;
  void wait_for_hops(MonoTime now);
  void detach(MonoTime now);
  // The opener lets go once both ways are done.
  void close_if_done(ReliableActions& out);
  void break_flow(wire::FlowReason reason, ReliableActions& out);
  void end(std::optional<wire::FlowReason> reason, ReliableActions& out);

  FlowSide side_;
  ReliableLimits limits_;
  State state_ = State::detached;

  // What goes to the other end. tail_.begin() is acknowledged, tail_.end() was written.
  FlowTail tail_;
  std::uint64_t next_ = 0;  // goes out next on this path
  std::uint64_t sent_ = 0;  // has gone out on any path
  std::uint64_t peer_limit_ = 0;
  bool rests_ = false;  // the local stream, until there is more room
  bool finished_ = false;  // it has said all
  bool fin_on_path_ = false;  // the fin has gone out on this path
  bool fin_sent_ = false;  // or on any
  bool fin_acked_ = false;
  SendWindow window_;  // of the hops on this path
  OpeningWindow opening_;  // how much of that the holder uses now

  // What comes from the other end.
  std::uint64_t received_ = 0;
  std::uint64_t consumed_ = 0;
  std::uint64_t path_began_ = 0;  // what comes after this came on this path
  std::uint64_t passed_over_ = 0;  // so many bytes come again on this path
  bool fin_came_ = false;  // on this path
  std::uint64_t told_received_ = 0;  // in the last acknowledgement
  std::uint64_t told_limit_ = 0;
  bool peer_finished_ = false;
  ReceiveWindow uncredited_;  // of the hops on this path

  std::optional<MonoTime> ack_due_;
  std::optional<MonoTime> ack_deadline_;
  std::optional<MonoTime> hops_deadline_;  // they hold back what the other end would take
  bool answer_due_ = false;  // the opener has heard nothing of this path's holder yet
  MonoTime said_at_;  // on this path
  MonoTime heard_at_;
  MonoTime hold_until_;  // state detached
};

}  // namespace rap::flow
