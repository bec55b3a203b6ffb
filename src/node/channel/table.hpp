// All channels of one node (CH-3): makes them, gives each its two lanes, replaces and ends them,
// and decides what every lane may carry. Pure like the lifecycle it drives: the owner of the
// sockets reports what happened on which lane, and carries out the actions it gets back.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "node/channel/context.hpp"
#include "node/channel/counters.hpp"
#include "node/channel/lifecycle.hpp"
#include "node/channel/reconnect.hpp"
#include "wire/frames/frame.hpp"

namespace rap::channel {

using LaneId = std::uint64_t;  // a lane's id is never used again

inline constexpr std::size_t kMaxLanes = 12'288;  // all channels' lanes, and those of none yet
inline constexpr Duration kBulkRetryFirst = 1s;  // a lost bulk lane waits up to this
inline constexpr Duration kBulkRetryCap = 60s;

// What happened: on a lane, of whose channel the lifecycle is told by an event, or to the node.
// Lanes the table does not know (any more) are ignored.
namespace table_event {
struct NewContext {
  Context context;
};
struct LaneConnected {  // the transport is up, TLS begins
  LaneId lane;
};
struct LaneProven {  // TLS is done; what the certificate is worth
  LaneId lane;
  Verdict verdict;
};
struct LaneClosed {
  LaneId lane;
  FailureReason reason;
};
struct LaneFrame {  // hello, heartbeat, heartbeat_ack or goodbye
  LaneId lane;
  wire::FrameType type;
  ByteView payload;
};
struct LaneViolation {
  LaneId lane;
};
struct LaneRevalidated {
  LaneId lane;
  Verdict verdict;
};
struct LaneIdle {  // of the channel of this lane: event::Idle
  LaneId lane;
  std::uint64_t carried = 0;
};
struct TableTimeout {};
struct NodeStop {};  // the node shuts down: every channel says goodbye, none is made
}  // namespace table_event
using TableEvent =
    std::variant<table_event::NewContext, table_event::LaneConnected, table_event::LaneProven,
                 table_event::LaneClosed, table_event::LaneFrame, table_event::LaneViolation,
                 table_event::LaneRevalidated, table_event::LaneIdle, table_event::TableTimeout,
                 table_event::NodeStop>;

// What to do.
namespace table_action {
struct DialLane {
  LaneId lane;
  NodeId peer;
  std::string endpoint;
};
struct SendFrame {
  LaneId lane;
  wire::FrameType type;
  Bytes payload;
};
// The lane is over; with `linger`, once what is queued is out or kCloseTimeout has passed. Nothing
// may be carried on it any more, and no more of its frames count.
struct CloseLane {
  LaneId lane;
  bool linger;
};
// Flows may pass on this lane.
struct LinkUp {
  LaneId lane;
  NodeId peer;
  LaneKind kind;
  bool dialled;
  wire::TrafficClassSet classes;
  bool takes_new_flows;
};
struct LinkPolicy {
  LaneId lane;
  wire::TrafficClassSet classes;
  bool takes_new_flows;
};
// Verify the certificate of this lane's peer again and report LaneRevalidated.
struct RevalidateLane {
  LaneId lane;
};
struct FailoverHint {
  NodeId peer;
};
// A drain is over, before the goodbye is said; `forced`: by its deadline, with something left.
struct ChannelDrained {
  ChannelId channel;
  NodeId peer;
  LaneId interactive;
  std::optional<LaneId> bulk;
  bool forced;
};
// A change of a channel's state is a line in the log (CH-16).
struct StateChanged {
  ChannelId channel;
  std::optional<NodeId> peer;
  State from;
  State to;
  FailureReason reason;
  bool by_peer = false;  // who said so
};
struct LaneChanged {
  ChannelId channel;
  NodeId peer;
  LaneKind lane;
  bool up;
  FailureReason reason;
};
}  // namespace table_action
using TableAction =
    std::variant<table_action::DialLane, table_action::SendFrame, table_action::CloseLane,
                 table_action::LinkUp, table_action::LinkPolicy, table_action::RevalidateLane,
                 table_action::FailoverHint, table_action::ChannelDrained,
                 table_action::StateChanged, table_action::LaneChanged>;

class Table {
 public:
  explicit Table(RandomSource& rng) : rng_(rng) {}

