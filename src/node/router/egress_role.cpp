#include "node/router/egress_role.hpp"

#include <algorithm>

#include "node/router/admission/session_age.hpp"
#include "node/router/sealed_record.hpp"

namespace rap::router {

using wire::FlowReason;
using wire::FrameType;
using wire::FrameView;

namespace {

FlowReason reason_of(TargetFailure failure) {
  switch (failure) {
    case TargetFailure::unreachable: return FlowReason::target_unreachable;
    case TargetFailure::refused: return FlowReason::target_refused;
    case TargetFailure::reset: return FlowReason::target_reset;
    case TargetFailure::timeout: return FlowReason::target_timeout;
    case TargetFailure::denied: return FlowReason::target_denied;
    case TargetFailure::lookup_limit: return FlowReason::lookup_limit;
  }
  return FlowReason::target_unreachable;
}

}  // namespace

void EgressRole::configure(bool enabled, std::vector<snapshot::ConfiguredResource> resources) {
  enabled_ = enabled;
  std::unordered_map<ResourceId, snapshot::ConfiguredResource> next;
  for (auto& r : resources) next.emplace(r.id, std::move(r));
  flows_.for_each([&](std::uint32_t ref, const EgressFlow& flow) {
    const auto before = resources_.find(flow.resource);
    const auto after = next.find(flow.resource);
    if (after == next.end() || before->second != after->second) {
      reset(ref, FlowReason::wrong_resource);
    }
  });
  resources_ = std::move(next);
}

std::optional<FlowReason> EgressRole::denied_by_policy(const snapshot::ConfiguredResource& resource,
                                                       wire::TrafficClass c) const {
  const auto policy = policies_.find(resource.organization);
  if (policy == policies_.end()) return std::nullopt;
  if (!policy->second.classes.contains(c)) return FlowReason::channel_class_denied;
  if (!policy->second.allows_protocol(resource.protocol)) return FlowReason::wrong_resource;
  return std::nullopt;
}

void EgressRole::set_policies(snapshot::AppPolicies policies) {
  policies_ = std::move(policies);
  flows_.for_each([&](std::uint32_t ref, const EgressFlow& flow) {
    const auto resource = resources_.find(flow.resource);
    if (resource == resources_.end()) return;
    if (const auto denied = denied_by_policy(resource->second, flow.traffic_class)) {
      reset(ref, *denied);
    }
  });
}

void EgressRole::open(LinkId link, const FrameView& frame, const wire::FlowOpen& open,
                      WallTime wall) {
  wire::SecurityEvent about;
  const auto refused = admit(link, frame, open.sealed, wall, about);
  if (!refused) return;
  board_.count(*refused);
  board_.moved_nothing(link, IdleFrame::refused_request);
  note(link, *refused, std::move(about));
  if (Link* l = board_.find(link)) l->flows.erase(frame.header.label);
  board_.send_reason(link, FrameType::flow_refuse, frame.header.traffic_class, frame.header.label,
                     *refused);
}

// An event is noted by the neighbour it came from: which node asked is sealed.
void EgressRole::note(LinkId from, FlowReason reason, wire::SecurityEvent about) {
  if (const Link* link = board_.find(from)) about.peer = link->node;
  ledger_.note_refusal(reason, std::move(about));
}

std::optional<FlowReason> EgressRole::admit(LinkId link, const FrameView& frame, ByteView sealed,
                                            WallTime wall, wire::SecurityEvent& about) {
  if (!enabled_ || !security_.is_complete()) return FlowReason::not_ready;
  if (flows_.size() >= kMaxEgressFlows) return FlowReason::limit_reached;
  auto flow = std::make_unique<EgressFlow>();
  flow->handshake.emplace(seal_key_, rng_);
  const auto opened = flow->handshake->open_first(sealed);
  if (!opened) return FlowReason::seal_failed;
  const auto request = SealedRequest::decode(*opened);
  if (!request || request->traffic_class != frame.header.traffic_class) {
    return FlowReason::channel_class_denied;
  }
  const auto c = request->traffic_class;

  const auto token = admission_.check(request->token, wall);
  if (!token) {
    describe(about, token.error());
    return token.error().reason;
  }
  describe(about, *token);
  const FlowPrincipal principal = principal_of(*token);
  if (const auto refusal = security_.refusal(principal, wall)) return refusal;
  if (!token->classes.contains(c)) return FlowReason::channel_class_denied;
  const auto resource = resources_.find(token->resource);
  if (resource == resources_.end() || resource->second.organization != token->organization ||
      resource->second.pool != token->egress_pool) {
    return FlowReason::wrong_resource;
  }
  if (const auto denied = denied_by_policy(resource->second, c)) return denied;
  adapters::Adapter* adapter = adapters_.find(resource->second.protocol);
  if (adapter == nullptr) return FlowReason::wrong_resource;
  if (is_overlong(policies_, token->organization, token->session_began, wall)) {
    return FlowReason::session_ended;
  }
  if (!shares_.has_room(token->user)) return FlowReason::limit_reached;
  if (!admission_.use(*token)) return FlowReason::limit_reached;

  flow->link = link;
  flow->label = frame.header.label;
  flow->traffic_class = c;
  flow->session = token->session;
  flow->principal = principal;
  flow->resource = token->resource;
  flow->organization = token->organization;
  flow->session_began = token->session_began;
  flow->adapter = adapter;
  const std::uint32_t ref = flows_.insert(std::move(flow));
  shares_.opened(token->user);
  FlowEnd& end = *board_.find(link)->flows.find(frame.header.label);
  end.kind = FlowEnd::Kind::egress;
  end.ref = ref;
  adapter->open(ref, {.resource = resource->second.id,
                      .organization = resource->second.organization,
                      .pool = resource->second.pool,
                      .protocol = resource->second.protocol,
                      .settings = {resource->second.host, resource->second.port},
                      .policy = {classes_for(*token)},
                      .traffic_class = c});
  return std::nullopt;
}

wire::TrafficClassSet EgressRole::classes_for(const crypto::DataPlaneToken& token) const {
  const auto policy = policies_.find(token.organization);
  if (policy == policies_.end()) return token.classes;
  return token.classes.intersect(policy->second.classes);
}

FlowEnd* EgressRole::end_of(const EgressFlow& flow) {
  Link* link = board_.find(flow.link);
  return link != nullptr ? link->flows.find(flow.label) : nullptr;
}

void EgressRole::target_opened(TargetId target) {
  EgressFlow* flow = flows_.find(target);
  if (flow == nullptr) return;
  auto [message, seal] = flow->handshake->second_message();
  flow->handshake.reset();
  flow->seal.emplace(std::move(seal));
  board_.count_opened(policy::NodeRole::egress);
  board_.send(flow->link,
              {FrameType::flow_accept, flow->traffic_class,
               static_cast<std::uint16_t>(message.size()), flow->label},
              message);
}

void EgressRole::target_failed(TargetId target, TargetFailure failure) {
  EgressFlow* flow = flows_.find(target);
  if (flow == nullptr) return;
  const FlowReason reason = reason_of(failure);
  board_.count(reason);
  board_.send_reason(flow->link, FrameType::flow_refuse, flow->traffic_class, flow->label, reason);
  drop(target, TargetEnd::gone);
}

std::size_t EgressRole::target_data(TargetId target, ByteView data) {
  EgressFlow* flow = flows_.find(target);
  if (flow == nullptr || !flow->seal || flow->fin_sent) return data.size();
  Link& link = *board_.find(flow->link);
  if (link.is_full()) {
    reset(target, FlowReason::limit_reached);
    return data.size();
  }
  const std::size_t room = flow->paused ? 0 : flow->opening.room(flow->window, now_);
  std::size_t taken = 0;
  while (taken < data.size() && taken < room) {
    const std::size_t n = std::min({data.size() - taken, wire::kMaxData, room - taken});
    const std::size_t sealed = n + crypto::kSealTag;
    std::uint8_t* frame = link.queue.reserve(flow->traffic_class, wire::kFrameHeader + sealed);
    wire::encode_header(
        {FrameType::data, flow->traffic_class, static_cast<std::uint16_t>(sealed), flow->label},
        frame);
    flow->seal->send.seal(associated(FrameType::data), data.subspan(taken, n),
                          frame + wire::kFrameHeader);
    link.queue.commit(flow->traffic_class, wire::kFrameHeader + sealed);
    link.bytes_out += wire::kFrameHeader + sealed;
    flow->window.spend(static_cast<std::uint32_t>(n));
    taken += n;
  }
  flow->bytes_down += taken;
  flow->blocked = taken < data.size();
  if (flow->blocked && !flow->paused) flow->opening.was_full();
  if (taken > 0) {
    flow->opening.sent(now_);
    board_.touched(flow->link);
  }
  return taken;
}

void EgressRole::target_consumed(TargetId target, std::size_t n) {
  EgressFlow* flow = flows_.find(target);
  if (flow == nullptr) return;
  const std::size_t left = std::min(n, flow->waiting);
  flow->waiting -= left;
  backlog_.left(flow->principal.user, left);
  const auto credit = flow->consumed.consumed(static_cast<std::uint32_t>(n));
  if (credit == 0) return;
  if (FlowEnd* end = end_of(*flow)) end->window.grant(credit);
  board_.send_credit(flow->link, flow->label, credit);
}

void EgressRole::target_ended(TargetId target) {
  EgressFlow* flow = flows_.find(target);
  if (flow == nullptr || !flow->seal || flow->fin_sent) return;
  std::uint8_t tag[crypto::kSealTag];
  flow->seal->send.seal(associated(FrameType::fin), {}, tag);
  board_.send(flow->link, {FrameType::fin, flow->traffic_class, sizeof tag, flow->label}, tag);
  flow->fin_sent = true;
  const FlowEnd* end = end_of(*flow);
  if (end != nullptr && end->fin_received) drop(target, TargetEnd::release);
}

void EgressRole::target_lost(TargetId target, TargetFailure how) {
  EgressFlow* flow = flows_.find(target);
  if (flow == nullptr) return;
  board_.send_reason(flow->link, FrameType::reset, flow->traffic_class, flow->label,
                     reason_of(how));
  drop(target, TargetEnd::gone);
}

void EgressRole::from_node(FlowEnd& end, const FrameView& frame) {
  const std::uint32_t ref = end.ref;
  EgressFlow& flow = *flows_.find(ref);
  switch (frame.header.type) {
    case FrameType::data: return data(ref, flow, end, frame.payload);
    case FrameType::credit: {
      const auto credit = wire::decode_credit(frame.payload);
      if (!credit || !flow.seal) return reset(ref, FlowReason::flow_control);
      const std::uint32_t believed = end.sent.believe(*credit);
      if (believed == 0) return board_.moved_nothing(flow.link, IdleFrame::credit);
      flow.window.grant(believed);
      flow.opening.credited(believed, now_);
      if (!flow.paused && std::exchange(flow.blocked, false)) flow.adapter->resume(ref);
      return;
    }
    case FrameType::pause: {
      const auto pause = wire::decode_pause(frame.payload);
      if (!pause || !flow.seal) return reset(ref, FlowReason::flow_control);
      board_.moved_nothing(flow.link, IdleFrame::pause);
      flow.paused = *pause;
      flow.opening.paused();
      if (!flow.paused && std::exchange(flow.blocked, false)) flow.adapter->resume(ref);
      return;
    }
    case FrameType::fin: {
      std::uint8_t nothing[1];
      if (!flow.seal || end.fin_received || frame.payload.size() != crypto::kSealTag ||
          !flow.seal->receive.open(associated(FrameType::fin), frame.payload, nothing)) {
        return reset(ref, FlowReason::seal_failed);
      }
      end.fin_received = true;
      flow.adapter->finish(ref);
      if (flow.fin_sent) drop(ref, TargetEnd::release);
      return;
    }
    case FrameType::reset: return drop(ref, TargetEnd::close);
    default: return reset(ref, FlowReason::protocol_error);
  }
}

void EgressRole::data(std::uint32_t ref, EgressFlow& flow, FlowEnd& end, MutableBytes sealed) {
  if (!flow.seal || end.fin_received || sealed.size() <= crypto::kSealTag) {
    return reset(ref, FlowReason::protocol_error);
  }
  const std::size_t size = sealed.size() - crypto::kSealTag;
  if (!end.window.spend(static_cast<std::uint32_t>(size))) {
    return reset(ref, FlowReason::flow_control);
  }
  if (!flow.seal->receive.open(associated(FrameType::data), sealed, sealed.data())) {
    return reset(ref, FlowReason::seal_failed);
  }
  if (!backlog_.has_room(flow.principal.user)) return reset(ref, FlowReason::limit_reached);
  flow.waiting += size;
  backlog_.came(flow.principal.user, size);
  flow.bytes_up += size;
  flow.adapter->write(ref, sealed.first(size));
}

void EgressRole::drop(std::uint32_t ref, TargetEnd end) {
  const auto flow = flows_.remove(ref);
  if (!flow) return;
  shares_.ended(flow->principal.user);
  // What a released target still takes is the adapter's, which has a bound of its own for that.
  backlog_.left(flow->principal.user, flow->waiting);
  if (Link* link = board_.find(flow->link)) link->flows.erase(flow->label);
  switch (end) {
    case TargetEnd::gone: return;
    case TargetEnd::release: return flow->adapter->release(ref);
    case TargetEnd::close: return flow->adapter->close(ref);
  }
}

void EgressRole::reset(std::uint32_t ref, FlowReason reason) {
  const EgressFlow* flow = flows_.find(ref);
  if (flow == nullptr) return;
  board_.count(reason);
  if (reason == FlowReason::seal_failed) {
    note(flow->link, reason,
         {.organization = flow->organization,
          .user = flow->principal.user,
          .resource = flow->resource});
  }
  const auto type = flow->seal ? FrameType::reset : FrameType::flow_refuse;
  board_.send_reason(flow->link, type, flow->traffic_class, flow->label, reason);
  drop(ref, TargetEnd::close);
}

void EgressRole::link_lost(std::uint32_t ref) { drop(ref, TargetEnd::close); }

void EgressRole::enforce(WallTime wall) {
  flows_.for_each([&](std::uint32_t ref, const EgressFlow& flow) {
    if (const auto refusal = security_.refusal(flow.principal, wall)) reset(ref, *refusal);
  });
}

void EgressRole::expire(WallTime wall) {
  flows_.for_each([&](std::uint32_t ref, const EgressFlow& flow) {
    if (!is_overlong(policies_, flow.organization, flow.session_began, wall)) return;
    reset(ref, FlowReason::session_ended);
  });
}

void EgressRole::end_session(SessionId session) {
  flows_.for_each([&](std::uint32_t ref, const EgressFlow& flow) {
    if (flow.session == session) reset(ref, FlowReason::session_ended);
  });
}

}  // namespace rap::router
