#include "node/router/egress_role.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "node/router/sealed_record.hpp"

namespace rap::router {

using wire::FlowReason;
using wire::FrameType;
using wire::FrameView;

void EgressRole::end_resources(const EgressGate::Resources& gone) {
  flows_.for_each([&](std::uint32_t ref, const EgressFlow& flow) {
    if (gone.contains(flow.resource)) reset(ref, FlowReason::wrong_resource);
  });
}

void EgressRole::hold_to_policy() {
  flows_.for_each([&](std::uint32_t ref, const EgressFlow& flow) {
    if (const auto against = gate_.against_policy(flow, flow.traffic_class)) reset(ref, *against);
  });
}

void EgressRole::open(LinkId link, const FrameView& frame, const wire::FlowOpen& open,
                      WallTime wall) {
  wire::SecurityEvent about;
  const auto refused = admit(link, frame, open.sealed, wall, about);
  if (refused) gate_.refuse(link, frame.header, *refused, std::move(about));
}

std::optional<FlowReason> EgressRole::admit(LinkId link, const FrameView& frame, ByteView sealed,
                                            WallTime wall, wire::SecurityEvent& about) {
  if (!gate_.is_ready()) return FlowReason::not_ready;
  if (gate_.is_full()) return FlowReason::limit_reached;
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
  if (token->flow_key) return FlowReason::token_invalid;  // it opens what its client seals
  static_cast<FlowRight&>(*flow) = right_of(*token);
  const auto opening = gate_.judge(*flow, c, wall);
  if (!opening) return opening.error();
  if (!gate_.has_room(token->user) || !admission_.use(*token)) return FlowReason::limit_reached;

  flow->link = link;
  flow->label = frame.header.label;
  flow->traffic_class = c;
  flow->adapter = opening->adapter;
  gate_.opened(*flow);
  const std::uint32_t ref = flows_.insert(std::move(flow));
  FlowEnd& end = *board_.find(link)->flows.find(frame.header.label);
  end.kind = FlowEnd::Kind::egress;
  end.ref = ref;
  opening->adapter->open(ref, opening->request);
  return std::nullopt;
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
  gate_.backlog().left(flow->principal.user, left);
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
  if (!gate_.backlog().has_room(flow.principal.user)) return reset(ref, FlowReason::limit_reached);
  flow.waiting += size;
  gate_.backlog().came(flow.principal.user, size);
  flow.bytes_up += size;
  flow.adapter->write(ref, sealed.first(size));
}

void EgressRole::drop(std::uint32_t ref, TargetEnd end) {
  const auto flow = flows_.remove(ref);
  if (!flow) return;
  gate_.ended(*flow, flow->waiting);
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
    gate_.note(flow->link, reason,
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
    if (const auto barred = gate_.judge().barred(flow, wall)) reset(ref, *barred);
  });
}

void EgressRole::expire(WallTime wall) {
  flows_.for_each([&](std::uint32_t ref, const EgressFlow& flow) {
    if (gate_.judge().is_overlong(flow, wall)) reset(ref, FlowReason::session_ended);
  });
}

void EgressRole::end_session(SessionId session) {
  flows_.for_each([&](std::uint32_t ref, const EgressFlow& flow) {
    if (flow.session == session) reset(ref, FlowReason::session_ended);
  });
}

}  // namespace rap::router
