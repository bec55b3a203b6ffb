// The numbers of destinations: a node counts its own on, and asks for newer ones of others when all
// that it hears of a destination is not feasible (RFC 8966 §2.5, 3.8).
#include <algorithm>

#include "mesh/distance_vector/distance_vector.hpp"

namespace rap::routes {

using wire::kAllClassGroups;
using wire::RouteOrigin;
using wire::SeqnoRequest;

// The node's number becomes greater than `beyond`, which is its own or one that it signed in an
// earlier life: then an epoch begins that has no numbers yet.
void DistanceVector::count_on(OriginNumber beyond) {
  if (!settings_.is_destination) return;
  if (beyond.epoch > own_.number.epoch || beyond.seqno == 0xffff'ffff) {
    own_.number = {beyond.epoch + 1, 1};
  } else {
    own_.number.seqno = std::max(own_.number.seqno, beyond.seqno) + 1;
  }
  own_.signature =
      keys_.sign(wire::origin_statement(settings_.cluster, settings_.self, own_.number));
  may_count_at_ = now_ + kSeqnoSpacing;
  count_at_.reset();
  mark(settings_.self, Urgency::now);
}

// What others say of this node, which may have forgotten it: a clock that was set back has it begin
// with an epoch that is over.
void DistanceVector::hear_of_self(Neighbour& neighbour, const RouteOrigin& origin) {
  if (!settings_.is_destination || origin.number <= own_.number) return;
  if (is_signed(neighbour, settings_.self, origin)) count_on(origin.number);
}

void DistanceVector::answer(NodeId from, Neighbour& neighbour, const SeqnoRequest& request) {
  if (request.destination == settings_.self) {
    if (!settings_.is_destination) return;
    if (request.known.number < own_.number) {
      ++counters_.requests_answered;
      return mark_for(neighbour, settings_.self, Urgency::now, true);
    }
    if (!is_signed(neighbour, settings_.self, request.known)) {
      if (neighbour.bad_signatures > kMaxBadSignatures)
        refuse(from, neighbour, Misconduct::bad_signatures);
      return;
    }
    ++counters_.requests_answered;
    if (request.known.number > own_.number || now_ >= may_count_at_)
      return count_on(request.known.number);
    count_at_ = may_count_at_;
    return;
  }
  const auto at = destinations_.find(request.destination);
  if (!settings_.is_transit || at == destinations_.end()) return;
  if (!policy_.tells(from, request.destination)) return;
  bool newer = false;
  bool older = false;
  for (const ClassGroup group : kAllClassGroups) {
    const auto& selected = at->second.selected(group);
    if (!selected) continue;
    (selected->distance.number > request.known.number ? newer : older) = true;
  }
  if (newer) {
    ++counters_.requests_answered;
    mark_for(neighbour, request.destination, Urgency::now, true);
  }
  if (newer && !older) return;
  // A number that the destination never gave itself would stand in the way of those that it did.
  if (!at->second.knows(request.known.number) &&
      !is_signed(neighbour, request.destination, request.known)) {
    if (neighbour.bad_signatures > kMaxBadSignatures)
      refuse(from, neighbour, Misconduct::bad_signatures);
    return;
  }
  hand_on(from, request, at->second);
}

// A request goes on towards the destination: along the selected routes, else to whoever may know.
void DistanceVector::hand_on(NodeId from, const SeqnoRequest& request, DestinationRoutes& routes) {
  routes.awaited_until = now_ + kAwaited;
  if (request.hop_limit <= 1) return;
  const bool again = routes.handed_on && *routes.handed_on >= request.known.number &&
                     now_ < routes.handed_on_at + kRequestInterval / 2;
  if (again) return;
  routes.handed_on = request.known.number;
  routes.handed_on_at = now_;
  SeqnoRequest next = request;
  --next.hop_limit;
  std::set<NodeId> to;
  for (const ClassGroup group : kAllClassGroups) {
    const auto& selected = routes.selected(group);
    if (selected && selected->next_hop != from) to.insert(selected->next_hop);
  }
  if (to.empty()) {
    for (const NodeId neighbour : routes.hearsay(terms(request.destination))) {
      if (neighbour == from) continue;
      to.insert(neighbour);
      break;
    }
  }
  for (const NodeId neighbour : to) send_request(neighbour, next);
}

void DistanceVector::want(NodeId destination, DestinationRoutes& routes) {
  if (asked_.contains(destination)) return;
  if (asked_.size() >= kMaxAsked) return;  // the destination counts on by itself, only later
  asked_.emplace(destination, Asked{now_, 0});
  ask(destination, routes);
}

void DistanceVector::ask(NodeId destination, DestinationRoutes& routes) {
  Asked& asked = asked_.at(destination);
  asked.again_at = now_ + kRequestInterval * (1 << asked.tries);
  ++asked.tries;
  const RouteOrigin* known = routes.to_exceed();
  if (known == nullptr) return;
  routes.awaited_until = now_ + kAwaited;
  std::size_t asks = 0;
  for (const NodeId neighbour : routes.hearsay(terms(destination))) {
    if (asks++ == kAskedAtOnce) break;
    send_request(neighbour, {destination, *known});
  }
}

void DistanceVector::ask_again() {
  for (auto at = asked_.begin(); at != asked_.end();) {
    auto& [destination, asked] = *at;
    const auto routes = destinations_.find(destination);
    if (routes == destinations_.end() ||
        (asked.again_at <= now_ && asked.tries >= kMaxRequestTries)) {
      at = asked_.erase(at);
      continue;
    }
    if (asked.again_at <= now_) ask(destination, routes->second);
    ++at;
  }
}

void DistanceVector::send_request(NodeId to, const SeqnoRequest& request) {
  const auto at = neighbours_.find(to);
  if (at == neighbours_.end() || at->second.refused) return;
  Neighbour& neighbour = at->second;
  if (neighbour.asking.size() >= kMaxRequestsWaiting) return;
  neighbour.asking.push_back(request);
  neighbour.flush_at = now_;
}

}  // namespace rap::routes
