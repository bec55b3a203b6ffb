// What neighbours are told: what is new to them, soon or at once, and everything now and then.
#include <algorithm>
#include <utility>

#include "mesh/distance_vector/distance_vector.hpp"

namespace rap::routes {

using wire::kAllClassGroups;
using wire::RouteMessage;
using wire::RouteUpdate;

void DistanceVector::mark_for(Neighbour& neighbour, NodeId destination, Urgency urgency,
                              bool even_if_same) {
  Due& due = neighbour.due[destination];
  due.even_if_same = due.even_if_same || even_if_same;
  due.at_once = due.at_once || urgency == Urgency::now;
  MonoTime at = now_;
  if (urgency == Urgency::soon) {
    const auto most = static_cast<std::uint64_t>(kUpdateDelay.count());
    at +=
        neighbour.flush_at ? kUpdateDelay : Duration(static_cast<Duration::rep>(rng_.u64() % most));
  }
  neighbour.flush_at = std::min(neighbour.flush_at.value_or(at), at);
}

void DistanceVector::mark(NodeId destination, Urgency urgency) {
  if (!settings_.is_transit && destination != settings_.self) return;
  for (auto& [id, neighbour] : neighbours_) mark_for(neighbour, destination, urgency, false);
}

void DistanceVector::tell_all_again() {
  for (auto& [id, neighbour] : neighbours_) {
    if (settings_.is_destination) mark_for(neighbour, settings_.self, Urgency::soon, true);
    if (!settings_.is_transit) continue;
    for (const auto& [destination, routes] : destinations_)
      mark_for(neighbour, destination, Urgency::soon, true);
  }
}

std::optional<DistanceVector::Told> DistanceVector::to_tell(NodeId destination, ClassGroup group,
                                                            NodeId neighbour) const {
  if (!policy_.tells(neighbour, destination)) return std::nullopt;
  if (destination == settings_.self) {
    if (!settings_.is_destination) return std::nullopt;
    return Told{{own_.number, 0}, 0, settings_.policy_version};
  }
  if (!settings_.is_transit) return std::nullopt;
  const auto at = destinations_.find(destination);
  if (at == destinations_.end()) return std::nullopt;
  const auto& selected = at->second.selected(group);
  // The way back is no way: whoever leads there is not told of it (RFC 8966 §3.7.4).
  if (!selected || selected->next_hop == neighbour || selected->hops >= wire::kMaxRouteHops)
    return std::nullopt;
  return Told{selected->distance, selected->hops,
              std::min(selected->policy_version, settings_.policy_version)};
}

// One update speaks of both groups when their routes have all but the metric in common.
void DistanceVector::add_updates(NodeId to, Neighbour& neighbour, NodeId destination,
                                 bool even_if_same, std::vector<RouteUpdate>& out) {
  ToldGroups& told = neighbour.told[destination];
  const std::size_t first = out.size();
  for (const ClassGroup group : kAllClassGroups) {
    const auto g = static_cast<std::size_t>(group);
    const auto next = neighbour.refused ? std::nullopt : to_tell(destination, group, to);
    const bool is_new = next != told[g];
    if (!is_new && (!even_if_same || !next)) continue;
    told[g] = next;
    RouteUpdate update;
    update.destination = destination;
    update.metrics[g] = next ? next->distance.metric : kUnreachable;
    if (next) {
      update.hops = next->hops;
      update.policy_version = next->policy_version;
      update.origin = destination == settings_.self
                          ? own_
                          : *destinations_.at(destination).origin(next->distance.number);
    }
    if (out.size() > first) {
      RouteUpdate& other = out.back();
      if (other.origin == update.origin && other.hops == update.hops &&
          other.policy_version == update.policy_version) {
        other.metrics[g] = update.metrics[g];
        continue;
      }
    }
    out.push_back(update);
  }
  if (!told[0] && !told[1]) neighbour.told.erase(destination);
}

// The neighbour is told as much as the pace allows, what cannot wait first. What is left goes out
// in a run, after a pause.
std::vector<RouteUpdate> DistanceVector::updates_for(NodeId to, Neighbour& neighbour) {
  std::vector<RouteUpdate> updates;
  policy::TokenBucket& pace = standing(to).told_updates;
  for (const bool at_once : {true, false}) {
    for (auto due = neighbour.due.begin(); due != neighbour.due.end();) {
      if (due->second.at_once != at_once) {
        ++due;
        continue;
      }
      const policy::RateLimit limit = at_once ? kUpdatesPaced : kUnhurriedPaced;
      if (const auto wait = pace.take(limit, now_, kClassGroups)) {
        const MonoTime at = now_ + (at_once ? *wait : std::max(*wait, kPacedPause));
        neighbour.flush_at = std::min(neighbour.flush_at.value_or(at), at);
        break;
      }
      const std::size_t before = updates.size();
      add_updates(to, neighbour, due->first, due->second.even_if_same, updates);
      for (std::size_t i = updates.size() - before; i < kClassGroups; ++i) pace.give_back(limit);
      due = neighbour.due.erase(due);
    }
  }
  return updates;
}

std::vector<wire::SeqnoRequest> DistanceVector::requests_for(NodeId to, Neighbour& neighbour) {
  policy::TokenBucket& pace = standing(to).told_requests;
  auto& asking = neighbour.asking;
  std::size_t goes = 0;
  while (goes < asking.size()) {
    if (const auto wait = pace.take(kRequestsPaced, now_)) {
      neighbour.flush_at = std::min(neighbour.flush_at.value_or(now_ + *wait), now_ + *wait);
      break;
    }
    ++goes;
  }
  const auto end = asking.begin() + static_cast<std::ptrdiff_t>(goes);
  std::vector<wire::SeqnoRequest> requests(asking.begin(), end);
  asking.erase(asking.begin(), end);
  return requests;
}

void DistanceVector::flush(NodeId to, Neighbour& neighbour) {
  neighbour.flush_at.reset();
  const std::vector<RouteUpdate> updates = updates_for(to, neighbour);
  const std::vector<wire::SeqnoRequest> requests = requests_for(to, neighbour);
  std::size_t u = 0;
  std::size_t r = 0;
  while (u < updates.size() || r < requests.size()) {
    RouteMessage message;
    for (; u < updates.size() && message.updates.size() < RouteMessage::kMaxUpdates; ++u)
      message.updates.push_back(updates[u]);
    for (; r < requests.size() && message.requests.size() < RouteMessage::kMaxRequests; ++r)
      message.requests.push_back(requests[r]);
    counters_.updates_sent += message.updates.size();
    counters_.requests_sent += message.requests.size();
    Bytes payload = message.encode();
    counters_.bytes_sent += payload.size();
    actions_.push_back(action::SendRoutes{to, std::move(payload)});
  }
}

void DistanceVector::flush_due() {
  for (auto& [id, neighbour] : neighbours_) {
    if (neighbour.flush_at && *neighbour.flush_at <= now_) flush(id, neighbour);
  }
}

}  // namespace rap::routes
