#include "node/flow/sealed/resumable_flows.hpp"

#include <algorithm>

namespace rap::flow {

using wire::FlowId;
using wire::FlowReason;

namespace {

// What a client that has received nothing yet says of itself.
constexpr wire::FlowPosition kNothingYet{.received = 0, .limit = kInitialWindow, .finished = false};

}  // namespace

std::expected<FlowArrival, FlowReason> ResumableFlows::read(ByteView first_message) {
  crypto::SealResponder handshake(key_, rng_);
  const auto payload = handshake.open_first(first_message);
  if (!payload) return std::unexpected(FlowReason::seal_failed);
  const auto message = wire::FirstMessage::decode(*payload);
  if (!message) return std::unexpected(FlowReason::protocol_error);
  const crypto::X25519Public client = handshake.initiator_static();
  return FlowArrival{std::move(handshake), client,           message->traffic_class,
                     message->resumes,     message->attempt, std::string(message->credential)};
}

ResumableFlows::Opened ResumableFlows::open(MonoTime now, FlowArrival arrival, const FlowPath& path,
                                            const FlowRights& rights, SealedEndEvents& events,
                                            ReliableLimits limits) {
  Flow flow;
  flow.rights = rights;
  flow.client = arrival.client;
  flow.traffic_class = arrival.traffic_class;
  Share& share = shares_[rights.user];
  ++share.flows;
  share.tails.most = bounds_.tails_of_one;
  flow.end = std::make_unique<SealedEnd>(FlowSide::holder, arrival.traffic_class, memory_, events,
                                         now, limits, &share.tails);
  const FlowId id = FlowId::random(rng_);
  auto [answer, keys] =
      arrival.handshake.second_message(wire::FlowAnswer{id, flow.end->position()}.encode());
  const auto it = flows_.emplace(id, std::move(flow)).first;
  it->second.end->opened(now, path, std::move(keys), kNothingYet);
  settle(now, it);
  return {id, std::move(answer)};
}

bool ResumableFlows::covers(const crypto::ResumeGrant& grant, const Flow& flow) {
  return FlowRights::of(grant) == flow.rights && grant.flow_key == flow.client &&
         grant.classes.contains(flow.traffic_class);
}

std::expected<Bytes, FlowReason> ResumableFlows::resume(MonoTime now, FlowArrival arrival,
                                                        const FlowPath& path,
                                                        const crypto::ResumeGrant& grant) {
  const auto it = arrival.resumes ? flows_.find(*arrival.resumes) : flows_.end();
  if (it == flows_.end() || it->second.client != arrival.client || !covers(grant, it->second)) {
    return std::unexpected(FlowReason::unknown_flow);
  }
  if (it->second.traffic_class != arrival.traffic_class) {
    return std::unexpected(FlowReason::channel_class_denied);
  }
  if (arrival.attempt <= it->second.answered) return std::unexpected(FlowReason::superseded);
  it->second.answered = arrival.attempt;
  SealedEnd& end = *it->second.end;
  auto [answer, keys] =
      arrival.handshake.second_message(wire::FlowAnswer{it->first, end.position()}.encode());
  end.offered(now, path, std::move(keys));
  settle(now, it);
  return std::move(answer);
}

const std::vector<FlowId>& ResumableFlows::due(MonoTime now) {
  due_.clear();
  while (!wakeups_.empty() && wakeups_.begin()->first <= now) {
    const auto it = flows_.find(wakeups_.begin()->second);
    wakeups_.erase(wakeups_.begin());
    it->second.wakes.reset();
    const auto when = it->second.end->next_wakeup();
    if (when && *when <= now) {
      due_.push_back(it->first);
    } else {
      note_wakeup(it);
    }
  }
  return due_;
}

void ResumableFlows::tick(MonoTime now) {
  for (const FlowId& id : due(now)) {
    with(now, id, [&](SealedEnd& end) { end.wakeup(now); });
  }
}

void ResumableFlows::note_wakeup(Flows::iterator it) {
  Flow& flow = it->second;
  const auto when = flow.end->next_wakeup();
  if (!when || (flow.wakes && *flow.wakes <= *when)) return;
  if (flow.wakes) wakeups_.erase({*flow.wakes, it->first});
  flow.wakes = when;
  wakeups_.emplace(*when, it->first);
}

void ResumableFlows::settle(MonoTime now, Flows::iterator it) {
  Flow& flow = it->second;
  if (flow.end->core().state() == ReliableEnd::State::ended) return forget(it);
  note_wakeup(it);
  if (flow.end->has_path()) {
    let_go(flow);
  } else if (!flow.held) {
    hold(now, it);
  }
}

void ResumableFlows::hold(MonoTime now, Flows::iterator it) {
  Flow& flow = it->second;
  flow.held = HeldSince{now, next_held_++};
  flow.reserved = flow.end->core().most_held();
  held_.emplace(*flow.held, it->first);
  held_bytes_ += flow.reserved;
  Share& share = shares_.at(flow.rights.user);
  share.held.emplace(*flow.held, it->first);
  share.held_bytes += flow.reserved;
  keep_within_bounds(now, share);
}

void ResumableFlows::let_go(Flow& flow) {
  if (!flow.held) return;
  Share& share = shares_.at(flow.rights.user);
  share.held.erase(*flow.held);
  share.held_bytes -= flow.reserved;
  held_.erase(*flow.held);
  held_bytes_ -= flow.reserved;
  flow.held.reset();
}

void ResumableFlows::forget(Flows::iterator it) {
  let_go(it->second);
  if (it->second.wakes) wakeups_.erase({*it->second.wakes, it->first});
  const auto share = shares_.find(it->second.rights.user);
  flows_.erase(it);
  if (--share->second.flows == 0) shares_.erase(share);
}

// The flow that came last is itself among those that are held, so that its person's share is there
// until it is what ends.
void ResumableFlows::keep_within_bounds(MonoTime now, const Share& share) {
  while (share.held.size() > bounds_.flows_of_one || share.held_bytes > bounds_.bytes_of_one) {
    if (share.held.size() == 1) return end_longest_held(now, share.held);
    end_longest_held(now, share.held);
  }
  while (held_.size() > bounds_.flows || held_bytes_ > bounds_.bytes) end_longest_held(now, held_);
}

void ResumableFlows::end_longest_held(MonoTime now, const Held& held) {
  const auto it = flows_.find(held.begin()->second);
  it->second.end->end(now, FlowReason::hold_expired);
  forget(it);
}

}  // namespace rap::flow
