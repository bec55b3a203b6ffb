// One node-to-node channel from its first packet to its last (S0): a pure state machine. The shell
// reports what happened, carries out the actions it gets back, and calls again at next_timeout().
//
//   idle ─start─► connecting ─connected─► handshaking ─proven─► authenticating ─► authorizing
//     └─accepted (we listen)──────────────────▲                                       │ hello
//                                                                                     ▼
//   closed ◄─ closing ◄─stop/goodbye─ established ◄──ack── degraded ◄─2 missed─ established
//                                        │  ▲                 │ 4 missed
//                                 policy ▼  │ still allowed   ▼
//                                     revalidating ─denied─► failed
//
// Every event in every state has an outcome; one that has no place in a state is answered with
// nothing when it is a harmless straggler and with failed when the peer broke the protocol.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "channel/state.hpp"
#include "wire/channel_frames.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::channel {

using namespace std::chrono_literals;

inline constexpr Duration kEstablishTimeout = 15s;    // from start or accept to established
inline constexpr Duration kHeartbeatInterval = 5s;    // CH-8, control cadence
inline constexpr Duration kHeartbeatRetry = 2s;       // cadence under suspicion
inline constexpr unsigned kMissedUntilDegraded = 2;
inline constexpr unsigned kMissedUntilFailed = 4;

// What local policy says of one peer: a value out of the verified configuration.
struct PeerPolicy {
  bool permitted = false;  // a neighbour of ours at present
  wire::TrafficClassSet classes;
};

// Who we are, and whom we expect.
struct Local {
  ClusterId cluster;
  NodeId node;
  std::uint64_t config_version = 0;
};

namespace event {
struct Start {};                                       // dial
struct Accepted {};                                    // the listener took a connection
struct Connected {};                                   // transport up, TLS begins
struct Proven {
  wire::SpiffeId identity;
  PeerPolicy policy;
};
struct TransportFailed {
  FailureReason reason;
};      // connect, TLS, or the connection broke
struct HelloReceived {
  wire::Hello hello;
};
struct HeartbeatReceived {
  wire::Heartbeat heartbeat;
};
struct AckReceived {
  wire::HeartbeatAck ack;
};
struct GoodbyeReceived {};
struct PolicyChanged {
  PeerPolicy policy;
  std::uint64_t config_version;
};
struct ProtocolViolation {};                           // a frame nobody may send here
struct Timeout {};
struct Stop {};
}  // namespace event
using Event = std::variant<event::Start, event::Accepted, event::Connected, event::Proven,
                           event::TransportFailed, event::HelloReceived, event::HeartbeatReceived,
                           event::AckReceived, event::GoodbyeReceived, event::PolicyChanged,
                           event::ProtocolViolation, event::Timeout, event::Stop>;

namespace action {
struct Dial {};
struct SendHello {
  wire::Hello hello;
};
struct SendHeartbeat {
  wire::Heartbeat heartbeat;
};
struct SendAck {
  wire::HeartbeatAck ack;
};
struct SendGoodbye {};
struct Established {
  NodeId peer;
  wire::TrafficClassSet classes;
};
struct ClassesChanged {
  wire::TrafficClassSet classes;
};
struct CloseTransport {};  // the machine is terminal now
}  // namespace action
using Action = std::variant<action::Dial, action::SendHello, action::SendHeartbeat, action::SendAck,
                            action::SendGoodbye, action::Established, action::ClassesChanged,
                            action::CloseTransport>;

class Lifecycle {
 public:
  // `expected`: the peer we dial; nullopt when we accept.
  Lifecycle(ChannelId id, Local local, std::optional<NodeId> expected);

  std::vector<Action> step(MonoTime now, const Event& event);
  std::optional<MonoTime> next_timeout() const { return deadline_; }

  ChannelId id() const { return id_; }
  State state() const { return state_; }
  FailureReason reason() const { return reason_; }
  std::optional<NodeId> peer() const { return peer_; }
  wire::TrafficClassSet classes() const { return classes_; }
  Duration rtt() const { return rtt_; }
  std::optional<MonoTime> established_at() const { return established_at_; }

 private:
  using Actions = std::vector<Action>;
  Actions on(MonoTime, const event::Start&);
  Actions on(MonoTime, const event::Accepted&);
  Actions on(MonoTime, const event::Connected&);
  Actions on(MonoTime, const event::Proven&);
  Actions on(MonoTime, const event::TransportFailed&);
  Actions on(MonoTime, const event::HelloReceived&);
  Actions on(MonoTime, const event::HeartbeatReceived&);
  Actions on(MonoTime, const event::AckReceived&);
  Actions on(MonoTime, const event::GoodbyeReceived&);
  Actions on(MonoTime, const event::PolicyChanged&);
  Actions on(MonoTime, const event::ProtocolViolation&);
  Actions on(MonoTime, const event::Timeout&);
  Actions on(MonoTime, const event::Stop&);

  Actions fail(FailureReason reason);
  Actions close();
  action::SendHeartbeat next_heartbeat(MonoTime now);
  bool exchanging() const { return carries_traffic(state_); }

  ChannelId id_;
  Local local_;
  std::optional<NodeId> expected_;
  std::optional<NodeId> peer_;
  PeerPolicy policy_;
  wire::TrafficClassSet peer_classes_;
  wire::TrafficClassSet classes_;
  State state_ = State::idle;
  FailureReason reason_ = FailureReason::none;
  std::optional<MonoTime> deadline_;
  std::optional<MonoTime> established_at_;
  std::uint64_t sequence_ = 0;
  unsigned unanswered_ = 0;
  Duration rtt_{0};
  Duration jitter_{0};
};

}  // namespace rap::channel
