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

// Another life of this node signed that number, or a copy of it that lives now and goes beyond this
// one's as soon as it hears of it: neither goes on so for ever.
void DistanceVector::exceed(OriginNumber number) {
  if (number <= own_.number) return;
  if (now_ < may_exceed_at_) {
    to_exceed_ = std::max(to_exceed_.value_or(number), number);
    return;
  }
  const bool anew = exceed_pause_ == 0s || now_ >= exceeded_at_ + kExceedForgotten;
  exceed_pause_ = anew ? kExceedPause : std::min(2 * exceed_pause_, kMaxExceedPause);
  exceeded_at_ = now_;
  may_exceed_at_ = now_ + exceed_pause_;
  ++counters_.exceeded;
  count_on(number);
}

// What others say of this node, which may have forgotten it: a clock that was set back has it begin
// with an epoch that is over.
DistanceVector::Heard DistanceVector::hear_of_self(NodeId from, Neighbour& neighbour,
                                                   const RouteOrigin& origin) {
  if (!settings_.is_destination || origin.number <= own_.number) return Heard::judged;
  if (to_exceed_ && origin.number <= *to_exceed_) return Heard::judged;
  const Origin is = verify(from, neighbour, settings_.self, origin);
  if (is == Origin::good) exceed(origin.number);
  return is == Origin::not_verified_yet ? Heard::held : Heard::judged;
}

DistanceVector::Heard DistanceVector::answer_of_self(NodeId from, Neighbour& neighbour,
                                                     const SeqnoRequest& request) {
  if (!settings_.is_destination) return Heard::judged;
  const OriginNumber number = request.known.number;
  if (number < own_.number) {
    ++counters_.requests_answered;
    mark_for(neighbour, settings_.self, Urgency::now, true);
    return Heard::judged;
  }
  if (request.known != own_) {
    const Origin is = verify(from, neighbour, settings_.self, request.known);
    if (is == Origin::not_verified_yet) return Heard::held;
    if (is != Origin::good) return Heard::judged;
  }
  ++counters_.requests_answered;
  if (number > own_.number) {
    exceed(number);
  } else if (now_ >= may_count_at_) {
    count_on(number);
  } else {
    count_at_ = may_count_at_;
  }
  return Heard::judged;
}

DistanceVector::Heard DistanceVector::answer(NodeId from, Neighbour& neighbour,
                                             const SeqnoRequest& request) {
  if (request.destination == settings_.self) return answer_of_self(from, neighbour, request);
  const auto at = destinations_.find(request.destination);
  if (!settings_.is_transit || at == destinations_.end()) return Heard::judged;
  if (!policy_.tells(from, request.destination)) return Heard::judged;
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
    if (!older) return Heard::judged;
  }
  // A number that the destination never gave itself would stand in the way of those that it did,
  // and a signature that it never made would count against this node.
  SeqnoRequest next = request;
  if (const RouteOrigin* kept = at->second.origin(request.known.number)) {
    next.known = *kept;
  } else {
    const Origin is = verify(from, neighbour, request.destination, request.known);
    if (is == Origin::not_verified_yet) return Heard::held;
    if (is != Origin::good) return Heard::judged;
  }
  hand_on(from, next, at->second);
  return Heard::judged;
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
  if (const auto at = asked_.find(destination); at != asked_.end()) {
    at->second.wanted = true;
    return;
  }
  if (asked_.size() >= kMaxAsked) return;  // the destination counts on by itself, only later
  asked_.emplace(destination, Asked{.at = now_, .again_at = now_});
  ask(destination, routes);
}

void DistanceVector::ask(NodeId destination, DestinationRoutes& routes) {
  Asked& asked = asked_.at(destination);
  asked.at = now_;
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
    const bool over = !asked.wanted || asked.tries >= kMaxRequestTries;
    if (routes == destinations_.end() || (asked.again_at <= now_ && over)) {
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
  const auto same =
      std::ranges::find(neighbour.asking, request.destination, &SeqnoRequest::destination);
  if (same != neighbour.asking.end()) {
    if (same->known.number <= request.known.number) *same = request;
    return;
  }
  if (neighbour.asking.size() >= kMaxRequestsWaiting) return;
  neighbour.asking.push_back(request);
  neighbour.flush_at = now_;
}

}  // namespace rap::routes
