// The egress's part in flows: it opens first
// messages, judges what is in them on its own, opens the target of a new flow, and from then on is
// the holder of the flow (flow/sealed) between the target and whatever path it has.
//
//   flow_attach ─ opens ──► the target is dialled ─► flow_accept ─► attached ⇄ held ─► over
//               └ resumes ► flow_accept; the path is the flow's once the client confirms it
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "adapters/contract/adapter.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "node/flow/sealed/resumable_flows.hpp"
#include "node/router/admission/flow_right.hpp"
#include "node/router/admission/token_admission.hpp"
#include "node/router/egress_gate.hpp"
#include "node/router/ended_flows.hpp"
#include "node/router/flow_pool.hpp"
#include "node/router/switchboard.hpp"
#include "wire/frames/flow_frames.hpp"

namespace rap::router {

class EgressRole;

// A flow with its target. What happens to it is noted, and done when the flow's own turn is over.
struct EgressFlow final : FlowRight, flow::SealedEndEvents {
  EgressFlow(EgressRole& e, FlowRight right) : FlowRight(std::move(right)), egress(e) {}

  void flow_data(ByteView bytes) override;
  void flow_finished() override;
  void flow_has_room() override;
  void path_over(std::uint64_t path, wire::FlowReason reason) override;
  void flow_ended(wire::FlowEnding ending) override;

  EgressRole& egress;
  std::uint32_t ref = 0;
  wire::TrafficClass traffic_class = wire::TrafficClass::input;
  crypto::X25519Public client{};  // the key that opened it
  adapters::Adapter* adapter = nullptr;
  bool has_target = true;  // it is dialled, or open
  std::optional<flow::FlowArrival> arrival;  // until the target is open
  std::optional<wire::FlowId> id;  // from then on
  std::vector<std::uint32_t> paths;  // that this node has labels for
  std::optional<LinkId> waits_on;  // for room in the queue of this link
  std::size_t waiting = 0;  // bytes that the target has not taken yet
  std::size_t unheard = 0;  // bytes that came when there was no target any more
  bool said_all = false;  // the target
  bool heard_all = false;  // the client
  bool has_room = false;
  std::optional<wire::FlowReason> lost;  // the target, and the client has not got all that it said
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
};

class EgressRole final : public adapters::TargetEvents {
 public:
  EgressRole(Switchboard& board, EgressGate& gate, TokenAdmission& admission, LinkPort& port,
             RandomSource& rng, flow::HoldBounds bounds = {})
      : board_(board), gate_(gate), admission_(admission), port_(port), held_({}, rng, bounds) {}

  void set_flow_key(const crypto::X25519KeyPair& key) { held_.set_key(key); }
  // Every later call is of this moment.
  void advance(MonoTime now) { now_ = now; }
  // Flows end whose resource is among these, or that policy no longer allows.
  void end_resources(const EgressGate::Resources& gone);
  void hold_to_policy();

  // A client asks, over a node, for a flow that ends here, or for another path for one.
  void attach(LinkId link, const wire::FrameView& frame, const wire::FlowOpen& open, WallTime wall);
  // The end that the frame came to is of kind egress_path.
  void from_node(FlowEnd& end, const wire::FrameView& frame);
  void path_lost(std::uint32_t path);
  // So are those of all that waited for it.
  void link_lost(LinkId link);
  // Something has left the link's queue, in which flows wait for room: they take turns.
  void room_on(LinkId link);
  // What is due by now is done; LinkPort::wake_at says when the next is.
  void wake();

  void target_opened(adapters::TargetId target) override;
  void target_failed(adapters::TargetId target, adapters::TargetFailure failure) override;
  std::size_t target_data(adapters::TargetId target, ByteView data) override;
  void target_consumed(adapters::TargetId target, std::size_t n) override;
  void target_ended(adapters::TargetId target) override;
  void target_lost(adapters::TargetId target, adapters::TargetFailure how) override;

  void end_session(SessionId session);
  // Ends the flows of those who are not to be served any more.
  void enforce(WallTime wall);
  // Ends the flows of sessions that have lasted as long as they may.
  void expire(WallTime wall);

  FlowPool<EgressFlow>& flows() { return flows_; }
  const flow::ResumableFlows& held() const { return held_; }
  // Flows that ended, by why; 0: all was done.
  const auto& endings() const { return endings_; }

 private:
  friend struct EgressFlow;

  // Where a flow's path is, here.
  struct Path {
    std::uint64_t number = 0;
    LinkId link = 0;
    std::uint32_t label = 0;
    std::uint32_t flow = 0;
  };
  using Refused = std::optional<wire::FlowReason>;
  using Turns = std::array<std::deque<std::uint32_t>, wire::kTrafficClassCount>;

  Refused admit(LinkId link, const wire::FrameView& frame, ByteView sealed, WallTime wall,
                wire::SecurityEvent& about);
  Refused open(LinkId link, std::uint32_t label, flow::FlowArrival arrival, WallTime wall,
               wire::SecurityEvent& about);
  Refused resume(LinkId link, std::uint32_t label, flow::FlowArrival arrival, WallTime wall,
                 wire::SecurityEvent& about);
  flow::FlowPath add_path(EgressFlow& flow, LinkId link, std::uint32_t label);
  void forget_path(std::uint32_t path);
  void accept(const EgressFlow& flow, const flow::FlowPath& path, ByteView answer);
  // Before its target is open.
  void refuse(EgressFlow& flow, wire::FlowReason reason);
  void end(EgressFlow& flow, wire::FlowReason reason);
  template <class Which>
  void end_those(Which which);
  EgressFlow* find(adapters::TargetId target) { return flows_.find(target); }
  // Does something to the flow as such, and then what follows from it.
  template <class What>
  void with(EgressFlow& flow, What what);
  void look_after(EgressFlow& flow, const std::optional<std::uint64_t>& path);
  void settle();
  void drop(std::uint32_t ref, wire::FlowEnding ending);

  Switchboard& board_;
  EgressGate& gate_;
  TokenAdmission& admission_;
  LinkPort& port_;
  FlowPool<EgressFlow> flows_;
  std::map<wire::FlowId, std::uint32_t> refs_;  // of those that are open
  FlowPool<Path> paths_;
  std::uint32_t last_path_ = 0;
  std::map<LinkId, Turns> waiting_;
  std::vector<std::uint32_t> changed_;  // flows that something follows for
  std::vector<std::pair<std::uint32_t, wire::FlowEnding>> ended_;
  std::optional<MonoTime> wakes_;
  EndedFlows past_;
  std::array<std::uint64_t, wire::kFlowReasonNames.size()> endings_{};
  MonoTime now_{};
  flow::ResumableFlows held_;  // its flows tell those above what happens
};

}  // namespace rap::router
