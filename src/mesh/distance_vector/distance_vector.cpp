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
  may_count_at_ = may_exceed_at_ = now;
}

std::vector<Action> DistanceVector::step(MonoTime now, const Event& event) {
  now_ = now;
  std::visit([this](const auto& e) { on(e); }, event);
  if (judge_at_ && *judge_at_ <= now_) judge_held();
  flush_due();
  return std::exchange(actions_, {});
}

MonoTime DistanceVector::next_timeout() const {
  MonoTime next = std::min(tell_all_at_, sweep_at_);
  if (count_at_) next = std::min(next, *count_at_);
  if (judge_at_) next = std::min(next, *judge_at_);
  if (to_exceed_) next = std::min(next, may_exceed_at_);
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
  if (standing(e.neighbour).refused_until > now_) {
    neighbour.refused = true;
  } else {
    believe_again(neighbour);
  }
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

// What it is no more is retracted where it was told.
void DistanceVector::on(const event::RolesChanged& e) {
  if (e.is_destination == settings_.is_destination && e.is_transit == settings_.is_transit) return;
  const bool begins = e.is_destination && !settings_.is_destination;
  settings_.is_destination = e.is_destination;
  settings_.is_transit = e.is_transit;
  if (begins) count_on(own_.number);
  for (auto& [id, neighbour] : neighbours_) {
    for (const auto& [destination, groups] : neighbour.told)
      mark_for(neighbour, destination, Urgency::now, false);
  }
  tell_all_again();
}

// The number that was signed with the old key is none that anybody could verify any more.
void DistanceVector::on(const event::KeyReplaced&) { count_on(own_.number); }

void DistanceVector::on(const event::RoutesDue&) {
  if (count_at_ && *count_at_ <= now_) {
    count_at_.reset();
    count_on(own_.number);
  }
  if (to_exceed_ && may_exceed_at_ <= now_) exceed(*std::exchange(to_exceed_, std::nullopt));
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

// --- what is selected

DestinationRoutes::Terms DistanceVector::terms(NodeId destination) const {
  return {settings_.max_hops, settings_.policy_floor,
          [this, destination](NodeId neighbour, ClassGroup group) {
            const auto at = neighbours_.find(neighbour);
            if (at == neighbours_.end() || !policy_.permits(neighbour, destination, group))
              return kUnreachable;
            return at->second.costs[static_cast<std::size_t>(group)];
          }};
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
  } else if (const auto asked = asked_.find(destination); asked != asked_.end()) {
    // The next loss has to wait as long as a repetition does.
    asked->second = {asked->second.at, asked->second.at + kRequestInterval, 0, false};
  }
}

void DistanceVector::reselect_all() {
  for (auto& [id, routes] : destinations_) reselect(id, routes);
}

void DistanceVector::forget_neighbour(NodeId neighbour) {
  if (neighbours_.erase(neighbour) == 0) return;
  std::erase(turns_, neighbour);
  for (auto& [id, routes] : destinations_) {
    if (routes.forget(neighbour)) reselect(id, routes);
  }
}

void DistanceVector::sweep() {
  sweep_at_ = now_ + kSweepInterval;
  forget_standings();
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
    total += neighbour.due.size() * (kTreeNode + sizeof(NodeId) + sizeof(Due));
    total += neighbour.asking.capacity() * sizeof(wire::SeqnoRequest);
    total += neighbour.updates_held.size() * sizeof(wire::RouteUpdate);
    total += neighbour.requests_held.size() * sizeof(wire::SeqnoRequest);
  }
  total += standings_.size() * (kTreeNode + sizeof(NodeId) + sizeof(Standing));
  total += asked_.size() * (kTreeNode + sizeof(NodeId) + sizeof(Asked));
  return total + settling_.size() * (kTreeNode + sizeof(std::pair<MonoTime, NodeId>));
}

}  // namespace rap::routes
