// All that a node knows of the ways to one destination, and which of them it takes, for each group
// of classes (RFC 8966 §3.5, 3.6). A route is eligible when policy and bounds permit it and it is
// feasible: what its neighbour told is nearer than this node ever said to be itself, under the
// same number of the destination. Whoever takes eligible routes alone is in no loop, whichever of
// them it takes, and whatever those say who lie about their metric.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "mesh/distance_vector/distance.hpp"
#include "policy/rate_limit.hpp"

namespace rap::routes {

using namespace std::chrono_literals;

// What a neighbour told of one group.
struct LearnedRoute {
  OriginNumber number;
  RouteMetric metric = kUnreachable;  // the neighbour's
  std::uint8_t hops = 0;              // the neighbour's
  std::uint64_t policy_version = 0;
  MonoTime expires;
};

// What this node tells of one group, and does.
struct SelectedRoute {
  NodeId next_hop;
  Distance distance;  // this node's
  std::uint8_t hops = 0;
  std::uint64_t policy_version = 0;
  bool operator==(const SelectedRoute&) const = default;
};

// A better route is taken at once if it is better by an eighth and there was no more than this of
// changing; else when it has been the better one for so long.
inline constexpr policy::RateLimit kFreeChanges{.burst = 3, .refill = 5s};
inline constexpr Duration kSettled = 4s;
inline constexpr RouteMetric kClearly = 8;

constexpr bool is_clearly_better(RouteMetric one, RouteMetric other) {
  return one < other && other - one >= other / kClearly;
}

class DestinationRoutes {
 public:
  // So many numbers of the destination are known with their signatures.
  static constexpr std::size_t kOrigins = 8;

  // What selection depends on beside what was learned.
  struct Terms {
    std::uint8_t max_hops = 0;  // from this node to the destination
    std::uint64_t policy_floor = 0;
    // The cost of the link; kUnreachable when policy does not permit it.
    std::function<RouteMetric(NodeId neighbour, ClassGroup group)> cost;
  };
  struct Selection {
    bool changed = false;  // the selected route is another one, or there is none any more
    bool renumbered = false;  // the number of the selected route is another
    bool rerated = false;     // its metric is another by much
    bool starves = false;  // what is there, or has long been better, is not feasible
    std::optional<MonoTime> settles_at;  // then a better route will have been so for long enough
  };

  void learn(NodeId neighbour, ClassGroup group, const LearnedRoute& route);
  bool forget(NodeId neighbour);  // false: nothing was known from it
  // Neighbours of which nothing is left.
  std::vector<NodeId> expire(MonoTime now);
  bool is_empty() const { return learned_.empty(); }

  Selection select(MonoTime now, ClassGroup group, const Terms& terms);
  const std::optional<SelectedRoute>& selected(ClassGroup group) const {
    return state(group).selected;
  }
  // The nearest this node ever was under the newest number it had.
  const std::optional<Distance>& feasibility(ClassGroup group) const {
    return state(group).feasibility;
  }
  // Eligible routes, the selected one first and then by metric, until `takes` returns true.
  bool visit(ClassGroup group, const Terms& terms,
             const std::function<bool(const SelectedRoute&)>& takes) const;
  // The neighbours that know some way, eligible or not: the nearest first, and those last whose
  // number of the destination is not known here.
  std::vector<NodeId> hearsay(const Terms& terms) const;

  bool knows(OriginNumber number) const { return origin(number) != nullptr; }
  void keep(const wire::RouteOrigin& origin);  // its signature is good
  const wire::RouteOrigin* origin(OriginNumber number) const;
  // What is of a number below this is no matter: it is not feasible, and there is a route. None:
  // every number may be one that matters.
  std::optional<OriginNumber> oldest_of_use() const;
  // The number that a route must exceed to be feasible whatever its metric.
  const wire::RouteOrigin* to_exceed() const;

  // The time at which a route was last selected; feasibility is not forgotten for long after it.
  MonoTime last_selected() const { return last_selected_; }
  void touch(MonoTime now);
  std::size_t bytes() const;

  MonoTime awaited_until;  // somebody asked for a newer number: it is told at once
  // The newest number that somebody asked beyond, and when that was handed on.
  std::optional<OriginNumber> handed_on;
  MonoTime handed_on_at;

 private:
  struct From {
    NodeId neighbour;
    std::array<LearnedRoute, kClassGroups> groups;
  };
  struct GroupState {
    std::optional<SelectedRoute> selected;
    std::optional<Distance> feasibility;
    std::optional<MonoTime> better_since;
    std::optional<MonoTime> unfeasible_since;  // since when something better has not been feasible
    policy::TokenBucket free_changes;
  };
  struct Found {
    const From* best = nullptr;
    RouteMetric best_metric = kUnreachable;
    const From* current = nullptr;
    RouteMetric current_metric = kUnreachable;
    RouteMetric unfeasible = kUnreachable;  // the best that is not, of the number that it exceeds
    RouteMetric older = kUnreachable;  // of an older number
  };

  const GroupState& state(ClassGroup group) const {
    return groups_[static_cast<std::size_t>(group)];
  }
  GroupState& state(ClassGroup group) { return groups_[static_cast<std::size_t>(group)]; }
  bool is_feasible(const LearnedRoute& route, const GroupState& state) const;
  // The metric by way of a neighbour, whether feasible or not.
  static RouteMetric permitted(const From& from, ClassGroup group, const Terms& terms);
  Found find(ClassGroup group, const Terms& terms) const;
  static SelectedRoute route_by(const From& from, ClassGroup group, RouteMetric metric);
  static bool starves(MonoTime now, GroupState& state, const Found& found, RouteMetric metric,
                      Selection& selection);
  bool changes(MonoTime now, GroupState& state, const Found& found, Selection& selection) const;

  std::vector<From> learned_;  // by neighbour
  std::array<GroupState, kClassGroups> groups_;
  std::vector<wire::RouteOrigin> origins_;  // ascending
  MonoTime last_selected_;
};

}  // namespace rap::routes