  // What an earlier run knew of the peers to dial; before the first context.
  void recall(std::map<NodeId, Reconnector::Recalled> peers) {
    reconnector_.recall(std::move(peers));
  }
  // A peer has connected. nullopt at kMaxLanes, and once stopping.
  std::optional<LaneId> accept(MonoTime now);
  std::vector<TableAction> step(MonoTime now, const TableEvent& event);
  std::optional<MonoTime> next_timeout() const;

  // May a frame of this class come in or go out on this lane at this instant? Asked of every frame
  // that belongs to a flow, at both ends.
  bool may_carry(LaneId lane, wire::TrafficClass c) const;

  struct Channel {
    explicit Channel(Lifecycle l) : lifecycle(std::move(l)) {}
    Lifecycle lifecycle;
    LaneId interactive = 0;
    std::optional<LaneId> bulk;
    bool linked = false;  // LinkUp was said of the interactive lane
    bool released = false;  // it drains: its peer may be dialled anew beside it
    unsigned bulk_failures = 0;  // failures in a row
    std::optional<MonoTime> bulk_since;
    std::optional<MonoTime> bulk_retry;
  };
  // The channels are in the order they were made.
  const std::vector<std::unique_ptr<Channel>>& channels() const { return channels_; }
  const Channel* channel_of(LaneId lane) const;
  const Reconnector& reconnector() const { return reconnector_; }
  const Context& context() const { return context_; }
  const Counters& counters() const { return counters_; }
  // Nothing is left of what was there when this node began to drain or to stop.
  bool empty() const { return channels_.empty(); }

 private:
  // One connection. One that we accepted counts as interactive until its hello says otherwise.
  struct LaneRecord {
    Channel* channel;
    LaneKind kind;
    std::optional<MonoTime> join_by;  // bulk, dialled, and not part of the channel yet
    bool proven = false;  // bulk: its certificate names the channel's peer
  };

  void on(const table_event::NewContext& e);
  void on(const table_event::LaneConnected& e);
  void on(const table_event::LaneProven& e);
  void on(const table_event::LaneClosed& e);
  void on(const table_event::LaneFrame& e);
  void on(const table_event::LaneViolation& e);
  void on(const table_event::LaneRevalidated& e);
  void on(const table_event::LaneIdle& e);
  void on(const table_event::TableTimeout& e);
  void on(const table_event::NodeStop& e);
  void violation(LaneId lane, LaneRecord& record);

  void drive(Channel& channel, const Event& event);
  void perform(Channel& channel, const Action& action);
  void note(Channel& channel, State before);
  void release(Channel& channel);
  void established(Channel& channel);
  void hello(LaneId lane, LaneRecord& record, const wire::Hello& hello);
  void become_bulk(LaneId lane, LaneRecord& record, const wire::Hello& hello);
  void join_bulk(LaneId lane, LaneRecord& record);
  void bulk_proven(LaneId lane, LaneRecord& record, const Verdict& verdict);
  void bulk_gone(LaneId lane, FailureReason reason);
  void send_bulk_hello(LaneId lane, const Channel& channel);
  void dial(NodeId peer);
  void dial_bulk(Channel& channel);
  void dial_what_is_due();
  void link_policy(const Channel& channel);
  void close_lane(LaneId lane, bool linger);
  void bury();
  wire::TrafficClassSet classes_on(const Channel& channel, LaneKind lane) const;
  LaneRecord* find(LaneId lane);
  bool decode_and_drive(LaneId lane, LaneRecord& record, const table_event::LaneFrame& e);
  std::size_t dials_under_way() const;

  RandomSource& rng_;
  Context context_;
  Reconnector reconnector_;
  Counters counters_;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::map<LaneId, LaneRecord> lanes_;
  LaneId next_lane_ = 1;
  bool stopping_ = false;

  // These belong to the step under way.
  MonoTime now_{};
  std::vector<TableAction> out_;
};

}  // namespace rap::channel
