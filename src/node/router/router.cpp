#include "node/router/router.hpp"

#include <algorithm>

namespace rap::router {

using policy::NodeRole;
using wire::FlowReason;
using wire::FrameType;
using wire::FrameView;

Router::Router(LinkPort& links, adapters::AdapterSet adapters, RandomSource& rng, WallTime started)
    : board_(links),
      judge_(security_),
      ledger_(rng),
      routes_(configured_),
      exchange_(board_, links, routes_, rng, started),
      entry_admission_(started),
      egress_admission_(started),
      entry_gate_(board_, judge_, ledger_),
      entry_(board_, entry_gate_, entry_admission_, routes_, *this),
      egress_gate_(board_, judge_, ledger_, adapters),
      egress_(board_, egress_gate_, egress_admission_, links, rng) {
  adapters.attach(egress_);
}

void Router::configure(const snapshot::NodeConfig& config) {
  self_ = config.node;
  relays_ = config.has_role(NodeRole::relay);
  only_egresses_.clear();
  for (const snapshot::Peer& peer : config.peers) {
    if (peer.roles == std::vector{NodeRole::egress}) only_egresses_.insert(peer.node);
  }
  std::vector<mesh::ConfiguredPool> pools;
  for (const auto& pool : config.pools) {
    mesh::ConfiguredPool& of = pools.emplace_back(pool.id);
    for (const auto& member : pool.members) of.members.push_back(member.node);
  }
  configured_.configure(self_, config.routes, pools);
  exchange_.configure(config);
  std::vector<crypto::VerificationKey> keys;
  for (const auto& k : config.token_keys) {
    if (auto key = crypto::PublicKey::from_pem(k.public_key_pem)) keys.push_back({k.kid, *key});
  }
  entry_admission_.configure(config.cluster, keys);
  egress_admission_.configure(config.cluster, std::move(keys));
  entry_gate_.configure(self_, config.has_role(NodeRole::entry), config.pools);
  const auto gone = egress_gate_.configure(config.has_role(NodeRole::egress), config.resources);
  egress_.end_resources(gone);

  if (config.has_role(NodeRole::entry) && config.has_role(NodeRole::egress) && !loopback_) {
    const auto a = node_up(self_, wire::TrafficClassSet::all(), flow::LabelSide::odd);
    const auto b = node_up(self_, wire::TrafficClassSet::all(), flow::LabelSide::even);
    if (a && b) loopback_.emplace(*a, *b);
  }
}

void Router::set_policies(const snapshot::AppPolicies& policies) {
  judge_.set_policies(policies);
  egress_.hold_to_policy();
}

void Router::end_session(SessionId session, WallTime wall) {
  entry_admission_.end_session(session, wall);
  egress_admission_.end_session(session, wall);
  entry_gate_.end_session(session);
  egress_.end_session(session);
  entry_.end_session(session);
}

void Router::replace_security(const snapshot::SecurityChanges& part, bool first, bool last,
                              WallTime wall) {
  security_.replace(part, first, last);
  if (last) enforce(wall);
}

void Router::change_security(const snapshot::SecurityChanges& changes, WallTime wall) {
  security_.apply(changes);
  enforce(wall);
}

void Router::enforce(WallTime wall) {
  egress_.enforce(wall);
  entry_.enforce(wall);
}

std::optional<LinkId> Router::node_up(NodeId node, wire::TrafficClassSet classes,
                                      flow::LabelSide side, wire::LaneKind lane) {
  auto link = std::make_unique<Link>(board_, Link::Kind::node, side);
  link->lane = lane;
  link->node = node;
  link->classes = classes;
  const auto id = board_.add(std::move(link));
  if (id && node != self_) exchange_.link_up(*board_.find(*id));
  return id;
}

std::optional<LinkId> Router::client_up(const std::optional<policy::IpAddress>& address,
                                        Bytes exporter) {
  auto link = std::make_unique<Link>(board_, Link::Kind::client, flow::LabelSide::even);
  link->address = address;
  link->exporter = std::move(exporter);
  return board_.add(std::move(link));
}

void Router::set_link_policy(LinkId id, wire::TrafficClassSet classes, bool takes_new_flows,
                             FlowReason reason) {
  Link* link = board_.find(id);
  if (link == nullptr) return;
  const bool carries_others = link->takes_new_flows != takes_new_flows || link->classes != classes;
  link->takes_new_flows = takes_new_flows;
  link->classes = classes;
  if (carries_others && link->kind == Link::Kind::node) exchange_.links_changed();
  std::vector<FlowEnd> denied;
  link->flows.for_each([&](std::uint32_t label, FlowEnd& end) {
    if (classes.contains(end.traffic_class)) return;
    board_.send_reason(id, FrameType::reset, end.traffic_class, label, reason);
    denied.push_back(end);
    board_.erase_flow(*link, label);
  });
  for (const FlowEnd& end : denied) end_lost(end, reason);
}

void Router::link_down(LinkId id, FlowReason reason) {
  const auto link = board_.remove(id);
  if (!link) return;
  link->flows.for_each([&](std::uint32_t, FlowEnd& end) { end_lost(end, reason); });
  egress_.link_lost(id);
  if (link->kind == Link::Kind::node) exchange_.link_down(*link);
}

// The other half of a flow hears that one end is gone already.
void Router::end_lost(FlowEnd end, FlowReason reason) {
  switch (end.kind) {
    case FlowEnd::Kind::none: return;
    case FlowEnd::Kind::relay: return board_.reset_other(end, reason);
    case FlowEnd::Kind::entry_path: return entry_.lost(end.ref, reason);
    case FlowEnd::Kind::egress_path: return egress_.path_lost(end.ref);
  }
}

std::optional<LinkId> Router::link_to(NodeId neighbour, wire::TrafficClass c) const {
  if (neighbour == self_) return loopback_ ? std::optional(loopback_->first) : std::nullopt;
  return board_.towards(neighbour, c);
}

void Router::advance(MonoTime now, WallTime wall) {
  board_.advance(now);
  ledger_.advance(now, wall);
  entry_admission_.advance(now);
  egress_admission_.advance(now);
  entry_.advance(now);
  egress_.advance(now);
  exchange_.advance(now);
}

bool Router::on_frame(LinkId id, const FrameView& frame, MonoTime now, WallTime wall) {
  advance(now, wall);
  Link* link = board_.find(id);
  if (link == nullptr) return false;
  link->bytes_in += frame.whole.size();
  const bool taken = link->kind == Link::Kind::node ? on_node_frame(id, *link, frame, wall)
                                                    : on_client_frame(id, *link, frame, wall);
  return taken && !link->floods;
}

bool Router::on_node_frame(LinkId id, Link& link, const FrameView& frame, WallTime wall) {
  switch (frame.header.type) {
    case FrameType::flow_attach: return flow_attach(id, link, frame, wall);
    case FrameType::route: return exchange_.frame(link, frame);
    case FrameType::flow_request:
    case FrameType::flow_resume: return false;
    default: break;
  }
  FlowEnd* end = link.flows.find(frame.header.label);
  if (end == nullptr) {
    unknown_label(id, frame);
    return true;
  }
  switch (end->kind) {
    case FlowEnd::Kind::relay: board_.relay(id, frame.header.label, *end, frame); return true;
    case FlowEnd::Kind::entry_path: entry_.from_node(*end, frame); return true;
    case FlowEnd::Kind::egress_path: egress_.from_node(*end, frame); return true;
    case FlowEnd::Kind::none: return false;
  }
  return false;
}

bool Router::on_client_frame(LinkId id, Link& link, const FrameView& frame, WallTime wall) {
  switch (frame.header.type) {
    case FrameType::flow_request: entry_.request(id, frame, wall); return true;
    case FrameType::flow_resume: entry_.resume(id, frame, wall); return true;
    case FrameType::data:
    case FrameType::credit:
    case FrameType::reset:
    case FrameType::flow_confirm:
    case FrameType::flow_ack:
    case FrameType::flow_end:
    case FrameType::flow_close: {
      FlowEnd* end = link.flows.find(frame.header.label);
      if (end == nullptr) {
        unknown_label(id, frame);
      } else {
        entry_.from_client(*end, frame);
      }
      return true;
    }
    default: return false;
  }
}

bool Router::flow_attach(LinkId id, Link& link, const FrameView& frame, WallTime wall) {
  const auto open = wire::FlowOpen::decode(frame.payload);
  if (!open) return false;
  const auto c = frame.header.traffic_class;
  FlowEnd end;
  end.traffic_class = c;
  using Adopted = flow::LabelTable<FlowEnd>::Adopted;
  const auto adopted = link.flows.adopt(frame.header.label, std::move(end));
  std::optional<FlowReason> refused;
  if (adopted == Adopted::not_theirs) return false;
  if (open->sealed.size() > wire::kMaxFirstMessage + wire::AttachedMessage::kOverhead) return false;
  // Clients may ask as often as they like for one flow, and their answers wait here behind data:
  // who gets none asks elsewhere, and the channel stays.
  if (link.queue.windowless_bytes() > kMaxAnswers) {
    board_.count(FlowReason::limit_reached);
    if (adopted == Adopted::ok) link.flows.erase(frame.header.label);
    return true;
  }
  if (adopted == Adopted::in_use || !board_.asks(link)) {
    refused = FlowReason::limit_reached;
  } else if (only_egresses_.contains(link.node)) {
    refused = FlowReason::no_route;  // every flow that comes to it ends there
  } else if (!link.classes.contains(c)) {
    refused = FlowReason::channel_class_denied;
  } else if (open->egress == self_) {
    egress_.attach(id, frame, *open, wall);
    return true;
  } else {
    refused = relay_open(id, frame, *open);
  }
  if (!refused) return true;
  if (adopted == Adopted::ok) link.flows.erase(frame.header.label);
  board_.count(*refused);
  board_.moved_nothing(id, IdleFrame::refused_request);
  board_.send_reason(id, FrameType::flow_refuse, c, frame.header.label, *refused);
  return true;
}

std::optional<FlowReason> Router::relay_open(LinkId id, const FrameView& frame,
                                             const wire::FlowOpen& open) {
  if (!relays_) return FlowReason::no_route;
  if (open.hop_limit <= 1) return FlowReason::hop_limit;
  const auto c = frame.header.traffic_class;
  // A flow never goes back where it came from.
  const NodeId from = board_.find(id)->node;
  std::optional<LinkId> next;
  routes_.visit({.to = open.egress, .traffic_class = c}, [&](const mesh::FlowRoute& route) {
    next = route.next_hop == from ? std::nullopt : link_to(route.next_hop, c);
    return next.has_value();
  });
  if (!next) return FlowReason::no_route;
  if (board_.find(*next)->takes_no_requests()) return FlowReason::limit_reached;
  FlowEnd far;
  far.kind = FlowEnd::Kind::relay;
  far.awaits_answer = true;
  far.traffic_class = c;
  far.other_link = id;
  far.other_label = frame.header.label;
  const auto label = board_.find(*next)->flows.allocate(std::move(far));
  if (!label) return FlowReason::limit_reached;
  FlowEnd& near = *board_.find(id)->flows.find(frame.header.label);
  near.kind = FlowEnd::Kind::relay;
  near.other_link = *next;
  near.other_label = *label;
  const auto hops_left = static_cast<std::uint8_t>(open.hop_limit - 1);
  const Bytes payload = wire::FlowOpen{open.egress, hops_left, open.sealed}.encode();
  board_.send(*next, {frame.header.type, c, frame.header.length, *label}, payload);
  return std::nullopt;
}

void Router::unknown_label(LinkId id, const FrameView& frame) {
  const Link& link = *board_.find(id);
  const FrameType type = frame.header.type;
  if (link.kind == Link::Kind::client) {
    board_.moved_nothing(id, IdleFrame::unknown_label);
  } else if (type == FrameType::credit || type == FrameType::pause) {
    board_.moved_nothing(id, type == FrameType::pause ? IdleFrame::pause : IdleFrame::credit);
  }
  // Those of a flow that just ended come late and are harmless.
  if (type == FrameType::credit || type == FrameType::pause || type == FrameType::reset ||
      type == FrameType::flow_close) {
    return;
  }
  // A node that does not read such answers does without; a client is read no further.
  if (link.kind == Link::Kind::node && link.queue.windowless_bytes() > kMaxAnswers) return;
  board_.count(FlowReason::unknown_label);
  board_.send_reason(id, FrameType::reset, frame.header.traffic_class, frame.header.label,
                     FlowReason::unknown_label);
}

void Router::tick(MonoTime now, WallTime wall) {
  advance(now, wall);
  entry_.expire(wall);
  egress_.expire(wall);
  egress_.wake();
}

void Router::wake(MonoTime now, WallTime wall) {
  advance(now, wall);
  egress_.wake();
}

void Router::routes_due(MonoTime now) {
  exchange_.advance(now);
  exchange_.wake();
}

void Router::measured(NodeId neighbour, const routes::LinkFigures& figures, MonoTime now) {
  exchange_.advance(now);
  exchange_.measured(neighbour, figures);
}

void Router::room(LinkId link, MonoTime now, WallTime wall) {
  advance(now, wall);
  egress_.room_on(link);
}

void Router::deliver_loopback(MonoTime now, WallTime wall) {
  if (!loopback_) return;
  const auto [a, b] = *loopback_;
  for (bool more = true; more;) {
    more = false;
    for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
      flow::SendQueue& queue = board_.find(from)->queue;
      Bytes run = to_bytes(queue.peek());
      queue.consume(run.size());
      more = more || !run.empty();
      for (MutableBytes rest(run); !rest.empty();) {
        const auto frame = wire::next_frame(rest);
        on_frame(to, **frame, now, wall);
        rest = rest.subspan((*frame)->whole.size());
      }
    }
  }
}

}  // namespace rap::router
