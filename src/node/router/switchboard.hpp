// The links of one node and the flows between them. Relaying is here: a frame of a known label goes
// on under another label after one array look-up, one window check and one copy.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "node/router/link.hpp"
#include "policy/roles.hpp"
#include "wire/flow_reason.hpp"
#include "wire/frames/frame.hpp"

namespace rap::router {

inline constexpr std::size_t kMaxLinks = 16'384;  // lanes and clients

class Switchboard {
 public:
  explicit Switchboard(LinkPort& port) : port_(port) {}

  std::optional<LinkId> add(std::unique_ptr<Link> link);  // nullopt at kMaxLinks
  std::unique_ptr<Link> remove(LinkId id);
  Link* find(LinkId id) { return id < links_.size() ? links_[id].get() : nullptr; }
  // The link to a neighbour that may carry a new flow of this class.
  std::optional<LinkId> towards(NodeId node, wire::TrafficClass c) const;
  template <class Fn>
  void for_each(Fn fn) {
    for (LinkId i = 0; i < links_.size(); ++i) {
      if (links_[i]) fn(i, *links_[i]);
    }
  }

  // --- sending: a link that is gone swallows the frame ---
  void send(LinkId id, const wire::FrameHeader& header, ByteView payload);
  void send_reason(LinkId id, wire::FrameType type, wire::TrafficClass c, std::uint32_t label,
                   wire::FlowReason reason);  // flow_refuse or reset
  void send_credit(LinkId id, std::uint32_t label, std::uint32_t credit);
  void send_pause(LinkId id, std::uint32_t label, bool pause);
  void touched(LinkId id) { port_.flush(id); }

  // Every later call is of this moment.
  void advance(MonoTime now) { now_ = now; }

  // --- byte budgets ---
  // A token of this user was admitted: the client's bytes are theirs from the first one on, whoever
  // else's come. A client that went from one account to another and back would have its egresses
  // pause and go on each time, for a frame of its own.
  void admitted(LinkId client, UserId user);
  // Data was queued for a client, or has left for one. Its egresses pause while much waits.
  void more_waits(Link& client);
  void less_waits(Link& client);
  // False: the client is not to be read until LinkPort::read_on names it.
  bool may_read(LinkId client);
  // A record of a client's was queued for a node; `end` is the flow's there.
  void keep_waiting(FlowEnd& end, std::size_t bytes);
  // The flow ends on this link. What of it waits there still counts.
  void erase_flow(Link& link, std::uint32_t label);
  // Bytes of this backlog went out.
  void departed(Backlog& backlog, std::size_t bytes);
  void read_on_if_over(Link& client);
  // A frame of this link moved nothing. The link is to be closed once it `floods`.
  void moved_nothing(LinkId id, IdleFrame what);
  // False: the node has asked for more flows than it may for now, and this one is refused unread.
  bool asks(Link& node);

  // Something has left the queue of a link that wants_room.
  void left(Link& link);

  // --- relayed flows ---
  // Passes a frame of a relayed flow on, enforcing its window. False: the flow is over here, and
  // its labels are free.
  bool relay(LinkId from, std::uint32_t label, FlowEnd& end, const wire::FrameView& frame);
  // Ends the relayed flow in both directions, telling the other side why.
  void reset_other(const FlowEnd& end, wire::FlowReason reason);

  void count(wire::FlowReason reason) { ++refusals_[static_cast<std::size_t>(reason)]; }
  const auto& refusals() const { return refusals_; }
  // A flow was accepted; `role` is what this node is to it. Where it is both, entry and egress of a
  // flow, it counts in both.
  void count_opened(policy::NodeRole role) { ++opened_[static_cast<std::size_t>(role)]; }
  const auto& opened() const { return opened_; }  // by policy::NodeRole
  // A flow got another path.
  void count_resumed(policy::NodeRole role) { ++resumed_[static_cast<std::size_t>(role)]; }
  const auto& resumed() const { return resumed_; }
  std::size_t clients() const;  // links to clients
  // Frames that moved nothing, and links that sent too many, by what the last one was.
  const auto& idle_frames() const { return idle_frames_; }
  const auto& floods() const { return floods_; }
  // How often the egresses of a client were asked to pause, for what waited for it alone and for
  // all clients of its user.
  struct Pauses {
    std::uint64_t for_client = 0;
    std::uint64_t for_user = 0;
  };
  const Pauses& pauses() const { return pauses_; }

 private:
  // What a frame does to the flow that it is passed on for.
  enum class Passage : std::uint8_t {
    illegal,
    goes_on,
    ends,
    done,  // there is nothing to pass on
  };
  Passage passage(LinkId from, FlowEnd& end, FlowEnd& other, const wire::FrameView& frame);
  void pause_flows(Link& client, bool pause);
  void leave_budget(LinkId id, Link& client);

  LinkPort& port_;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<LinkId> free_;
  UserBudgets budgets_;
  MonoTime now_{};
  std::array<std::uint64_t, wire::kFlowReasonNames.size()> refusals_{};
  std::array<std::uint64_t, policy::kNodeRoleNames.size()> opened_{};
  std::array<std::uint64_t, policy::kNodeRoleNames.size()> resumed_{};
  std::array<std::uint64_t, kIdleFrameNames.size()> idle_frames_{};
  std::array<std::uint64_t, kIdleFrameNames.size()> floods_{};
  Pauses pauses_;
};

}  // namespace rap::router
