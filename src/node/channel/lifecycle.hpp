// One node-to-node channel from its first packet to its last (S0): a pure state machine. Its owner
// reports what happened, carries out the actions it gets back, and calls again at next_timeout().
// What becomes of each event in each state is in transition_table.hpp.
#pragma once

#include <array>
#include <expected>
#include <optional>
#include <variant>
#include <vector>

#include "node/channel/context.hpp"
#include "node/channel/heartbeat.hpp"
#include "node/channel/peer_authorization.hpp"
#include "node/channel/state.hpp"
#include "node/channel/transition_table.hpp"
#include "wire/frames/channel_frames.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::channel {

using wire::LaneKind;

inline constexpr Duration kEstablishTimeout = 10s;    // a channel must be established by then
inline constexpr Duration kRevalidateInterval = 300s;  // CH-10; spread by up to a tenth
inline constexpr Duration kRevalidationTimeout = 5s;        // the verdict must come within this
inline constexpr Duration kDrainTimeout = 10min;  // CH-11: then flows are cut, at the latest
inline constexpr Duration kRevokedDrainTimeout = 30s;  // severity drain gives this long
inline constexpr Duration kCloseTimeout = 2s;  // the peer has this long to hear the goodbye

// What the checks of a certificate say (CH-2).
struct Refusal {
  FailureReason reason = FailureReason::certificate_invalid;
  wire::Severity severity = wire::Severity::close;
};
struct Proof {
  wire::SpiffeId identity;  // the proven leaf has it, and nothing else counts
  Duration valid_for{0};  // the first certificate of its path expires then
};
using Verdict = std::expected<Proof, Refusal>;

namespace event {
struct Start {};
struct Accepted {};
struct Connected {};
struct Proven {
  Verdict verdict;
};
struct Lost {
  FailureReason reason;
};
struct HelloReceived {
  wire::Hello hello;
};
struct HeartbeatReceived {
  LaneKind lane;
  wire::Heartbeat heartbeat;
};
struct AckReceived {
  LaneKind lane;
  wire::HeartbeatAck ack;
};
struct GoodbyeReceived {
  FailureReason reason;
};
struct ContextChanged {};
struct Revalidated {
  Verdict verdict;
};
struct LaneJoined {};
struct LaneLost {
  FailureReason reason;
};
struct Violation {};
// No flow is left on the channel, and nothing waits to be sent. `carried`: the bytes that its flows
// have brought in so far.
struct Idle {
  std::uint64_t carried = 0;
};
struct Timeout {};
struct Stop {};
}  // namespace event
// The order is that of EventKind.
using Event = std::variant<event::Start, event::Accepted, event::Connected, event::Proven,
                           event::Lost, event::HelloReceived, event::HeartbeatReceived,
                           event::AckReceived, event::GoodbyeReceived, event::ContextChanged,
                           event::Revalidated, event::LaneJoined, event::LaneLost, event::Violation,
                           event::Idle, event::Timeout, event::Stop>;
static_assert(std::variant_size_v<Event> == kEventCount);
constexpr EventKind kind_of(const Event& e) { return static_cast<EventKind>(e.index()); }

namespace action {
struct Dial {};
struct SendHello {
  wire::Hello hello;  // it is sent on the interactive lane
};
struct SendHeartbeat {
  LaneKind lane;
  wire::Heartbeat heartbeat;
};
struct SendAck {
  LaneKind lane;
  wire::HeartbeatAck ack;
};
struct SendGoodbye {
  FailureReason reason;
};
// Flows may pass from now on.
struct Established {};
// classes() or takes_new_flows() changed.
struct PolicyChanged {};
// Verify the peer's certificate again with today's roots, revocations and time, and report it.
struct Revalidate {};
// The peer has been silent for too long to place anything on it: look for another path.
struct PeerSilent {};
// The drain is over: the peer has had everything, or the time is up and what is left is cut.
struct Drained {
  bool forced;
};
struct DropLane {
  LaneKind lane;  // bulk: it is dead though its connection stands
};
struct Close {
  bool linger;  // let out what is queued first
};
}  // namespace action
using Action = std::variant<action::Dial, action::SendHello, action::SendHeartbeat, action::SendAck,
                            action::SendGoodbye, action::Established, action::PolicyChanged,
                            action::Revalidate, action::PeerSilent, action::Drained,
                            action::DropLane, action::Close>;

