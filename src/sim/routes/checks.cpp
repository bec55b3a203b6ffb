// What must hold of the routes of a simulated mesh, and what is measured of them.
#include <algorithm>

#include "sim/routes/route_world.hpp"

namespace rap::sim {
namespace {

using routes::SelectedRoute;

constexpr Duration kWatchInterval{250ms};
constexpr Duration kLookInterval{50ms};

}  // namespace

void RouteWorld::violate(const std::string& what) {
  if (result_.violation) return;
  const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(schedule_.now());
  result_.violation = "at " + std::to_string(at.count()) + " ms: " + what;
}

void RouteWorld::mix(std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8)
    result_.digest = (result_.digest ^ (value >> shift & 0xff)) * 0x100000001b3ULL;
}

// A route that changed: it is in the digest, in no loop, and of a number that was signed.
void RouteWorld::note(std::size_t n, const routes::action::RouteChanged& change) {
  mix(static_cast<std::uint64_t>(schedule_.now().count()));
  mix(n << 32 | truth_.index(change.destination) << 1 | static_cast<std::size_t>(change.group));
  if (change.route) mix(truth_.index(change.route->next_hop) << 32 | change.route->distance.metric);
  if (hosts_[n].lie != Lie::none || !change.route) return;
  check_origin(n, change.destination, *change.route);
  check_no_loop(n, change.destination, change.group);
}

void RouteWorld::check_origin(std::size_t n, NodeId destination, const SelectedRoute& route) {
  if (plan_.planted == PlantedRoute::forgets_feasibility) return;
  if (route.distance.number > signed_[destination])
    violate("node " + std::to_string(n) + " follows a number that its destination never signed");
}

// Does what the node sends to that neighbour arrive there? Both ends have the same session.
bool RouteWorld::leads(std::size_t n, NodeId to) const {
  const auto l = link_between(n, truth_.index(to));
  if (!l) return false;
  const auto& from = wires_[*l].from;
  return from[0].session != 0 && from[0].session == from[1].session;
}

void RouteWorld::check_no_loop(std::size_t n, NodeId destination, ClassGroup group) {
  std::size_t at = n;
  for (std::size_t hops = 0; hops <= hosts_.size(); ++hops) {
    const Host& host = hosts_[at];
    if (!host.core || host.lie != Lie::none || truth_.nodes()[at].id == destination) return;
    const auto route = host.core->selected(destination, group);
    if (!route || !leads(at, route->next_hop)) return;
    at = truth_.index(route->next_hop);
    if (at == n)
      return violate("a loop through node " + std::to_string(n) + " of " +
                     std::to_string(hops + 1) + " hops");
  }
  violate("a loop that node " + std::to_string(n) + " leads into");
}

// Every eligible route of every honest node, not the selected one alone: none is in a cycle.
void RouteWorld::check_all_ways() {
  enum class Mark : std::uint8_t { fresh, open, done };
  for (const std::size_t d : truth_.destinations()) {
    const NodeId destination = truth_.nodes()[d].id;
    for (const ClassGroup group : wire::kAllClassGroups) {
      std::vector<Mark> marks(hosts_.size(), Mark::fresh);
      const std::function<void(std::size_t)> walk = [&](std::size_t n) {
        marks[n] = Mark::open;
        const Host& host = hosts_[n];
        if (host.core && host.lie == Lie::none && n != d) {
          host.core->visit(destination, group, [&](const SelectedRoute& route) {
            if (!leads(n, route.next_hop)) return false;
            const std::size_t next = truth_.index(route.next_hop);
            if (marks[next] == Mark::open) violate("a cycle of eligible routes");
            if (marks[next] == Mark::fresh) walk(next);
            return false;
          });
        }
        marks[n] = Mark::done;
      };
      for (std::size_t n = 0; n < hosts_.size(); ++n) {
        if (marks[n] == Mark::fresh) walk(n);
      }
    }
  }
}

void RouteWorld::watch_all_ways() {
  check_all_ways();
  if (!storm_ && schedule_.now() > healed_at_ + kReachedBound) return;
  schedule_.after(kWatchInterval, [this] { watch_all_ways(); });
}

// --- after the storm

