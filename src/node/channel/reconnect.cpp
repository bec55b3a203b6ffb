#include "node/channel/reconnect.hpp"

#include <algorithm>
#include <utility>

#include "base/backoff.hpp"

namespace rap::channel {
namespace {

bool may_dial(const Context& context) {
  return !context.draining && context.authority != ConfigAuthority::expired;
}

}  // namespace

bool Reconnector::wanted(const Peer& peer, const PeerRule& rule) {
  return rule.dial && !rule.draining && !rule.endpoints.empty() && !peer.stopped && !peer.engaged;
}

void Reconnector::context_changed(MonoTime now, const Context& context, RandomSource& rng) {
  std::erase_if(peers_, [&](const auto& entry) {
    const PeerRule* rule = context.find(entry.first);
    return (rule == nullptr || !rule->dial) && !entry.second.engaged;
  });
  for (const PeerRule& rule : context.peers) {
    if (!rule.dial) continue;
    const auto [it, added] = peers_.try_emplace(rule.node);
    Peer& peer = it->second;
    if (added) take_up(peer, rule);
    const bool back = std::exchange(peer.was_draining, rule.draining) && !rule.draining;
    if (!added && !peer.stopped && !back) continue;
    peer.stopped = false;
    peer.next_at = now;
    if (rule.bootstrap && !added) {
      peer.next_at += full_jitter(kBootstrapRetryFirst, kBootstrapRetryCap, 0, rng);
    }
  }
}

// The configuration must name the endpoint, too.
void Reconnector::take_up(Peer& peer, const PeerRule& rule) {
  const auto known = recalled_.find(rule.node);
  if (known == recalled_.end()) return;
  const auto it = std::ranges::find(rule.endpoints, known->second.endpoint);
  if (it != rule.endpoints.end()) {
    peer.next_endpoint = static_cast<std::size_t>(it - rule.endpoints.begin());
    peer.recalled_at = known->second.at;
  }
  recalled_.erase(known);
}

std::vector<NodeId> Reconnector::due(MonoTime now, const Context& context) const {
  struct Candidate {
    NodeId node;
    bool bootstrap;
    MonoTime warm;  // the time at which it answered last
  };
  std::vector<Candidate> candidates;
  if (!may_dial(context)) return {};
  for (const PeerRule& rule : context.peers) {
    const auto it = peers_.find(rule.node);
    if (it == peers_.end() || !wanted(it->second, rule) || it->second.next_at > now) continue;
    const Peer& peer = it->second;
    const MonoTime before = peer.recalled_at.value_or(MonoTime::min());
    candidates.push_back({rule.node, rule.bootstrap, peer.established_at.value_or(before)});
  }
  std::ranges::stable_sort(candidates, [](const Candidate& a, const Candidate& b) {
    return a.bootstrap != b.bootstrap ? b.bootstrap : a.warm > b.warm;
  });
  std::vector<NodeId> out;
  out.reserve(candidates.size());
  for (const Candidate& c : candidates) out.push_back(c.node);
  return out;
}

std::optional<MonoTime> Reconnector::next_timeout(const Context& context) const {
  std::optional<MonoTime> next;
  if (!may_dial(context)) return next;
  for (const PeerRule& rule : context.peers) {
    const auto it = peers_.find(rule.node);
    if (it == peers_.end() || !wanted(it->second, rule)) continue;
    next = next ? std::min(*next, it->second.next_at) : it->second.next_at;
  }
  return next;
}

std::size_t Reconnector::begin(NodeId node, std::size_t endpoints) {
  Peer& peer = peers_[node];
  peer.engaged = true;
  peer.alive_since.reset();
  peer.endpoint = peer.next_endpoint++ % std::max<std::size_t>(endpoints, 1);
  return peer.endpoint;
}

void Reconnector::established(NodeId node, MonoTime now) {
  const auto it = peers_.find(node);
  if (it == peers_.end()) return;
  Peer& peer = it->second;
  peer.established_at = peer.alive_since = now;
  peer.good_endpoint = peer.next_endpoint = peer.endpoint;
}

void Reconnector::ended(NodeId node, MonoTime now, FailureReason reason, bool refused_by_peer,
                        const Context& context, RandomSource& rng) {
  const auto it = peers_.find(node);
  if (it == peers_.end()) return;
  Peer& peer = it->second;
  const PeerRule* rule = context.find(node);
  if (rule == nullptr || !rule->dial) {
    peers_.erase(it);
    return;
  }
  const bool was_stable = peer.alive_since && now - *peer.alive_since >= kStableAfter;
  const bool orderly = reason == FailureReason::none || reason == FailureReason::peer_draining;
  if (was_stable) peer.failures = 0;
  peer.engaged = false;
  peer.last_reason = reason;
  peer.stopped = !refused_by_peer && is_denial(reason);
  peer.next_at = now + (rule->bootstrap ? full_jitter(kBootstrapRetryFirst, kBootstrapRetryCap,
                                                      peer.failures, rng)
                                        : full_jitter(kRetryFirst, kRetryCap, peer.failures, rng));
  if (!orderly) ++peer.failures;
  if (peer.exhausted() && !peer.stopped) peer.last_reason = FailureReason::backoff_exhausted;
}

}  // namespace rap::channel
