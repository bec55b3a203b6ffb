#include "node/router/entry_role.hpp"

#include <algorithm>

#include "node/router/another_egress.hpp"
#include "node/router/sealed_record.hpp"

namespace rap::router {

using wire::FlowReason;
using wire::FrameType;
using wire::FrameView;

void EntryRole::request(LinkId client, const FrameView& frame, WallTime wall) {
  gate_.ask(client, frame, FlowEnd::Kind::entry_client,
            [&](wire::SecurityEvent& about) { return admit(client, frame, wall, about); });
}

std::optional<FlowReason> EntryRole::admit(LinkId client, const FrameView& frame, WallTime wall,
                                           wire::SecurityEvent& about) {
  const auto token = admission_.check(as_text(frame.payload), wall);
  if (!token) {
    describe(about, token.error());
    return token.error().reason;
  }
  describe(about, *token);
  // One that names its client's key opens a flow that the client seals, and no other.
  if (token->flow_key) return FlowReason::token_invalid;
  const FlowRight right = right_of(*token, board_.find(client)->address);
  if (const auto refusal = gate_.judge_token(*token, right, frame.header.traffic_class, wall)) {
    return refusal;
  }
  return open(client, frame, right, *token);
}

std::optional<FlowReason> EntryRole::open(LinkId client, const FrameView& frame,
                                          const FlowRight& right,
                                          const crypto::DataPlaneToken& token) {
  auto flow = std::make_unique<EntryFlow>();
  static_cast<FlowRight&>(*flow) = right;
  flow->client = client;
  flow->client_label = frame.header.label;
  flow->traffic_class = frame.header.traffic_class;
  flow->setup = std::make_unique<EntrySetup>();
  flow->setup->token = as_text(frame.payload);
  flow->setup->deadline = now_ + kFlowSetupTimeout;
  const auto hop = next_hop(*flow);
  if (!hop) return FlowReason::no_route;
  const auto label = label_on(hop->link, *flow);
  if (!label) return FlowReason::limit_reached;
  if (!admission_.use(token)) {
    board_.find(hop->link)->flows.erase(*label);
    return FlowReason::limit_reached;
  }
  gate_.opened(client, right, now_);
  EntryFlow& opened = *flow;
  const std::uint32_t ref = flows_.insert(std::move(flow));
  board_.find(client)->flows.find(frame.header.label)->ref = ref;
  ask(ref, opened, *hop, *label);
  return std::nullopt;
}

// Sessions spread over the members, and each stays with its own; an egress that did not reach the
// resource of late comes after those that may.
std::optional<EntryRole::Hop> EntryRole::next_hop(const EntryFlow& flow) const {
  const EntrySetup& setup = *flow.setup;
  const snapshot::KeyedPool* pool = gate_.pool(flow.egress_pool);
  if (pool == nullptr) return std::nullopt;
  std::optional<Hop> last;
  std::optional<Hop> hop;
  const mesh::Query query{.to = flow.egress_pool,
                          .traffic_class = flow.traffic_class,
                          .spread = std::hash<SessionId>{}(flow.session)};
  routing_.visit(query, [&](const mesh::FlowRoute& route) {
    if (std::ranges::find(setup.asked, route.egress) != setup.asked.end()) return false;
    const bool avoided = unreached_.avoids(route.egress, flow.resource, now_);
    if (avoided && last) return false;
    const auto link = links_.link_to(route.next_hop, flow.traffic_class);
    const auto member = std::ranges::find(pool->members, route.egress, &snapshot::PoolMember::node);
    if (!link || member == pool->members.end()) return false;
    (avoided ? last : hop) = Hop{*member, *link};
    return !avoided;
  });
  return hop ? hop : last;
}

std::optional<std::uint32_t> EntryRole::label_on(LinkId link, const EntryFlow& flow) {
  FlowEnd end;
  end.kind = FlowEnd::Kind::entry_node;
  end.traffic_class = flow.traffic_class;
  end.backlog = board_.find(flow.client)->backlog;
  return board_.find(link)->flows.allocate(std::move(end));
}

// Every egress gets a handshake and a sealed copy of the token of its own.
void EntryRole::ask(std::uint32_t ref, EntryFlow& flow, const Hop& hop, std::uint32_t label) {
  const auto c = flow.traffic_class;
  EntrySetup& setup = *flow.setup;
  flow.node = hop.link;
  flow.node_label = label;
  board_.find(hop.link)->flows.find(label)->ref = ref;
  setup.asked.push_back(hop.egress.node);
  setup.patience = setup.asked.size() == 1 ? now_ + kEgressPatience : setup.deadline;
  unreached_.probe(hop.egress.node, flow.resource, now_);
  setup.handshake.emplace(hop.egress.seal_key, rng_);
  const Bytes sealed = setup.handshake->first_message(SealedRequest{c, setup.token}.encode());
  const Bytes open = wire::FlowOpen{hop.egress.node, wire::FlowOpen::kMaxHops, sealed}.encode();
  board_.send(hop.link, {FrameType::flow_open, c, static_cast<std::uint16_t>(open.size()), label},
              open);
}

bool EntryRole::ask_another(std::uint32_t ref, EntryFlow& flow, FlowReason reason) {
  if (!flow.setup || !worth_another_egress(reason)) return false;
  EntrySetup& setup = *flow.setup;
  if (is_unreached(reason)) unreached_.note(setup.asked.back(), flow.resource, now_);
  if (setup.asked.size() >= kMaxEgressesAsked || setup.deadline <= now_) return false;
  const auto hop = next_hop(flow);
  const auto label = hop ? label_on(hop->link, flow) : std::nullopt;
  if (!label) return false;
  if (Link* before = board_.find(flow.node)) board_.erase_flow(*before, flow.node_label);
  setup.answer = answer_to_client(flow, reason);
  ++retries_[static_cast<std::size_t>(reason)];
  ask(ref, flow, *hop, *label);
  return true;
}

FlowReason EntryRole::answer_to_client(const EntryFlow& flow, FlowReason reason) {
  const bool more = flow.setup && flow.setup->answer && worth_another_egress(reason);
  return more ? more_telling(*flow.setup->answer, reason) : reason;
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
      if (believed == 0) return board_.moved_nothing(flow.client, IdleFrame::credit);
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
      if (believed == 0) return board_.moved_nothing(flow.node, IdleFrame::credit);
      board_.find(flow.client)->flows.find(flow.client_label)->window.grant(believed);
      return board_.send_credit(flow.client, flow.client_label, believed);
    }
    case FrameType::flow_refuse:
    case FrameType::reset:
      return refused(ref, flow,
                     wire::decode_reason(frame.payload).value_or(FlowReason::protocol_error));
    default: return reset_both(ref, FlowReason::protocol_error);
  }
}

