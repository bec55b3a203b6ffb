#include "node/router/entry_role.hpp"

#include <algorithm>

#include "node/router/sealed_record.hpp"
#include "node/router/session_age.hpp"

namespace rap::router {

using wire::FlowReason;
using wire::FrameType;
using wire::FrameView;

void EntryRole::configure(NodeId self, bool enabled, std::vector<snapshot::EgressPool> pools) {
  self_ = self;
  enabled_ = enabled;
  pools_ = std::move(pools);
}

void EntryRole::request(LinkId client, const FrameView& frame, MonoTime now, WallTime wall) {
  Link* link = board_.find(client);
  if (link == nullptr) return;
  FlowEnd end;
  end.kind = FlowEnd::Kind::entry_client;
  end.traffic_class = frame.header.traffic_class;
  const bool adopted = link->flows.adopt(frame.header.label, std::move(end)) ==
                       flow::LabelTable<FlowEnd>::Adopted::ok;
  const auto refused =
      adopted ? admit(client, frame, now, wall) : std::optional(FlowReason::protocol_error);
  if (!refused) return;
  if (adopted) link->flows.erase(frame.header.label);
  board_.count(*refused);
  board_.send_reason(client, FrameType::flow_refuse, frame.header.traffic_class, frame.header.label,
                     *refused);
}

std::optional<FlowReason> EntryRole::admit(LinkId client, const FrameView& frame, MonoTime now,
                                           WallTime wall) {
  if (!enabled_ || !security_.is_complete()) return FlowReason::not_ready;
  if (flows_.size() >= kMaxEntryFlows || board_.find(client)->flows.size() > flows_per_client_) {
    return FlowReason::limit_reached;
  }
  const auto c = frame.header.traffic_class;
  const std::string_view text = as_text(frame.payload);
  const auto token = guard_.check(text, wall);
  if (!token) return token.error();
  const Subject subject = subject_of(*token, board_.find(client)->address);
  if (const auto refusal = security_.refusal(subject, wall)) return refusal;
  if (token->entry != self_) return FlowReason::wrong_entry;
  if (!token->classes.contains(c)) return FlowReason::channel_class_denied;
  const auto policy = policies_.find(token->organization);
  if (policy != policies_.end() && !policy->second.classes.contains(c)) {
    return FlowReason::channel_class_denied;
  }
  if (is_overlong(policies_, token->organization, token->session_began, wall)) {
    return FlowReason::session_ended;
  }
  const auto pool = std::find_if(pools_.begin(), pools_.end(),
                                 [&](const auto& p) { return p.id == token->egress_pool; });
  if (pool == pools_.end()) return FlowReason::no_route;

  // Sessions spread over the members, and each stays with its own.
  const auto choice = mesh::choose(routing_, links_,
                                   {.to = token->egress_pool,
                                    .traffic_class = c,
                                    .spread = std::hash<SessionId>{}(token->session)});
  if (!choice) return FlowReason::no_route;
  const auto member =
      std::ranges::find(pool->members, choice->candidate.egress, &snapshot::PoolMember::node);
  if (member == pool->members.end()) return FlowReason::no_route;
  return open(client, frame, *token, *member, choice->link, now, wall);
}

std::optional<FlowReason> EntryRole::open(LinkId client, const FrameView& frame,
                                          const crypto::DataPlaneToken& token,
                                          const snapshot::PoolMember& member, LinkId next,
                                          MonoTime now, WallTime wall) {
  const auto c = frame.header.traffic_class;
  Link& out = *board_.find(next);
  FlowEnd end;
  end.kind = FlowEnd::Kind::entry_node;
  end.traffic_class = c;
  end.backlog = board_.find(client)->backlog;
  const auto label = out.flows.allocate(std::move(end));
  if (!label) return FlowReason::limit_reached;
  if (!guard_.use(token)) {
    out.flows.erase(*label);
    return FlowReason::limit_reached;
  }
  board_.find(client)->user = token.user;
  auto flow = std::make_unique<EntryFlow>();
  flow->client = client;
  flow->client_label = frame.header.label;
  flow->node = next;
  flow->node_label = *label;
  flow->traffic_class = c;
  flow->session = token.session;
  flow->subject = subject_of(token, board_.find(client)->address);
  flow->organization = token.organization;
  flow->session_began = token.session_began;
  flow->setup_deadline = now + kFlowSetupTimeout;
  flow->handshake.emplace(member.seal_key, rng_);
  const Bytes sealed =
      flow->handshake->first_message(SealedRequest{c, as_text(frame.payload)}.encode());
  const Bytes open = wire::FlowOpen{member.node, wire::FlowOpen::kMaxHops, sealed}.encode();

  recent_.note(token.session, now);
  const std::uint32_t ref = flows_.insert(std::move(flow));
  board_.find(client)->flows.find(frame.header.label)->ref = ref;
  out.flows.find(*label)->ref = ref;
  board_.send(next, {FrameType::flow_open, c, static_cast<std::uint16_t>(open.size()), *label},
              open);
  return std::nullopt;
}

void EntryRole::from_client(FlowEnd& end, const FrameView& frame) {
  const std::uint32_t ref = end.ref;
  EntryFlow& flow = *flows_.find(ref);
  switch (frame.header.type) {
    case FrameType::data: return client_data(ref, flow, end, frame.payload);
    case FrameType::fin: return fin(ref, flow, end, frame.payload);
    case FrameType::credit: {
      const auto credit = wire::decode_credit(frame.payload);
      if (!credit || !flow.seal) return reset_both(ref, FlowReason::flow_control);
      const std::uint32_t believed = end.sent.believe(*credit);
      if (believed == 0) return;
      board_.find(flow.node)->flows.find(flow.node_label)->window.grant(believed);
      return board_.send_credit(flow.node, flow.node_label, believed);
    }
    case FrameType::reset: {
      const auto reason = wire::decode_reason(frame.payload).value_or(FlowReason::protocol_error);
      board_.send_reason(flow.node, FrameType::reset, flow.traffic_class, flow.node_label, reason);
      return drop(ref);
    }
    default: return reset_both(ref, FlowReason::protocol_error);
  }
}

void EntryRole::from_node(FlowEnd& end, const FrameView& frame) {
  const std::uint32_t ref = end.ref;
  EntryFlow& flow = *flows_.find(ref);
  switch (frame.header.type) {
    case FrameType::data: return node_data(ref, flow, end, frame.payload);
    case FrameType::fin: return fin(ref, flow, end, frame.payload);
    case FrameType::flow_accept: return accepted(ref, flow, frame.payload);
    case FrameType::credit: {
      const auto credit = wire::decode_credit(frame.payload);
      if (!credit || !flow.seal) return reset_both(ref, FlowReason::flow_control);
      const std::uint32_t believed = end.sent.believe(*credit);
      if (believed == 0) return;
      board_.find(flow.client)->flows.find(flow.client_label)->window.grant(believed);
      return board_.send_credit(flow.client, flow.client_label, believed);
    }
    case FrameType::flow_refuse:
    case FrameType::reset: {
      const auto reason = wire::decode_reason(frame.payload).value_or(FlowReason::protocol_error);
      const auto type = flow.seal ? FrameType::reset : FrameType::flow_refuse;
      if (!flow.seal) board_.count(reason);
      board_.send_reason(flow.client, type, flow.traffic_class, flow.client_label, reason);
      return drop(ref);
    }
    default: return reset_both(ref, FlowReason::protocol_error);
  }
}

void EntryRole::accepted(std::uint32_t ref, EntryFlow& flow, ByteView second_message) {
  auto seal = flow.handshake ? flow.handshake->finish(second_message) : std::nullopt;
  if (!seal) return reset_both(ref, FlowReason::seal_failed);
  flow.handshake.reset();
  flow.seal.emplace(std::move(*seal));
  board_.send(flow.client, {FrameType::flow_accept, flow.traffic_class, 0, flow.client_label}, {});
}

void EntryRole::client_data(std::uint32_t ref, EntryFlow& flow, FlowEnd& end, ByteView data) {
  // Nothing may be sent before the flow is accepted: there is no key yet.
  if (!flow.seal || end.fin_received) return reset_both(ref, FlowReason::protocol_error);
  if (data.size() > wire::kMaxData) return reset_both(ref, FlowReason::protocol_error);
  if (!end.window.spend(static_cast<std::uint32_t>(data.size()))) {
    return reset_both(ref, FlowReason::flow_control);
  }
  const std::size_t sealed = data.size() + crypto::kSealTag;
  Link& out = *board_.find(flow.node);
  if (out.is_full()) return reset_both(ref, FlowReason::limit_reached);
  std::uint8_t* frame = out.queue.reserve(flow.traffic_class, wire::kFrameHeader + sealed);
  wire::encode_header(
      {FrameType::data, flow.traffic_class, static_cast<std::uint16_t>(sealed), flow.node_label},
      frame);
  flow.seal->send.seal(associated(FrameType::data), data, frame + wire::kFrameHeader);
  out.queue.commit(flow.traffic_class, wire::kFrameHeader + sealed);
  out.bytes_out += wire::kFrameHeader + sealed;
  board_.keep_waiting(*out.flows.find(flow.node_label), data.size());
  flow.bytes_up += data.size();
  board_.touched(flow.node);
}

void EntryRole::node_data(std::uint32_t ref, EntryFlow& flow, FlowEnd& end, MutableBytes sealed) {
  if (!flow.seal || end.fin_received || sealed.size() <= crypto::kSealTag) {
    return reset_both(ref, FlowReason::protocol_error);
  }
  const std::size_t size = sealed.size() - crypto::kSealTag;
  if (!end.window.spend(static_cast<std::uint32_t>(size))) {
    return reset_both(ref, FlowReason::flow_control);
  }
  Link& out = *board_.find(flow.client);
  if (out.is_full()) return reset_both(ref, FlowReason::limit_reached);
  std::uint8_t* frame = out.queue.reserve(flow.traffic_class, wire::kFrameHeader + size);
  if (!flow.seal->receive.open(associated(FrameType::data), sealed, frame + wire::kFrameHeader)) {
    return reset_both(ref, FlowReason::seal_failed);
  }
  wire::encode_header(
      {FrameType::data, flow.traffic_class, static_cast<std::uint16_t>(size), flow.client_label},
      frame);
  out.queue.commit(flow.traffic_class, wire::kFrameHeader + size);
  out.bytes_out += wire::kFrameHeader + size;
  flow.bytes_down += size;
  board_.touched(flow.client);
}

void EntryRole::fin(std::uint32_t ref, EntryFlow& flow, FlowEnd& end, ByteView payload) {
  const bool upwards = end.kind == FlowEnd::Kind::entry_client;
  if (!flow.seal || end.fin_received) return reset_both(ref, FlowReason::protocol_error);
  const auto ad = associated(FrameType::fin);
  if (upwards) {
    if (!payload.empty()) return reset_both(ref, FlowReason::protocol_error);
    std::uint8_t tag[crypto::kSealTag];
    flow.seal->send.seal(ad, {}, tag);
    board_.send(flow.node, {FrameType::fin, flow.traffic_class, sizeof tag, flow.node_label}, tag);
  } else {
    std::uint8_t nothing[1];
    if (payload.size() != crypto::kSealTag || !flow.seal->receive.open(ad, payload, nothing)) {
      return reset_both(ref, FlowReason::seal_failed);
    }
    board_.send(flow.client, {FrameType::fin, flow.traffic_class, 0, flow.client_label}, {});
  }
  end.fin_received = true;
  const FlowEnd* other = upwards ? board_.find(flow.node)->flows.find(flow.node_label)
                                 : board_.find(flow.client)->flows.find(flow.client_label);
  if (other->fin_received) drop(ref);
}

void EntryRole::drop(std::uint32_t ref) {
  const auto flow = flows_.remove(ref);
  if (!flow) return;
  if (Link* client = board_.find(flow->client)) client->flows.erase(flow->client_label);
  if (Link* node = board_.find(flow->node)) board_.erase_flow(*node, flow->node_label);
}

void EntryRole::reset_both(std::uint32_t ref, FlowReason reason) {
  const EntryFlow* flow = flows_.find(ref);
  if (flow == nullptr) return;
  board_.count(reason);
  const auto type = flow->seal ? FrameType::reset : FrameType::flow_refuse;
  board_.send_reason(flow->client, type, flow->traffic_class, flow->client_label, reason);
  board_.send_reason(flow->node, FrameType::reset, flow->traffic_class, flow->node_label, reason);
  drop(ref);
}

void EntryRole::link_lost(std::uint32_t ref, FlowReason reason) { reset_both(ref, reason); }

void EntryRole::end_session(SessionId session) {
  recent_.forget(session);
  flows_.for_each([&](std::uint32_t ref, const EntryFlow& flow) {
    if (flow.session == session) reset_both(ref, FlowReason::session_ended);
  });
}

void EntryRole::enforce(WallTime wall) {
  flows_.for_each([&](std::uint32_t ref, const EntryFlow& flow) {
    if (const auto refusal = security_.refusal(flow.subject, wall)) reset_both(ref, *refusal);
  });
}

void EntryRole::expire(MonoTime now, WallTime wall) {
  flows_.for_each([&](std::uint32_t ref, const EntryFlow& flow) {
    if (!flow.seal && flow.setup_deadline <= now) {
      reset_both(ref, FlowReason::setup_timeout);
    } else if (is_overlong(policies_, flow.organization, flow.session_began, wall)) {
      reset_both(ref, FlowReason::session_ended);
    }
  });
}

}  // namespace rap::router
