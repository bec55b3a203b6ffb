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
  crypto::SealResponder handshake(key_, rng_, crypto::kKnownSealPrologue, crypto::SealPattern::ik);
  const auto payload = handshake.open_first(first_message);
  if (!payload) return std::unexpected(FlowReason::seal_failed);
  const auto message = wire::FirstMessage::decode(*payload);
  if (!message) return std::unexpected(FlowReason::protocol_error);
  const crypto::X25519Public client = handshake.initiator_static();
  return FlowArrival{std::move(handshake), client, message->traffic_class, message->resumes,
                     message->attempt, std::string(message->credential)};
}

ResumableFlows::Opened ResumableFlows::open(MonoTime now, FlowArrival arrival, const FlowPath& path,
                                            const FlowRights& rights, SealedEndEvents& events,
                                            ReliableLimits limits) {
  Flow flow;
  flow.rights = rights;
  flow.client = arrival.client;
  flow.traffic_class = arrival.traffic_class;
  flow.end = std::make_unique<SealedEnd>(FlowSide::holder, arrival.traffic_class, memory_, events,
                                         now, limits);
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
  if (it == flows_.end() || it->second.client != arrival.client ||
      !covers(grant, it->second)) {
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
  return std::move(answer);
}

void ResumableFlows::tick(MonoTime now) {
  due_.clear();
  for (const auto& [id, flow] : flows_) {
    const auto when = flow.end->next_wakeup();
    if (when && *when <= now) due_.push_back(id);
  }
  for (const FlowId& id : due_) {
    with(now, id, [&](SealedEnd& end) { end.wakeup(now); });
  }
}

void ResumableFlows::settle(MonoTime now, Flows::iterator it) {
  Flow& flow = it->second;
  if (flow.end->core().state() == ReliableEnd::State::ended) {
    let_go(flow);
    flows_.erase(it);
  } else if (flow.end->has_path()) {
    let_go(flow);
  } else if (!flow.held) {
    hold(now, it);
  }
}

void ResumableFlows::hold(MonoTime now, Flows::iterator it) {
  Flow& flow = it->second;
  flow.held = HeldSince{now, next_held_++};
  flow.reserved = std::max(flow.end->core().tail_bytes(), kHeldTail);
  held_.emplace(*flow.held, it->first);
  held_bytes_ += flow.reserved;
  Share& share = shares_[flow.rights.user];
  ++share.flows;
  share.bytes += flow.reserved;
  keep_within_bounds(now, flow.rights.user);
}

void ResumableFlows::let_go(Flow& flow) {
  if (!flow.held) return;
  held_.erase(*flow.held);
  flow.held.reset();
  held_bytes_ -= flow.reserved;
  const auto share = shares_.find(flow.rights.user);
  share->second.bytes -= flow.reserved;
  if (--share->second.flows == 0) shares_.erase(share);
}

bool ResumableFlows::exceeds(const Share& share) const {
  return share.flows > bounds_.flows_of_one || share.bytes > bounds_.bytes_of_one;
}

void ResumableFlows::keep_within_bounds(MonoTime now, const UserId& user) {
  while (true) {
    const auto share = shares_.find(user);
    const bool too_many_of_one = share != shares_.end() && exceeds(share->second);
    if (!too_many_of_one && held_.size() <= bounds_.flows && held_bytes_ <= bounds_.bytes) return;
    const auto longest = std::ranges::find_if(held_, [&](const auto& one) {
      return !too_many_of_one || flows_.at(one.second).rights.user == user;
    });
    const auto it = flows_.find(longest->second);
    it->second.end->end(now, FlowReason::hold_expired);
    let_go(it->second);
    flows_.erase(it);
  }
}

}  // namespace rap::flow
