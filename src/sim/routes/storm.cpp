// What goes wrong in a simulated mesh: links, nodes, policy, and what is said.
#include <algorithm>
#include <utility>

#include "sim/routes/local_policy.hpp"
#include "sim/routes/route_world.hpp"

namespace rap::sim {
namespace {

using wire::RouteMessage;
using wire::RouteUpdate;

constexpr std::uint32_t kUsual = 1000;  // permille
constexpr std::uint64_t kClockSetBack = 100'000;

}  // namespace

void RouteWorld::something_happens() {
  if (!storm_ || plan_.mishaps == Duration{0}) return;
  break_something();
  schedule_.after(within(plan_.mishaps * 2), [this] { something_happens(); });
}

void RouteWorld::break_something() {
  const std::size_t l = below(wires_.size());
  const std::size_t end = below(2);
  const std::size_t n = below(hosts_.size());
  switch (below(9)) {
    case 0:  // one way, both ways, for a while or until all heals
      block(l, end, true);
      return schedule_.after(within(6s), [this, l, end] { block(l, end, false); });
    case 1:
      block(l, 0, true);
      block(l, 1, true);
      return schedule_.after(within(20s), [this, l] {
        block(l, 0, false);
        block(l, 1, false);
      });
    case 2: return end_session(l, end);
    case 3:
      wires_[l].from[end].clog = within(3s);
      return schedule_.after(within(10s), [this, l, end] { wires_[l].from[end].clog = {}; });
    case 4: return remeasure(l, static_cast<std::uint32_t>(kUsual / 4 + below(8 * kUsual)));
    case 5: {
      if (!hosts_[n].core) return;
      stop(n);
      // A third of the clocks are set back meanwhile.
      std::uint64_t& epoch = hosts_[n].starts_at;
      epoch = below(3) == 0 ? epoch - std::min(epoch - 1, below(kClockSetBack)) : epoch + 1;
      return schedule_.after(within(10s), [this, n] {
        if (!hosts_[n].core) start(n);
      });
    }
    case 6: part(true); return schedule_.after(within(8s), [this] { part(false); });
    case 7: return change_policy();
    default:
      if (!plan_.liars || !truth_.nodes()[n].relay || !hosts_[n].core) return;
      hosts_[n].lie = below(2) == 0 ? Lie::metrics : Lie::origins;
      hosts_[n].lied = true;
      return;
  }
}

void RouteWorld::block(std::size_t l, std::size_t end, bool blocked) {
  Direction& way = wires_[l].from[end];
  if (way.blocked == blocked) return;
  way.blocked = blocked;
  if (blocked) {
    watch(l, 0);
    return watch(l, 1);
  }
  // What was sent meanwhile arrives at last, as it does over TCP.
  for (Held& message : std::exchange(way.held, {})) transmit(l, end, std::move(message));
}

// The mesh falls into two halves, or grows together.
void RouteWorld::part(bool parted) {
  for (std::size_t l = 0; l < wires_.size(); ++l) {
    const auto& ends = truth_.links()[l].ends;
    const bool left = truth_.nodes()[ends[0]].x < 0.5;
    if (left == (truth_.nodes()[ends[1]].x < 0.5)) continue;
    block(l, 0, parted);
    block(l, 1, parted);
  }
}

void RouteWorld::change_policy() {
  ++policy_;
  for (std::size_t n = 0; n < hosts_.size(); ++n) {
    schedule_.after(within(2s), [this, n, version = policy_] {
      Host& host = hosts_[n];
      if (host.policy->version >= version) return;
      host.policy->version = version;
      drive(n, routes::event::RoutePolicyChanged{version, version > 2 ? version - 2 : 0});
    });
  }
}

void RouteWorld::remeasure(std::size_t l, std::uint32_t factor_permille) {
  MeshLink& link = truth_.links()[l];
  truth_.remeasure(link, rng_, factor_permille);
  if (plan_.planted == PlantedRoute::never_measures) return;
  for (std::size_t end = 0; end < 2; ++end) {
    if (wires_[l].from[end].session == 0) continue;
    drive(link.ends[end],
          routes::event::CostsMeasured{truth_.nodes()[link.ends[1 - end]].id, link.costs});
  }
}

// What a liar makes of its own message: it is near to everything, or others are what they are not.
Bytes RouteWorld::lied(std::size_t n, Bytes payload) {
  auto message = RouteMessage::decode(payload);
  if (!message) return payload;
  ++result_.lies;
  const auto& all = truth_.destinations();
  const NodeId victim = truth_.nodes()[all[below(all.size())]].id;
  RouteUpdate lie;
  lie.destination = victim;
  lie.hops = 1;
  lie.metrics = {1, 1};
  lie.policy_version = policy_;
  if (hosts_[n].lie == Lie::metrics) {
    for (RouteUpdate& update : message->updates) {
      if (!update.reaches()) continue;
      overheard_[update.destination] = update.origin;
      update.hops = 1;
      for (auto& metric : update.metrics) {
        if (metric) metric = 1;
      }
    }
    const auto heard = overheard_.find(victim);
    if (heard == overheard_.end()) return message->encode();
    lie.origin = heard->second;
  } else {
    lie.origin.number = {hosts_[n].starts_at + kClockSetBack * 10, 1};
    lie.origin.signature.fill(static_cast<std::uint8_t>(below(256)));
  }
  if (message->updates.size() < RouteMessage::kMaxUpdates) message->updates.push_back(lie);
  return message->encode();
}

// Everything works again; whoever lied has been taken out and begins anew.
void RouteWorld::heal() {
  storm_ = false;
  healed_at_ = schedule_.now();
  for (std::size_t l = 0; l < wires_.size(); ++l) {
    for (std::size_t end = 0; end < 2; ++end) {
      wires_[l].from[end].clog = {};
      block(l, end, false);
    }
  }
  for (const MeshLink& link : truth_.links()) {
    for (std::size_t end = 0; end < 2; ++end)
      drive(link.ends[end],
            routes::event::NeighbourPardoned{truth_.nodes()[link.ends[1 - end]].id});
  }
  for (std::size_t n = 0; n < hosts_.size(); ++n) {
    if (hosts_[n].lie != Lie::none) stop(n);
    if (!hosts_[n].core) start(n);
    if (hosts_[n].policy->version == policy_) continue;
    hosts_[n].policy->version = policy_;
    drive(n, routes::event::RoutePolicyChanged{policy_, policy_ - 1});
  }
}

}  // namespace rap::sim
