#include "mesh/distance_vector/distance_vector.hpp"

#include <algorithm>
#include <utility>

namespace rap::routes {

using wire::kAllClassGroups;

DistanceVector::DistanceVector(MonoTime now, const DistanceVectorSettings& settings,
                               const RoutePolicy& policy, OriginKeys& keys, RandomSource& rng)
    : settings_(settings), policy_(policy), keys_(keys), rng_(rng), now_(now) {
  own_.number.epoch = settings.epoch;
  count_on(own_.number);
  sweep_at_ = now + kSweepInterval;
  tell_all_at_ = now + kUpdateInterval / 2 +
                 Duration(static_cast<Duration::rep>(
                     rng_.u64() % static_cast<std::uint64_t>((kUpdateInterval / 2).count())));
  may_count_at_ = now;
}

std::vector<Action> DistanceVector::step(MonoTime now, const Event& event) {
  now_ = now;
  std::visit([this](const auto& e) { on(e); }, event);
  flush_due();
  return std::exchange(actions_, {});
}

MonoTime DistanceVector::next_timeout() const {
  MonoTime next = std::min(tell_all_at_, sweep_at_);
  if (count_at_) next = std::min(next, *count_at_);
  if (!settling_.empty()) next = std::min(next, settling_.begin()->first);
  for (const auto& [id, asked] : asked_) next = std::min(next, asked.again_at);
  for (const auto& [id, neighbour] : neighbours_) {
    if (neighbour.flush_at) next = std::min(next, *neighbour.flush_at);
  }
  return next;
}

void DistanceVector::on(const event::NeighbourUp& e) {
  if (neighbours_.contains(e.neighbour)) forget_neighbour(e.neighbour);
  if (neighbours_.size() >= kMaxNeighbours) return;
  Neighbour& neighbour = neighbours_[e.neighbour];
  neighbour.costs = e.costs;
  if (settings_.is_destination) mark_for(neighbour, settings_.self, Urgency::soon, false);
  if (!settings_.is_transit) return;
  for (const auto& [id, routes] : destinations_) mark_for(neighbour, id, Urgency::soon, false);
}

void DistanceVector::on(const event::CostsMeasured& e) {
  const auto at = neighbours_.find(e.neighbour);
  if (at == neighbours_.end()) return;
  bool moved = false;
  for (std::size_t g = 0; g < kClassGroups; ++g) {
    RouteMetric& cost = at->second.costs[g];
    if (!is_clearly_better(cost, e.costs[g]) && !is_clearly_better(e.costs[g], cost)) continue;
    cost = e.costs[g];
    moved = true;
  }
  if (moved) reselect_all();
}

void DistanceVector::on(const event::NeighbourDown& e) { forget_neighbour(e.neighbour); }

void DistanceVector::on(const event::RoutesReceived& e) {
  const auto at = neighbours_.find(e.neighbour);
  if (at == neighbours_.end() || at->second.refused) return;
  Neighbour& neighbour = at->second;
  const auto message = wire::RouteMessage::decode(e.payload);
  if (!message) return refuse(e.neighbour, neighbour, Misconduct::malformed);
  const auto updates = static_cast<unsigned>(message->updates.size());
  const auto requests = static_cast<unsigned>(message->requests.size());
  if ((updates > 0 && neighbour.updates.take(kUpdatesTaken, now_, updates)) ||
      (requests > 0 && neighbour.requests.take(kRequestsTaken, now_, requests)))
    return refuse(e.neighbour, neighbour, Misconduct::flood);
  for (const wire::RouteUpdate& update : message->updates) {
    take(e.neighbour, neighbour, update);
    if (neighbour.refused) return;
  }
  for (const wire::SeqnoRequest& request : message->requests) {
    answer(e.neighbour, neighbour, request);
    if (neighbour.refused) return;
  }
}

void DistanceVector::on(const event::RoutePolicyChanged& e) {
  settings_.policy_version = e.version;
  settings_.policy_floor = e.floor;
  // What a neighbour may no longer say is forgotten, and what it may no longer hear retracted.
  for (auto& [id, routes] : destinations_) {
    for (const auto& [neighbour, state] : neighbours_) {
      if (!policy_.accepts(neighbour, id)) routes.forget(neighbour);
    }
  }
  reselect_all();
  tell_all_again();
}

void DistanceVector::on(const event::RoutesDue&) {
  if (count_at_ && *count_at_ <= now_) {
    count_at_.reset();
    count_on(own_.number);
  }
  while (!settling_.empty() && settling_.begin()->first <= now_) {
    const NodeId destination = settling_.begin()->second;
    settling_.erase(settling_.begin());
    const auto at = destinations_.find(destination);
    if (at != destinations_.end()) reselect(destination, at->second);
  }
  ask_again();
  if (sweep_at_ <= now_) sweep();
  if (tell_all_at_ <= now_) {
    const auto spread = static_cast<std::uint64_t>((kUpdateInterval / 4).count());
    tell_all_at_ = now_ + kUpdateInterval - kUpdateInterval / 8 +
                   Duration(static_cast<Duration::rep>(rng_.u64() % spread));
    tell_all_again();
  }
}

// --- what is learned and selected

DestinationRoutes::Terms DistanceVector::terms(NodeId destination) const {
  return {settings_.max_hops, settings_.policy_floor,
          [this, destination](NodeId neighbour, ClassGroup group) {
            const auto at = neighbours_.find(neighbour);
            if (at == neighbours_.end() || !policy_.permits(neighbour, destination, group))
              return kUnreachable;
            return at->second.costs[static_cast<std::size_t>(group)];
          }};
}

// The destination alone is no hop away from itself.
bool DistanceVector::is_credible(NodeId from, const wire::RouteUpdate& update) const {
  if (!policy_.accepts(from, update.destination)) return false;
  return !update.reaches() || (update.hops == 0) == (from == update.destination);
}

bool DistanceVector::is_signed(Neighbour& neighbour, NodeId destination,
                               const wire::RouteOrigin& origin) {
  const Bytes statement = wire::origin_statement(settings_.cluster, destination, origin.number);
  if (keys_.verify(destination, statement, origin.signature)) return true;
  ++counters_.bad_signatures;
  ++neighbour.bad_signatures;
  return false;
}

void DistanceVector::take(NodeId from, Neighbour& neighbour, const wire::RouteUpdate& update) {
  if (update.destination == settings_.self) {
    if (update.reaches()) hear_of_self(neighbour, update.origin);
    if (neighbour.bad_signatures > kMaxBadSignatures)
      refuse(from, neighbour, Misconduct::bad_signatures);
    return;
  }
  if (!is_credible(from, update)) {
    ++counters_.updates_ignored;
    return;
  }
  auto at = destinations_.find(update.destination);
  const bool known = at != destinations_.end();
  const bool no_room = !known && destinations_.size() >= kMaxDestinations;
  if ((!known && !update.reaches()) || no_room) {
    counters_.updates_ignored += no_room ? 1 : 0;
    return;
  }
  // What is older than all that is feasible is never followed, so that its signature is no matter.
  const auto oldest = known ? at->second.oldest_feasible() : std::nullopt;
  const bool matters = update.reaches() && !(oldest && update.origin.number < *oldest) &&
                       !(known && at->second.knows(update.origin.number));
  if (matters) {
    if (!is_signed(neighbour, update.destination, update.origin)) {
      if (neighbour.bad_signatures > kMaxBadSignatures)
        refuse(from, neighbour, Misconduct::bad_signatures);
      return;
    }
    if (!known) at = destinations_.try_emplace(update.destination).first;
    at->second.keep(update.origin);
  }
  ++counters_.updates_taken;
  for (const ClassGroup group : kAllClassGroups) {
    const auto& metric = update.metrics[static_cast<std::size_t>(group)];
    if (!metric) continue;
    at->second.learn(
        from, group,
        {update.origin.number, *metric, update.hops, update.policy_version, now_ + kRouteLifetime});
  }
  reselect(update.destination, at->second);
}

void DistanceVector::reselect(NodeId destination, DestinationRoutes& routes) {
  const DestinationRoutes::Terms t = terms(destination);
  bool starves = false;
  for (const ClassGroup group : kAllClassGroups) {
    const bool reached = routes.selected(group).has_value();
    const auto outcome = routes.select(now_, group, t);
    if (outcome.settles_at) settling_.emplace(*outcome.settles_at, destination);
    starves = starves || outcome.starves;
    if (outcome.changed) {
      ++counters_.changes;
      actions_.push_back(action::RouteChanged{destination, group, routes.selected(group)});
    }
    const bool lost = reached && !routes.selected(group);
    const bool awaited = outcome.renumbered && now_ < routes.awaited_until;
    if (lost || awaited) {
      mark(destination, Urgency::now);
    } else if (outcome.changed || outcome.rerated || outcome.renumbered) {
      mark(destination, Urgency::soon);
    }
  }
  if (starves) {
    want(destination, routes);
  } else {
    asked_.erase(destination);
  }
}

void DistanceVector::reselect_all() {
  for (auto& [id, routes] : destinations_) reselect(id, routes);
}

void DistanceVector::forget_neighbour(NodeId neighbour) {
  neighbours_.erase(neighbour);
  for (auto& [id, routes] : destinations_) {
    if (routes.forget(neighbour)) reselect(id, routes);
  }
}

void DistanceVector::refuse(NodeId from, Neighbour& neighbour, Misconduct why) {
  neighbour.refused = true;
  actions_.push_back(action::RefuseNeighbour{from, why});
  for (auto& [id, routes] : destinations_) {
    if (routes.forget(from)) reselect(id, routes);
  }
}

void DistanceVector::sweep() {
  sweep_at_ = now_ + kSweepInterval;
  for (auto at = destinations_.begin(); at != destinations_.end();) {
    auto& [id, routes] = *at;
    routes.touch(now_);
    if (!routes.expire(now_).empty()) reselect(id, routes);
    if (routes.is_empty() && now_ - routes.last_selected() > kFeasibilityLifetime) {
      asked_.erase(id);
      for (auto& [neighbour, state] : neighbours_) {
        state.told.erase(id);
        state.due.erase(id);
      }
      at = destinations_.erase(at);
    } else {
      ++at;
    }
  }
}

// --- what others ask

std::optional<SelectedRoute> DistanceVector::selected(NodeId destination, ClassGroup group) const {
  const auto at = destinations_.find(destination);
  return at == destinations_.end() ? std::nullopt : at->second.selected(group);
}

bool DistanceVector::visit(NodeId destination, ClassGroup group,
                           const std::function<bool(const SelectedRoute&)>& takes) const {
  const auto at = destinations_.find(destination);
  return at != destinations_.end() && at->second.visit(group, terms(destination), takes);
}

std::size_t DistanceVector::bytes() const {
  constexpr std::size_t kTreeNode = 48;  // what a node of a std::map takes beside its value
  std::size_t total = sizeof *this;
  for (const auto& [id, routes] : destinations_) total += kTreeNode + sizeof id + routes.bytes();
  for (const auto& [id, neighbour] : neighbours_) {
    total += kTreeNode + sizeof id + sizeof neighbour;
    total += neighbour.told.size() * (kTreeNode + sizeof(NodeId) + sizeof(ToldGroups));
    total += neighbour.due.size() * (kTreeNode + sizeof(NodeId) + sizeof(bool));
    total += neighbour.asking.capacity() * sizeof(wire::SeqnoRequest);
  }
  total += asked_.size() * (kTreeNode + sizeof(NodeId) + sizeof(Asked));
  return total + settling_.size() * (kTreeNode + sizeof(std::pair<MonoTime, NodeId>));
}

}  // namespace rap::routes
