#include "mesh/distance_vector/destination_routes.hpp"

#include <algorithm>

namespace rap::routes {
namespace {

Distance distance_of(const LearnedRoute& route) { return {route.number, route.metric}; }

}  // namespace

void DestinationRoutes::learn(NodeId neighbour, ClassGroup group, const LearnedRoute& route) {
  auto at = std::ranges::lower_bound(learned_, neighbour, {}, &From::neighbour);
  if (at == learned_.end() || at->neighbour != neighbour)
    at = learned_.insert(at, From{neighbour, {}});
  at->groups[static_cast<std::size_t>(group)] = route;
}

bool DestinationRoutes::forget(NodeId neighbour) {
  return std::erase_if(learned_, [&](const From& f) { return f.neighbour == neighbour; }) > 0;
}

std::vector<NodeId> DestinationRoutes::expire(MonoTime now) {
  std::vector<NodeId> gone;
  std::erase_if(learned_, [&](From& from) {
    bool left = false;
    for (LearnedRoute& route : from.groups) {
      if (route.expires <= now) route.metric = kUnreachable;
      left = left || route.metric != kUnreachable;
    }
    if (!left) gone.push_back(from.neighbour);
    return !left;
  });
  return gone;
}

bool DestinationRoutes::is_feasible(const LearnedRoute& route, const GroupState& state) const {
  return !state.feasibility || is_better(distance_of(route), *state.feasibility);
}

RouteMetric DestinationRoutes::permitted(const From& from, ClassGroup group, const Terms& terms) {
  const LearnedRoute& route = from.groups[static_cast<std::size_t>(group)];
  if (route.metric == kUnreachable || route.hops >= terms.max_hops ||
      route.policy_version < terms.policy_floor)
    return kUnreachable;
  return add(route.metric, terms.cost(from.neighbour, group));
}

DestinationRoutes::Found DestinationRoutes::find(ClassGroup group, const Terms& terms) const {
  const GroupState& own = state(group);
  Found found;
  for (const From& from : learned_) {
    const LearnedRoute& route = from.groups[static_cast<std::size_t>(group)];
    const RouteMetric metric = permitted(from, group, terms);
    if (metric == kUnreachable) continue;
    if (!knows(route.number)) continue;
    if (!is_feasible(route, own)) {
      RouteMetric& nearest =
          route.number == own.feasibility->number ? found.unfeasible : found.older;
      nearest = std::min(nearest, metric);
      continue;
    }
    if (metric < found.best_metric) {
      found.best = &from;
      found.best_metric = metric;
    }
    if (own.selected && own.selected->next_hop == from.neighbour) {
      found.current = &from;
      found.current_metric = metric;
    }
  }
  return found;
}

SelectedRoute DestinationRoutes::route_by(const From& from, ClassGroup group, RouteMetric metric) {
  const LearnedRoute& route = from.groups[static_cast<std::size_t>(group)];
  return {from.neighbour, Distance{route.number, metric}, static_cast<std::uint8_t>(route.hops + 1),
          route.policy_version};
}

// Is the current route, which may go on, to be left for the best one?
bool DestinationRoutes::changes(MonoTime now, GroupState& state, const Found& found,
                                Selection& selection) const {
  if (found.best_metric >= found.current_metric) {
    state.better_since.reset();
    return false;
  }
  if (!state.better_since) state.better_since = now;
  const bool settled = now >= *state.better_since + kSettled;
  const bool free = !settled && is_clearly_better(found.best_metric, found.current_metric) &&
                    !state.free_changes.take(kFreeChanges, now);
  if (settled || free) {
    state.better_since.reset();
    return true;
  }
  selection.settles_at = *state.better_since + kSettled;
  return false;
}

// A newer number is needed at once where there is no route. When there is one, and a better one is
// not feasible, that mends itself mostly: numbers travel faster one way than another.
// What is of an older number hears of the newer one by itself, unless the destination has forgotten
// it: that matters to who has no other way.
bool DestinationRoutes::starves(MonoTime now, GroupState& state, const Found& found,
                                RouteMetric metric, Selection& selection) {
  if (metric == kUnreachable) {
    state.unfeasible_since.reset();
    return std::min(found.unfeasible, found.older) != kUnreachable;
  }
  if (found.unfeasible >= metric) {
    state.unfeasible_since.reset();
    return false;
  }
  if (!state.unfeasible_since) state.unfeasible_since = now;
  const MonoTime long_ago = *state.unfeasible_since + kSettled;
  if (now >= long_ago) return true;
  selection.settles_at = std::min(selection.settles_at.value_or(long_ago), long_ago);
  return false;
}

DestinationRoutes::Selection DestinationRoutes::select(MonoTime now, ClassGroup group,
                                                       const Terms& terms) {
  GroupState& own = state(group);
  Selection selection;
  const Found found = find(group, terms);
  std::optional<SelectedRoute> next;
  RouteMetric metric = kUnreachable;
  if (found.best == nullptr) {
    own.better_since.reset();
  } else {
    const bool stay = found.current != nullptr && !changes(now, own, found, selection);
    metric = stay ? found.current_metric : found.best_metric;
    next = route_by(stay ? *found.current : *found.best, group, metric);
  }
  const auto& before = own.selected;
  selection.changed =
      next.has_value() != before.has_value() || (next && next->next_hop != before->next_hop);
  if (next && before) {
    const RouteMetric old = before->distance.metric;
    selection.renumbered = next->distance.number != before->distance.number;
    selection.rerated = is_clearly_better(metric, old) || is_clearly_better(old, metric) ||
                        next->hops != before->hops ||
                        next->policy_version != before->policy_version;
  }
  selection.starves = starves(now, own, found, metric, selection);
  own.selected = next;
  if (next) {
    last_selected_ = now;
    if (!own.feasibility || is_better(next->distance, *own.feasibility))
      own.feasibility = next->distance;
  }
  return selection;
}

bool DestinationRoutes::visit(ClassGroup group, const Terms& terms,
                              const std::function<bool(const SelectedRoute&)>& takes) const {
  const GroupState& own = state(group);
  if (own.selected && takes(*own.selected)) return true;
  std::vector<SelectedRoute> others;
  for (const From& from : learned_) {
    const LearnedRoute& route = from.groups[static_cast<std::size_t>(group)];
    const RouteMetric metric = permitted(from, group, terms);
    if (metric == kUnreachable || !is_feasible(route, own) || !knows(route.number)) continue;
    if (own.selected && own.selected->next_hop == from.neighbour) continue;
    others.push_back(route_by(from, group, metric));
  }
  std::ranges::stable_sort(others, {}, [](const SelectedRoute& r) { return r.distance.metric; });
  return std::ranges::any_of(others, takes);
}

std::vector<NodeId> DestinationRoutes::hearsay(const Terms& terms) const {
  struct Way {
    bool unsigned_number = false;  // nobody knows whether the destination gave itself that one
    RouteMetric metric = kUnreachable;
    NodeId neighbour;
    auto operator<=>(const Way&) const = default;
  };
  std::vector<Way> ways;
  for (const From& from : learned_) {
    for (const ClassGroup group : wire::kAllClassGroups) {
      const RouteMetric metric = permitted(from, group, terms);
      const OriginNumber number = from.groups[static_cast<std::size_t>(group)].number;
      if (metric != kUnreachable) ways.push_back({!knows(number), metric, from.neighbour});
    }
  }
  std::ranges::sort(ways);
  std::vector<NodeId> neighbours;
  for (const Way& way : ways) {
    if (std::ranges::find(neighbours, way.neighbour) == neighbours.end())
      neighbours.push_back(way.neighbour);
  }
  return neighbours;
}

void DestinationRoutes::keep(const wire::RouteOrigin& origin) {
  const auto at = std::ranges::lower_bound(origins_, origin.number, {},
                                           [](const wire::RouteOrigin& o) { return o.number; });
  if (at != origins_.end() && at->number == origin.number) return;
  origins_.insert(at, origin);
  if (origins_.size() <= kOrigins) return;
  // Those that this node goes by, or has to exceed, are at most four.
  const auto in_use = [this](OriginNumber number) {
    return std::ranges::any_of(groups_, [&](const GroupState& s) {
      return (s.selected && s.selected->distance.number == number) ||
             (s.feasibility && s.feasibility->number == number);
    });
  };
  const auto oldest =
      std::ranges::find_if(origins_, [&](const auto& o) { return !in_use(o.number); });
  origins_.erase(oldest);
}

const wire::RouteOrigin* DestinationRoutes::origin(OriginNumber number) const {
  const auto at = std::ranges::lower_bound(origins_, number, {},
                                           [](const wire::RouteOrigin& o) { return o.number; });
  return at != origins_.end() && at->number == number ? &*at : nullptr;
}

std::optional<OriginNumber> DestinationRoutes::oldest_of_use() const {
  std::optional<OriginNumber> oldest;
  if (std::ranges::none_of(groups_, [](const GroupState& s) { return s.selected.has_value(); }))
    return oldest;
  for (const GroupState& s : groups_) {
    if (!s.feasibility) return std::nullopt;
    if (!oldest || s.feasibility->number < *oldest) oldest = s.feasibility->number;
  }
  return oldest;
}

const wire::RouteOrigin* DestinationRoutes::to_exceed() const {
  std::optional<OriginNumber> newest;
  for (const GroupState& s : groups_) {
    if (s.feasibility && (!newest || s.feasibility->number > *newest))
      newest = s.feasibility->number;
  }
  return newest ? origin(*newest) : nullptr;
}

void DestinationRoutes::touch(MonoTime now) {
  for (const GroupState& s : groups_) {
    if (s.selected) last_selected_ = now;
  }
}

std::size_t DestinationRoutes::bytes() const {
  return sizeof *this + learned_.capacity() * sizeof(From) +
         origins_.capacity() * sizeof(wire::RouteOrigin);
}

}  // namespace rap::routes