void RouteWorld::find_pairs() {
  for (const std::size_t d : truth_.destinations()) {
    for (const ClassGroup group : wire::kAllClassGroups) {
      const auto nearest = truth_.nearest(d, group, policy_);
      for (std::size_t n = 0; n < hosts_.size(); ++n) {
        if (n != d && nearest[n] != routes::kUnreachable) pairs_.push_back({n, d, group, {}});
      }
    }
  }
}

// Pairs of one destination and group come one after another, and what was found for one node is so
// for all whose way leads over it.
bool RouteWorld::has_way(std::size_t n, NodeId destination, ClassGroup group,
                         std::vector<Way>& found) const {
  std::vector<std::size_t> path;
  Way way = Way::unknown;
  for (std::size_t at = n; way == Way::unknown;) {
    if (found[at] != Way::unknown) {
      way = found[at];
    } else if (!hosts_[at].core || path.size() > hosts_.size()) {
      way = Way::missing;
    } else if (truth_.nodes()[at].id == destination) {
      way = Way::there;
    } else {
      path.push_back(at);
      const auto route = hosts_[at].core->selected(destination, group);
      if (!route || !leads(at, route->next_hop)) {
        way = Way::missing;
      } else {
        at = truth_.index(route->next_hop);
      }
    }
  }
  for (const std::size_t passed : path) found[passed] = way;
  return way == Way::there;
}

void RouteWorld::look_for_ways() {
  const Duration after = schedule_.now() - healed_at_;
  std::vector<Way> found(hosts_.size());
  const Pair* before = nullptr;
  for (Pair& pair : pairs_) {
    const bool same =
        before != nullptr && before->destination == pair.destination && before->group == pair.group;
    if (!same) found.assign(hosts_.size(), Way::unknown);
    before = &pair;
    if (!has_way(pair.node, truth_.nodes()[pair.destination].id, pair.group, found))
      pair.missing_until = after + kLookInterval;
  }
  if (after < kReachedBound) schedule_.after(kLookInterval, [this] { look_for_ways(); });
}

void RouteWorld::sum_up() {
  result_.pairs = pairs_.size();
  if (pairs_.empty()) return;
  std::ranges::sort(pairs_, {}, &Pair::missing_until);
  result_.half = pairs_[pairs_.size() / 2].missing_until;
  result_.most = pairs_[pairs_.size() * 99 / 100].missing_until;
  result_.longest = pairs_.back().missing_until;
  if (result_.longest >= kReachedBound) {
    const Pair& pair = pairs_.back();
    violate("node " + std::to_string(pair.node) + " has no way to " +
            std::to_string(pair.destination) + " long after all was well");
  }
}

void RouteWorld::check_nearest() {
  for (const std::size_t d : truth_.destinations()) {
    const NodeId destination = truth_.nodes()[d].id;
    for (const ClassGroup group : wire::kAllClassGroups) {
      const auto nearest = truth_.nearest(d, group, policy_);
      for (std::size_t n = 0; n < hosts_.size(); ++n) {
        if (n == d) continue;
        const auto route = hosts_[n].core->selected(destination, group);
        const RouteMetric taken = route ? route->distance.metric : routes::kUnreachable;
        if (taken != nearest[n])
          return violate("node " + std::to_string(n) + " is " + std::to_string(taken) +
                         " from node " + std::to_string(d) + " for " +
                         std::string(wire::to_string(group)) + ", the nearest way is " +
                         std::to_string(nearest[n]));
      }
    }
  }
}

void RouteWorld::check_leaves() {
  for (std::size_t n = 0; n < hosts_.size(); ++n) {
    const Host& host = hosts_[n];
    if (!host.core) continue;
    if (truth_.nodes()[n].relay) {
      result_.relay_memory = std::max(result_.relay_memory, host.core->bytes());
      continue;
    }
    const std::size_t known = host.core->destinations();
    if (known > truth_.nodes()[n].pool.size())
      violate("leaf " + std::to_string(n) + " knows more than its pools");
    result_.leaf_destinations = std::max(result_.leaf_destinations, known);
    result_.leaf_memory = std::max(result_.leaf_memory, host.core->bytes());
    result_.leaf_traffic = std::max(result_.leaf_traffic, host.received);
  }
}

}  // namespace rap::sim
