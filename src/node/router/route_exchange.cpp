#include "node/router/route_exchange.hpp"

#include <algorithm>
#include <utility>

#include "policy/channel_classes.hpp"

namespace rap::router {

using policy::NodeRole;
using wire::FrameType;
using wire::TrafficClass;

namespace {

std::uint64_t epoch_of(WallTime started) {
  const auto since =
      std::chrono::duration_cast<std::chrono::milliseconds>(started.time_since_epoch());
  return static_cast<std::uint64_t>(std::max<std::int64_t>(since.count(), 1));
}

}  // namespace

RouteExchange::RouteExchange(Switchboard& board, LinkPort& port, routes::LearnedRoutes& routing,
                             RandomSource& rng, WallTime started)
    : board_(board), port_(port), routing_(routing), rng_(rng), epoch_(epoch_of(started)) {}

void RouteExchange::set_key(const crypto::PrivateKey& key) {
  const bool other = !key_ || key_->public_key().spki_sha256() != key.public_key().spki_sha256();
  key_ = key;
  if (other) step(routes::event::KeyReplaced{});
}

void RouteExchange::configure(const snapshot::NodeConfig& config) {
  Terms terms{config.origins, {}, {}, config.roles, config.route_epoch, config.route_epoch_floor};
  for (const snapshot::Peer& peer : config.peers) {
    const auto has = [&](NodeRole role) {
      return std::ranges::find(peer.roles, role) != peer.roles.end();
    };
    if (has(NodeRole::relay)) terms.relays.insert(peer.node);
    if (has(NodeRole::entry)) terms.entries.insert(peer.node);
  }
  const bool same = terms == terms_;
  terms_ = std::move(terms);
  if (same && (core_ || terms_.origins.empty())) return;  // all would be told anew for nothing
  origins_.clear();
  for (const snapshot::ConfiguredOrigin& origin : config.origins) {
    auto& keys = origins_[origin.node];
    for (const std::string& pem : origin.public_keys_pem) {
      if (auto key = crypto::PublicKey::from_pem(pem)) keys.push_back(*key);
    }
  }
  is_destination_ = config.has_role(NodeRole::egress) && origins_.contains(config.node);
  is_transit_ = config.has_role(NodeRole::relay);
  if (core_) {
    step(routes::event::RolesChanged{is_destination_, is_transit_});
    step(routes::event::RoutePolicyChanged{config.route_epoch, config.route_epoch_floor});
  } else if (!origins_.empty() && key_) {
    begin(config);
  }
}

// What was begun is never ended: a node that forgot how near it was could become part of a loop.
void RouteExchange::begin(const snapshot::NodeConfig& config) {
  const routes::DistanceVectorSettings settings{.cluster = config.cluster,
                                                .self = config.node,
                                                .is_destination = is_destination_,
                                                .is_transit = is_transit_,
                                                .epoch = epoch_,
                                                .policy_version = config.route_epoch,
                                                .policy_floor = config.route_epoch_floor,
                                                .max_hops = wire::FlowOpen::kMaxHops};
  const routes::RoutePolicy& policy = *this;
  routes::OriginKeys& keys = *this;
  core_ = std::make_unique<routes::DistanceVector>(now_, settings, policy, keys, rng_);
  routing_.learn_from(core_.get());
  look_at_links();
  for (const auto& [node, neighbour] : neighbours_)
    step(routes::event::NeighbourUp{node, costs_of(neighbour)});
}

void RouteExchange::wake() { step(routes::event::RoutesDue{}); }

void RouteExchange::link_up(const Link& link) {
  if (link.lane != wire::LaneKind::interactive) return;
  Neighbour& neighbour = neighbours_[link.node];
  neighbour.link = link.id;
  neighbour.waiting.clear();
  if (!core_) return;  // begin() looks at all of them
  look_at_links();
  step(routes::event::NeighbourUp{link.node, costs_of(neighbour)});
}

void RouteExchange::link_down(const Link& link) {
  const auto at = neighbours_.find(link.node);
  if (at == neighbours_.end() || at->second.link != link.id) return;
  neighbours_.erase(at);
  step(routes::event::NeighbourDown{link.node});
  // One channel takes the place of another before that is closed.
  const Link* other = nullptr;
  board_.for_each([&](LinkId, const Link& one) {
    const bool speaks = one.kind == Link::Kind::node && one.lane == wire::LaneKind::interactive;
    if (speaks && one.node == link.node) other = &one;
  });
  if (other != nullptr) link_up(*other);
}

void RouteExchange::links_changed() {
  if (!core_) return;
  look_at_links();
  for (const auto& [node, neighbour] : neighbours_)
    step(routes::event::CostsMeasured{node, costs_of(neighbour)});
}

// A channel that is suspected, or drains, takes no new flow: for the time no way leads over it.
void RouteExchange::look_at_links() {
  for (auto& [node, neighbour] : neighbours_) neighbour.usable = {};
  board_.for_each([&](LinkId, const Link& link) {
    if (link.kind != Link::Kind::node || !link.takes_new_flows) return;
    const auto at = neighbours_.find(link.node);
    if (at == neighbours_.end()) return;
    for (std::size_t i = 0; i < wire::kTrafficClassCount; ++i) {
      const auto c = static_cast<TrafficClass>(i);
      if (policy::kFlowClasses.contains(c) && link.classes.contains(c))
        at->second.usable[static_cast<std::size_t>(wire::group_of(c))] = true;
    }
  });
}

routes::LinkCosts RouteExchange::costs_of(const Neighbour& neighbour) {
  routes::LinkCosts costs = routes::link_costs(neighbour.figures);
  for (std::size_t g = 0; g < costs.size(); ++g) {
    if (!neighbour.usable[g]) costs[g] = routes::kUnreachable;
  }
  return costs;
}

void RouteExchange::measured(NodeId node, const routes::LinkFigures& figures) {
  const auto at = neighbours_.find(node);
  if (at == neighbours_.end()) return;
  at->second.figures = figures;
  step(routes::event::CostsMeasured{node, costs_of(at->second)});
}

bool RouteExchange::frame(const Link& link, const wire::FrameView& frame) {
  if (frame.header.traffic_class != TrafficClass::route_control ||
      link.lane != wire::LaneKind::interactive)
    return false;
  const auto at = neighbours_.find(link.node);
  // A configuration comes here later than there; and what an older channel says is over.
  if (!core_ || at == neighbours_.end() || at->second.link != link.id) {
    board_.moved_nothing(link.id, IdleFrame::route);
    return true;
  }
  step(routes::event::RoutesReceived{link.node, frame.payload});
  return true;
}

void RouteExchange::step(const routes::Event& event) {
  if (!core_) return;
  for (routes::Action& action : core_->step(now_, event)) {
    auto* send = std::get_if<routes::action::SendRoutes>(&action);
    if (send == nullptr) continue;
    const auto at = neighbours_.find(send->neighbour);
    if (at != neighbours_.end()) at->second.waiting.push_back(std::move(send->payload));
  }
  send_waiting();
}

// No window holds route frames back: they must not be what a neighbour's other answers wait behind.
void RouteExchange::send_waiting() {
  MonoTime next = core_->next_timeout();
  for (auto& [node, neighbour] : neighbours_) {
    auto& waiting = neighbour.waiting;
    while (!waiting.empty()) {
      const Link* link = board_.find(neighbour.link);
      if (link == nullptr || link->queue.windowless_bytes() > kMaxRoutesQueued) break;
      const Bytes payload = std::move(waiting.front());
      waiting.pop_front();
      const auto size = static_cast<std::uint16_t>(payload.size());
      board_.send(neighbour.link, {FrameType::route, TrafficClass::route_control, size, 0},
                  payload);
    }
    if (!waiting.empty()) next = std::min(next, now_ + kRoutesRetry);
  }
  port_.routes_at(next);
}

// --- what the configuration permits

// A node that does not relay speaks of itself alone.
bool RouteExchange::accepts(NodeId neighbour, NodeId destination) const {
  return origins_.contains(destination) &&
         (neighbour == destination || terms_.relays.contains(neighbour));
}

// What a link may carry is part of its cost.
bool RouteExchange::permits(NodeId neighbour, NodeId destination, wire::ClassGroup) const {
  return accepts(neighbour, destination);
}

// Who hands no flows on needs no routes.
bool RouteExchange::tells(NodeId neighbour, NodeId destination) const {
  return origins_.contains(destination) &&
         (terms_.relays.contains(neighbour) || terms_.entries.contains(neighbour));
}

routes::Verified RouteExchange::verify(NodeId destination, ByteView statement,
                                       const Signature& signature) const {
  const auto at = origins_.find(destination);
  if (at == origins_.end() || at->second.empty()) return routes::Verified::no_key;
  const bool good = std::ranges::any_of(at->second, [&](const crypto::PublicKey& key) {
    return crypto::verify(key, statement, signature);
  });
  return good ? routes::Verified::good : routes::Verified::wrong;
}

routes::OriginKeys::Signature RouteExchange::sign(ByteView statement) {
  Signature out{};
  const Bytes signature = crypto::sign(*key_, statement);
  std::copy_n(signature.begin(), std::min(signature.size(), out.size()), out.begin());
  return out;
}

}  // namespace rap::router
