// What neighbours say, and whether it is believed: each has its share, signatures have a budget of
// the node's, and what is beyond them waits. Whoever says what nobody may is refused for a while.
#include <algorithm>
#include <utility>

#include "mesh/distance_vector/distance_vector.hpp"

namespace rap::routes {

using wire::kAllClassGroups;

void DistanceVector::on(const event::RoutesReceived& e) {
  const auto at = neighbours_.find(e.neighbour);
  if (at == neighbours_.end() || at->second.refused) return;
  Neighbour& neighbour = at->second;
  const auto message = wire::RouteMessage::decode(e.payload);
  if (!message) return refuse(e.neighbour, neighbour, Misconduct::malformed);
  std::ranges::copy(message->updates, std::back_inserter(neighbour.updates_held));
  std::ranges::copy(message->requests, std::back_inserter(neighbour.requests_held));
  if (!std::exchange(neighbour.in_turn, true)) turns_.push_back(e.neighbour);
  judge_held();
  if (neighbour.updates_held.size() > kMaxUpdatesHeld ||
      neighbour.requests_held.size() > kMaxRequestsHeld)
    refuse(e.neighbour, neighbour, Misconduct::flood);
}

void DistanceVector::on(const event::NeighbourPardoned& e) {
  standings_.erase(e.neighbour);
  const auto at = neighbours_.find(e.neighbour);
  if (at != neighbours_.end() && at->second.refused) believe_again(at->second);
}

// One neighbour after the other, each until a signature of it was verified: the budget for these is
// spent on all alike, and whoever has to wait keeps its place.
void DistanceVector::judge_held() {
  std::deque<NodeId> waiting;
  judge_at_.reset();
  while (!turns_.empty()) {
    const NodeId id = turns_.front();
    turns_.pop_front();
    Neighbour& neighbour = neighbours_.at(id);
    if (const auto wait = judge_some(id, neighbour)) {
      waiting.push_back(id);
      judge_at_ = std::min(judge_at_.value_or(now_ + *wait), now_ + *wait);
    } else if (!neighbour.updates_held.empty() || !neighbour.requests_held.empty()) {
      turns_.push_back(id);
    } else {
      neighbour.in_turn = false;
    }
  }
  turns_ = std::move(waiting);
}

// nullopt: its turn is over. Else: how long what is held has to wait.
std::optional<Duration> DistanceVector::judge_some(NodeId from, Neighbour& neighbour) {
  verified_now_ = false;
  Standing& of = standing(from);
  while (!neighbour.updates_held.empty() || !neighbour.requests_held.empty()) {
    const bool is_update = !neighbour.updates_held.empty();
    if (!neighbour.first_is_paid) {
      const auto wait =
          is_update ? of.updates.take(kUpdatesTaken, now_) : of.requests.take(kRequestsTaken, now_);
      if (wait) return wait;
      neighbour.first_is_paid = true;
    }
    const Heard heard = is_update ? take(from, neighbour, neighbour.updates_held.front())
                                  : answer(from, neighbour, neighbour.requests_held.front());
    if (neighbour.refused) return std::nullopt;
    if (heard == Heard::held) return verified_in_;
    neighbour.first_is_paid = false;
    if (is_update) {
      neighbour.updates_held.pop_front();
    } else {
      neighbour.requests_held.pop_front();
    }
    if (verified_now_) return std::nullopt;
  }
  return std::nullopt;
}

// The destination alone is no hop away from itself.
bool DistanceVector::is_credible(NodeId from, const wire::RouteUpdate& update) const {
  if (!policy_.accepts(from, update.destination)) return false;
  return !update.reaches() || (update.hops == 0) == (from == update.destination);
}

// Comes after all that costs nothing: policy, bounds, and whether the number is known already.
DistanceVector::Origin DistanceVector::verify(NodeId from, Neighbour& neighbour, NodeId destination,
                                              const wire::RouteOrigin& origin) {
  if (const auto wait = verifications_.take(kSignaturesVerified, now_)) {
    verified_in_ = *wait;
    return Origin::not_verified_yet;
  }
  const Bytes statement = wire::origin_statement(settings_.cluster, destination, origin.number);
  switch (keys_.verify(destination, statement, origin.signature)) {
    case Verified::good: verified_now_ = true; return Origin::good;
    case Verified::no_key:
      verifications_.give_back(kSignaturesVerified);
      ++counters_.unknown_keys;
      return Origin::not_believed;
    case Verified::wrong: break;
  }
  verified_now_ = true;
  ++counters_.bad_signatures;
  if (standing(from).bad_signatures.take(kBadSignatures, now_))
    refuse(from, neighbour, Misconduct::bad_signatures);
  return Origin::not_believed;
}

DistanceVector::Heard DistanceVector::take(NodeId from, Neighbour& neighbour,
                                           const wire::RouteUpdate& update) {
  if (update.destination == settings_.self)
    return update.reaches() ? hear_of_self(from, neighbour, update.origin) : Heard::judged;
  if (!is_credible(from, update)) {
    ++counters_.updates_ignored;
    return Heard::judged;
  }
  auto at = destinations_.find(update.destination);
  const bool known = at != destinations_.end();
  const bool no_room = !known && destinations_.size() >= kMaxDestinations;
  if ((!known && !update.reaches()) || no_room) {
    counters_.updates_ignored += no_room ? 1 : 0;
    return Heard::judged;
  }
  const auto oldest = known ? at->second.oldest_of_use() : std::nullopt;
  const bool matters = update.reaches() && !(oldest && update.origin.number < *oldest) &&
                       !(known && at->second.knows(update.origin.number));
  if (matters) {
    switch (verify(from, neighbour, update.destination, update.origin)) {
      case Origin::not_verified_yet: return Heard::held;
      case Origin::not_believed: return Heard::judged;
      case Origin::good: break;
    }
    if (!known) at = destinations_.try_emplace(update.destination).first;
    at->second.keep(update.origin);
  }
  learn(from, update, at->second);
  return Heard::judged;
}

void DistanceVector::learn(NodeId from, const wire::RouteUpdate& update,
                           DestinationRoutes& routes) {
  ++counters_.updates_taken;
  for (const ClassGroup group : kAllClassGroups) {
    const auto& metric = update.metrics[static_cast<std::size_t>(group)];
    if (!metric) continue;
    routes.learn(
        from, group,
        {update.origin.number, *metric, update.hops, update.policy_version, now_ + kRouteLifetime});
  }
  reselect(update.destination, routes);
}

void DistanceVector::refuse(NodeId from, Neighbour& neighbour, Misconduct why) {
  Standing& of = standing(from);
  const Duration how_long =
      std::min(kRefusedFor * (1 << std::min(of.refusals, 7U)), kMaxRefusedFor);
  ++of.refusals;
  of.refused_until = now_ + how_long;
  ++counters_.refusals;
  neighbour.refused = true;
  neighbour.updates_held.clear();
  neighbour.requests_held.clear();
  neighbour.first_is_paid = false;
  neighbour.asking.clear();
  neighbour.due.clear();
  actions_.push_back(action::RefuseNeighbour{from, why, how_long});
  for (const auto& [destination, groups] : neighbour.told)
    mark_for(neighbour, destination, Urgency::now, false);
  for (auto& [id, routes] : destinations_) {
    if (routes.forget(from)) reselect(id, routes);
  }
}

void DistanceVector::believe_again(Neighbour& neighbour) {
  neighbour.refused = false;
  if (settings_.is_destination) mark_for(neighbour, settings_.self, Urgency::soon, false);
  if (!settings_.is_transit) return;
  for (const auto& [destination, routes] : destinations_)
    mark_for(neighbour, destination, Urgency::soon, false);
}

// Those of neighbours that are up are no more than kMaxNeighbours; of the others one makes way that
// has nothing against it, else the one that would be believed again first.
DistanceVector::Standing& DistanceVector::standing(NodeId node) {
  const auto at = standings_.find(node);
  if (at != standings_.end()) return at->second;
  if (standings_.size() >= kMaxStandings) {
    auto out = standings_.end();
    for (auto other = standings_.begin(); other != standings_.end(); ++other) {
      if (neighbours_.contains(other->first)) continue;
      if (out == standings_.end() || other->second.refused_until < out->second.refused_until)
        out = other;
    }
    if (out != standings_.end()) standings_.erase(out);
  }
  return standings_[node];
}

void DistanceVector::forget_standings() {
  for (auto& [id, neighbour] : neighbours_) {
    if (neighbour.refused && standing(id).refused_until <= now_) believe_again(neighbour);
  }
  std::erase_if(standings_, [this](const auto& row) {
    const auto& [id, of] = row;
    if (of.refusals > 0 && now_ < of.refused_until + kRefusalForgotten) return false;
    return !neighbours_.contains(id) && of.updates.is_full(now_) && of.requests.is_full(now_) &&
           of.told_updates.is_full(now_) && of.told_requests.is_full(now_) &&
           of.bad_signatures.is_full(now_);
  });
}

}  // namespace rap::routes