void EntryRole::refused(std::uint32_t ref, EntryFlow& flow, FlowReason reason) {
  if (ask_another(ref, flow, reason)) return;
  const FlowReason answer = answer_to_client(flow, reason);
  const auto type = flow.seal ? FrameType::reset : FrameType::flow_refuse;
  if (!flow.seal) board_.count(answer);
  board_.send_reason(flow.client, type, flow.traffic_class, flow.client_label, answer);
  drop(ref);
}

void EntryRole::accepted(std::uint32_t ref, EntryFlow& flow, ByteView second_message) {
  auto seal = flow.setup ? flow.setup->handshake->finish(second_message) : std::nullopt;
  if (!seal) return reset_both(ref, FlowReason::seal_failed);
  unreached_.forget(flow.setup->asked.back(), flow.resource);
  flow.setup.reset();
  flow.seal.emplace(std::move(*seal));
  board_.count_opened(policy::NodeRole::entry);
  Link& client = *board_.find(flow.client);
  FlowEnd& end = *client.flows.find(flow.client_label);
  end.other_link = flow.node;
  end.other_label = flow.node_label;
  end.paused = client.pauses;
  if (end.paused) board_.send_pause(flow.node, flow.node_label, true);
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
  board_.keep_waiting(*out.flows.find(flow.node_label), wire::kFrameHeader + sealed);
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
  board_.more_waits(out);
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
  gate_.ended(*flow);
  if (Link* client = board_.find(flow->client)) client->flows.erase(flow->client_label);
  if (Link* node = board_.find(flow->node)) board_.erase_flow(*node, flow->node_label);
}

void EntryRole::note_broken_seal(const EntryFlow& flow) {
  const Link* from = board_.find(flow.node);
  ledger_.note_refusal(FlowReason::seal_failed,
                       {.peer = from != nullptr ? std::optional(from->node) : std::nullopt,
                        .organization = flow.organization,
                        .user = flow.principal.user,
                        .resource = flow.resource});
}

void EntryRole::reset_both(std::uint32_t ref, FlowReason reason) {
  const EntryFlow* flow = flows_.find(ref);
  if (flow == nullptr) return;
  board_.count(reason);
  if (reason == FlowReason::seal_failed) note_broken_seal(*flow);
  const auto type = flow->seal ? FrameType::reset : FrameType::flow_refuse;
  board_.send_reason(flow->client, type, flow->traffic_class, flow->client_label, reason);
  board_.send_reason(flow->node, FrameType::reset, flow->traffic_class, flow->node_label, reason);
  drop(ref);
}

void EntryRole::node_lost(std::uint32_t ref, FlowReason reason) {
  EntryFlow* flow = flows_.find(ref);
  if (flow == nullptr || ask_another(ref, *flow, reason)) return;
  reset_both(ref, answer_to_client(*flow, reason));
}

void EntryRole::end_session(SessionId session) {
  flows_.for_each([&](std::uint32_t ref, const EntryFlow& flow) {
    if (flow.session == session) reset_both(ref, FlowReason::session_ended);
  });
}

void EntryRole::enforce(WallTime wall) {
  flows_.for_each([&](std::uint32_t ref, const EntryFlow& flow) {
    if (const auto barred = gate_.judge().barred(flow, wall)) reset_both(ref, *barred);
  });
}

void EntryRole::expire(WallTime wall) {
  unreached_.forget_old(now_);
  flows_.for_each([&](std::uint32_t ref, EntryFlow& flow) {
    if (gate_.judge().is_overlong(flow, wall)) {
      return reset_both(ref, FlowReason::session_ended);
    }
    if (!flow.setup) return;
    if (flow.setup->deadline <= now_) {
      unreached_.note(flow.setup->asked.back(), flow.resource, now_);
      return reset_both(ref, answer_to_client(flow, FlowReason::setup_timeout));
    }
    if (flow.setup->patience > now_) return;
    flow.setup->patience = flow.setup->deadline;
    const LinkId silent = flow.node;
    const std::uint32_t label = flow.node_label;
    if (!ask_another(ref, flow, FlowReason::setup_timeout)) return;
    board_.send_reason(silent, FrameType::reset, flow.traffic_class, label,
                       FlowReason::setup_timeout);
  });
}

}  // namespace rap::router
