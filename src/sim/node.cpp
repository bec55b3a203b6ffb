#include "sim/node.hpp"

#include <algorithm>
#include <utility>

namespace rap::sim {

namespace table_action = channel::table_action;
namespace table_event = channel::table_event;
using channel::FailureReason;
using channel::LaneId;

namespace {

constexpr Duration kHeldBack = 1s;  // by Planted::sends_flows_last

}  // namespace

Node::Node(NodeId id, ClusterId cluster, Schedule& schedule, Network& network, SeededRandom& rng,
           Witness& witness, Planted planted)
    : id_(id),
      cluster_(cluster),
      schedule_(schedule),
      network_(network),
      rng_(rng),
      witness_(witness),
      planted_(planted) {
  restart();
}

MonoTime Node::now() const {
  const auto elapsed = static_cast<double>((schedule_.now() - paced_since_).count()) * clock_.rate;
  return paced_from_ + Duration(static_cast<Duration::rep>(elapsed));
}

void Node::set_clock(Clock clock) {
  paced_from_ = now();
  paced_since_ = schedule_.now();
  clock_ = clock;
  if (up()) schedule_timeout();
}

// --- from the agent

void Node::apply(const View& view) {
  view_ = view;
  check_authority();
}

void Node::renew(const Certificate& certificate) {
  certificate_ = certificate;
  for (const auto& [lane, link] : links_) {
    Message m;
    m.kind = Message::Kind::reauthentication;
    m.certificate = certificate;
    network_.send(connections_.at(lane), *this, std::move(m));
  }
}

void Node::set_control(bool reachable) {
  control_reachable_ = reachable;
  check_authority();
}

void Node::check_authority() {
  if (!up()) return;
  using channel::ConfigAuthority;
  view_.context.authority =
      control_reachable_ ? ConfigAuthority::current : ConfigAuthority::degraded;
  if (wall() >= view_.issued + kViewLifetime) view_.context.authority = ConfigAuthority::expired;
  channel::Context told = view_.context;
  if (planted_ == Planted::dials_whenever_it_likes) {
    told.draining = false;
    for (auto& rule : told.peers) rule.draining = false;
  }
  if (planted_ == Planted::needs_no_control_plane && told.authority == ConfigAuthority::degraded) {
    told.authority = ConfigAuthority::current;
  }
  const bool forgets = planted_ == Planted::forgets_to_tell_the_table && rng_.below(8) != 0;
  if (!forgets) step(table_event::NewContext{std::move(told)});
}

void Node::crash() {
  table_.reset();
  connections_.clear();
  lanes_.clear();
  proofs_.clear();
  links_.clear();
  held_.clear();
  pending_.clear();
  ++timer_;
}

void Node::restart() {
  table_ = std::make_unique<channel::Table>(rng_);
  if (!view_.context.node.is_nil()) check_authority();
}

void Node::shut_down() {
  if (up()) step(table_event::NodeStop{});
}

// --- traffic

void Node::talk() {
  if (!up()) return;
  check_authority();
  report_idle();
  if (links_.empty()) return;
  if (hostile_ && rng_.below(4) == 0) misbehave(connections_.begin()->second);
  if (links_.empty()) return;
  auto it = links_.begin();
  std::advance(it, static_cast<std::ptrdiff_t>(rng_.below(links_.size())));
  auto& [lane, link] = *it;
  const auto c = static_cast<wire::TrafficClass>(rng_.below(wire::kTrafficClassCount));
  if (link.flows > 0 && rng_.below(3) == 0) --link.flows;
  if (!link.classes.contains(c)) return;
  Message m;
  m.kind = Message::Kind::payload;
  m.traffic_class = c;
  m.opens_flow = link.flows == 0;
  if (m.opens_flow && !link.takes_new_flows) return;
  if (m.opens_flow) ++link.flows;
  send_payload(lane, std::move(m));
}

void Node::send_payload(LaneId lane, Message message) {
  if (planted_ != Planted::sends_flows_last) {
    return network_.send(connections_.at(lane), *this, std::move(message));
  }
  ++held_[lane];
  schedule_.after(kHeldBack, [this, lane, message = std::move(message)] {
    const auto held = held_.find(lane);
    if (held == held_.end()) return;
    --held->second;
    if (const auto it = connections_.find(lane); it != connections_.end()) {
      network_.send(it->second, *this, message);
    }
  });
}

void Node::report_idle() {
  std::vector<table_event::LaneIdle> idle;
  for (const auto& channel : table_->channels()) {
    if (channel->lifecycle.state() != channel::State::draining) continue;
    const auto busy = [&](LaneId lane) {
      const auto it = links_.find(lane);
      return it != links_.end() && it->second.flows > 0;
    };
    if (busy(channel->interactive) || (channel->bulk && busy(*channel->bulk))) continue;
    std::uint64_t received = 0;
    for (const auto lane : {std::optional(channel->interactive), channel->bulk}) {
      if (lane && links_.contains(*lane)) received += links_.at(*lane).received;
    }
    idle.push_back({channel->interactive, received});
  }
  for (const auto& event : idle) step(event);
}

void Node::misbehave(ConnectionId id) {
  Message m;
  switch (rng_.below(4)) {
    case 0:  // payload whatever was agreed
      m.kind = Message::Kind::payload;
      m.traffic_class = static_cast<wire::TrafficClass>(rng_.below(wire::kTrafficClassCount));
      m.opens_flow = true;
      break;
    case 1: {  // a hello in somebody else's name
      wire::Hello h;
      h.cluster = cluster_;
      h.node = NodeId::random(rng_);
      h.channel = ChannelId::random(rng_);
      h.lane = static_cast<wire::LaneKind>(rng_.below(2));
      h.classes = wire::TrafficClassSet::all();
      m.bytes = h.encode();
      break;
    }
    case 2:  // an answer to nothing
      m.type = wire::FrameType::heartbeat_ack;
      m.bytes = wire::HeartbeatAck{rng_.u64(), 0}.encode();
      break;
    default:  // noise
      m.type = wire::FrameType::heartbeat;
      m.bytes = rng_.bytes(rng_.below(100));
  }
  network_.send(id, *this, std::move(m));
}

// --- what happens on connections

std::optional<LaneId> Node::lane_of(ConnectionId id) const {
  const auto it = lanes_.find(id);
  return it == lanes_.end() ? std::nullopt : std::optional(it->second);
}

bool Node::accept(ConnectionId id) {
  if (!up()) return false;
  const auto lane = table_->accept(now());
  if (!lane) return false;
  connections_[*lane] = id;
  lanes_[id] = *lane;
  schedule_timeout();
  return true;
}

void Node::on_connected(ConnectionId id) {
  if (const auto lane = lane_of(id)) step(table_event::LaneConnected{*lane});
}

void Node::on_proven(ConnectionId id, const Certificate& peer) {
  const auto lane = lane_of(id);
  if (!lane) return;
  proofs_[*lane] = peer;
  if (hostile_) misbehave(id);
  step(table_event::LaneProven{*lane, verify(peer, view_, cluster_, wall())});
}

channel::Verdict Node::judge(const Certificate& peer) const {
  if (planted_ == Planted::believes_every_certificate) {
    return channel::Proof{wire::SpiffeId::of_node(peer.cluster, peer.node), 1h};
  }
  return verify(peer, view_, cluster_, wall());
}

void Node::on_message(ConnectionId id, const Message& message) {
  const auto lane = lane_of(id);
  if (!lane) return;
  if (message.kind == Message::Kind::frame) {
    return step(table_event::LaneFrame{*lane, message.type, message.bytes});
  }
  const auto link = links_.find(*lane);
  if (message.kind == Message::Kind::reauthentication) {
    if (link == links_.end()) return step(table_event::LaneViolation{*lane});
    proofs_[*lane] = message.certificate;
    return step(table_event::LaneRevalidated{*lane, judge(message.certificate)});
  }
  if (link == links_.end()) {
    if (planted_ == Planted::passes_payload_before_established && proofs_.contains(*lane)) {
      return witness_.payload_accepted(*this, *lane, proofs_.at(*lane).node, message.traffic_class);
    }
    return step(table_event::LaneViolation{*lane});
  }
  ++link->second.received;
  // It does as the router: a flow of a class the link does not carry is reset.
  if (!link->second.classes.contains(message.traffic_class)) return;
  witness_.payload_accepted(*this, *lane, link->second.peer, message.traffic_class);
}

void Node::on_closed(ConnectionId id) {
  const auto lane = lane_of(id);
  if (!lane) return;
  lanes_.erase(id);
  connections_.erase(*lane);
  links_.erase(*lane);
  held_.erase(*lane);
  step(table_event::LaneClosed{*lane, FailureReason::network_unreachable});
}

// --- the table

void Node::step(const channel::TableEvent& event) {
  pending_.push_back(event);
  if (stepping_ || !up()) return;
  stepping_ = true;
  while (!pending_.empty()) {
    const auto next = std::move(pending_.front());
    pending_.erase(pending_.begin());
    for (const auto& action : table_->step(now(), next)) perform(action);
  }
  stepping_ = false;
  witness_.stepped(*this);
  schedule_timeout();
}

void Node::schedule_timeout() {
  if (planted_ == Planted::loses_its_timer && rng_.below(10) != 0) return;
  const std::uint64_t mine = ++timer_;
  const auto at = table_->next_timeout();
  if (!at) return;
  const auto local = std::max(Duration::zero(), *at - now());
  const Duration wait(static_cast<Duration::rep>(static_cast<double>(local.count()) / clock_.rate) +
                      1000);
  schedule_.after(wait, [this, mine] {
    if (mine == timer_ && up()) step(table_event::TableTimeout{});
  });
}

void Node::perform(const channel::TableAction& action) {
  if (const auto* send = std::get_if<table_action::SendFrame>(&action)) {
    const auto it = connections_.find(send->lane);
    if (it == connections_.end()) return;
    Message m;
    m.type = send->type;
    m.bytes = send->payload;
    network_.send(it->second, *this, std::move(m));
  } else if (const auto* dial = std::get_if<table_action::DialLane>(&action)) {
    witness_.dialled(*this, dial->peer);
    const LaneId lane = dial->lane;
    const ConnectionId id = network_.dial(id_, dial->peer, *this, certificate_);
    connections_[lane] = id;
    lanes_[id] = lane;
  } else if (const auto* link = std::get_if<table_action::LinkUp>(&action)) {
    links_[link->lane] = {link->peer, link->classes, link->takes_new_flows};
    witness_.link_up(*this, link->lane);
  } else if (const auto* policy = std::get_if<table_action::LinkPolicy>(&action)) {
    const auto it = links_.find(policy->lane);
    if (it == links_.end() || planted_ == Planted::keeps_the_first_policy) return;
    it->second.classes = policy->classes;
    it->second.takes_new_flows = policy->takes_new_flows;
  } else if (const auto* verify_again = std::get_if<table_action::RevalidateLane>(&action)) {
    const auto it = proofs_.find(verify_again->lane);
    if (it != proofs_.end())
      step(table_event::LaneRevalidated{verify_again->lane, judge(it->second)});
  } else if (const auto* close = std::get_if<table_action::CloseLane>(&action)) {
    if (planted_ == Planted::never_closes) return;
    links_.erase(close->lane);
    proofs_.erase(close->lane);
    held_.erase(close->lane);
    const auto it = connections_.find(close->lane);
    if (it == connections_.end()) return;
    const ConnectionId id = it->second;
    connections_.erase(it);
    lanes_.erase(id);
    network_.close(id, *this, close->linger);
    // The owner of a connection that lingers reports its end.
    const LaneId lane = close->lane;
    if (close->linger) {
      schedule_.after(100ms, [this, lane] {
        if (up()) step(table_event::LaneClosed{lane, FailureReason::none});
      });
    }
  } else if (const auto* drained = std::get_if<table_action::ChannelDrained>(&action)) {
    if (drained->forced) return;
    std::size_t payloads = 0;
    for (const auto lane : {std::optional(drained->interactive), drained->bulk}) {
      const auto it = lane ? connections_.find(*lane) : connections_.end();
      if (it == connections_.end()) continue;
      payloads += network_.payloads_under_way(it->second, *this);
      if (const auto held = held_.find(*lane); held != held_.end()) payloads += held->second;
    }
    witness_.drained(*this, payloads);
  } else if (const auto* t = std::get_if<table_action::StateChanged>(&action)) {
    witness_.state_changed(*this, *t);
  }
}

}  // namespace rap::sim