class Lifecycle {
 public:
  // A channel we dial is with `expected` or with nobody; `id` is ours to choose.
  static Lifecycle dialling(ChannelId id, NodeId expected) { return {id, expected}; }
  // A channel we accept takes its id from the peer's hello.
  static Lifecycle accepting() { return {ChannelId{}, std::nullopt}; }

  std::vector<Action> step(MonoTime now, const Event& event, const Context& context);
  std::optional<MonoTime> next_timeout() const;

  ChannelId id() const { return id_; }
  State state() const { return state_; }
  FailureReason reason() const { return reason_; }
  bool refused_by_peer() const { return refused_by_peer_; }  // reason() is the peer's
  bool dialled() const { return expected_.has_value(); }
  const std::optional<NodeId>& expected() const { return expected_; }
  const std::optional<NodeId>& peer() const { return peer_; }
  wire::TrafficClassSet classes() const { return classes_; }
  // May frames of flows pass, and may flows begin?
  bool carries_traffic() const { return channel::carries_traffic(state_); }
  bool takes_new_flows() const {
    return state_ == State::established || (state_ == State::degraded && !suspect() && !behind_);
  }
  bool has_lane(LaneKind lane) const { return lane == LaneKind::interactive || bulk_; }
  const HeartbeatMonitor& heartbeats(LaneKind lane) const {
    return monitors_[static_cast<std::size_t>(lane)];
  }
  const wire::Hello& peer_hello() const { return peer_hello_; }
  std::optional<MonoTime> established_at() const { return established_at_; }
  std::optional<MonoTime> revalidates_at() const { return revalidate_at_; }

 private:
  Lifecycle(ChannelId id, std::optional<NodeId> expected) : id_(id), expected_(expected) {}

  using Actions = std::vector<Action>;
  void carry_out(Transition outcome, const Event& event);
  void authenticate(const Verdict& verdict);
  void greet(const wire::Hello& hello);
  void greet_again(const wire::Hello& hello);
  void answer(const event::HeartbeatReceived& e);
  void measure(const event::AckReceived& e);
  void reconsider();
  void conclude(const Verdict& verdict);
  void finish(std::uint64_t carried);
  void expire();
  void expire_heartbeat(LaneKind lane);

  void announce();
  std::expected<wire::TrafficClassSet, FailureReason> judge(const wire::Hello& hello,
                                                            Stage stage) const;
  std::expected<wire::TrafficClassSet, FailureReason> judge_again(const wire::Hello& hello);
  std::expected<wire::TrafficClassSet, FailureReason> tolerate(const wire::Hello& hello,
                                                               FailureReason reason);
  void caught_up();
  bool is_cut_off(const wire::Hello& hello) const;
  void begin_draining(FailureReason reason, Duration within);
  Duration drain_time() const;
  bool leaving() const;
  void begin_closing(FailureReason reason);
  void fail(FailureReason reason);
  void end(State terminal);
  void settle();
  void send_heartbeat(LaneKind lane);
  void schedule_revalidation(Duration valid_for);
  bool suspect() const { return heartbeats(LaneKind::interactive).suspect(); }
  HeartbeatMonitor& monitor(LaneKind lane) { return monitors_[static_cast<std::size_t>(lane)]; }
  wire::Hello own_hello() const;

  ChannelId id_;
  std::optional<NodeId> expected_;
  std::optional<NodeId> peer_;
  State state_ = State::idle;
  FailureReason reason_ = FailureReason::none;
  bool refused_by_peer_ = false;
  bool bulk_ = false;
  bool draining_ = false;
  wire::TrafficClassSet classes_;
  bool opened_degraded_ = false;  // begun without the control plane: carries less until it is back
  wire::Hello peer_hello_;
  wire::Hello announced_;
  std::array<HeartbeatMonitor, wire::kLaneCount> monitors_;
  std::optional<MonoTime>
      deadline_;  // establishing, revalidating, draining or closing ends by then
  std::optional<MonoTime> revalidate_at_;
  std::optional<MonoTime> established_at_;
  // The channel goes on degraded until then, as policy lets it, because its peer has fallen behind
  // what is required, for `reason`.
  struct Behind {
    FailureReason reason;
    MonoTime until;
  };
  std::optional<Behind> behind_;
  // The channel had nothing left, and the peer was asked by these heartbeats whether it has had all
  // of it.
  struct Emptied {
    std::uint64_t carried;
    std::array<std::uint64_t, wire::kLaneCount> asked;
  };
  std::optional<Emptied> emptied_;

  // These belong to the step under way.
  MonoTime now_{};
  const Context* context_ = nullptr;
  Actions out_;
};

}  // namespace rap::channel
