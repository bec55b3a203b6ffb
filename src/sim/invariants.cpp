#include "sim/invariants.hpp"

#include <algorithm>

namespace rap::sim {

using channel::State;

namespace {

constexpr Duration kSlack = 100ms;  // the timer's own lateness, at any rate of the clock

constexpr Duration kClockSlack = 2s;    // the slowest clock loses it in thirty seconds

std::optional<Duration> bound_of(State s) {
  switch (s) {
    case State::connecting:
    case State::handshaking:
    case State::authenticating:
    case State::authorizing: return channel::kEstablishTimeout;
    case State::revalidating: return channel::kRevalidationTimeout;
    case State::draining: return channel::kDrainTimeout;
    case State::closing: return channel::kCloseTimeout;
    default: return std::nullopt;
  }
}

}  // namespace

void Invariants::mix(std::uint64_t value) {
  for (int i = 0; i < 8; ++i) {
    digest_ = (digest_ ^ (value & 0xff)) * 0x100000001b3ULL;
    value >>= 8;
  }
}

void Invariants::mix(const NodeId& node) {
  for (const std::uint8_t b : node.bytes()) digest_ = (digest_ ^ b) * 0x100000001b3ULL;
}

void Invariants::violate(const Node& node, const std::string& what) {
  if (violated_) return;
  violated_ = "after " + std::to_string(schedule_.now() / 1ms) + " ms, node " + node.id().str() +
              ": " + what;
}

void Invariants::payload_accepted(const Node& node, channel::LaneId lane, NodeId from,
                                  wire::TrafficClass c) {
  ++payloads_;
  mix(static_cast<std::uint64_t>(schedule_.now().count()));
  mix(from);
  mix(static_cast<std::uint64_t>(c));
  const std::string what = std::string(wire::to_string(c)) + " payload of " + from.str();
  const auto* channel = node.table().channel_of(lane);
  if (channel == nullptr) return violate(node, what + " on a lane that is over");
  if (!channel->lifecycle.carries_traffic()) {
    return violate(node, what + " on a channel that is " +
                             std::string(channel::to_string(channel->lifecycle.state())));
  }
  if (!node.table().may_carry(lane, c)) return violate(node, what + " in a class it may not carry");
  const auto* rule = node.table().context().find(from);
  const bool leaving = node.table().context().revoked_as(from) == wire::Severity::drain;
  if (!leaving && (rule == nullptr || !rule->classes.contains(c))) {
    return violate(node, what + " that policy does not allow");
  }
  if (node.table().context().authority == channel::ConfigAuthority::expired) {
    return violate(node, what + " under an expired configuration");
  }
  const auto severity = node.view().denials.of(node.proofs().at(lane));
  if (!severity) return;
  const auto told = denied_since_.find({node.id(), lane});
  const Duration since = told == denied_since_.end() ? Duration{0} : told->second;
  const Duration grace = *severity == wire::Severity::drain
                             ? channel::kRevokedDrainTimeout + kClockSlack
                             : Duration{0};
  if (schedule_.now() > since + grace + kRevocationBound) {
    violate(node, what + ", whom it knows to be revoked");
  }
}

void Invariants::dialled(const Node& node, NodeId peer) {
  ++dials_;
  mix(static_cast<std::uint64_t>(schedule_.now().count()));
  mix(peer);
  const auto& context = node.view().context;
  const auto* rule = context.find(peer);
  if (context.draining) return violate(node, "dials while it drains");
  if (rule != nullptr && rule->draining) return violate(node, "dials a peer that drains");
  if (context.authority == channel::ConfigAuthority::expired) {
    return violate(node, "dials under an expired configuration");
  }
}

void Invariants::state_changed(const Node& node, const channel::table_action::StateChanged& t) {
  ++transitions_;
  mix(static_cast<std::uint64_t>(schedule_.now().count()));
  mix(node.id());
  mix(static_cast<std::uint64_t>(t.from) << 16 | static_cast<std::uint64_t>(t.to) << 8 |
      static_cast<std::uint64_t>(t.reason));
  if (channel::is_terminal(t.from)) violate(node, "a channel that had ended moved again");
  const bool named = !t.channel.is_nil();
  if (named && over_.contains({node.id(), t.channel})) {
    violate(node, "a channel id that had ended is in use again");
  }
  if (named && channel::is_terminal(t.to)) over_.insert({node.id(), t.channel});
}

void Invariants::link_up(const Node& node, channel::LaneId lane) {
  const auto* channel = node.table().channel_of(lane);
  if (channel == nullptr) return violate(node, "a link on a lane that is over");
  if (!channel->lifecycle.carries_traffic()) violate(node, "a link before it is established");
}

void Invariants::drained(const Node& node, std::size_t payloads) {
  ++drains_;
  // One that speaks out of turn has only itself to blame.
  if (payloads > 0 && !node.hostile()) violate(node, "drops what it sent before it had drained");
}

void Invariants::stepped(const Node& node) {
  if (violated_) return;
  check_one_channel_a_peer(node);
  check_gates(node);
  check_degraded(node);
  check_stale(node);
  check_bounds(node);
  const auto next = node.table().next_timeout();
  if (next && *next < node.now() - 1s) violate(node, "a timeout it does not act on");
}

void Invariants::check_one_channel_a_peer(const Node& node) {
  std::set<NodeId> live;
  for (const auto& channel : node.table().channels()) {
    const auto& l = channel->lifecycle;
    if (!l.carries_traffic() || l.state() == State::draining) continue;
    if (!live.insert(*l.peer()).second) violate(node, "two live channels with " + l.peer()->str());
  }
}

// What the shell lets pass must be what the table would answer at this instant.
void Invariants::check_gates(const Node& node) {
  for (const auto& [lane, link] : node.links()) {
    for (std::size_t i = 0; i < wire::kTrafficClassCount; ++i) {
      const auto c = static_cast<wire::TrafficClass>(i);
      if (link.classes.contains(c) != node.table().may_carry(lane, c)) {
        return violate(node, "the link with " + link.peer.str() + " and the table differ about " +
                                 std::string(wire::to_string(c)));
      }
    }
  }
}

// Nothing begins without the control plane that policy does not name (CH-14).
void Invariants::check_degraded(const Node& node) {
  const auto& context = node.view().context;
  for (const auto& channel : node.table().channels()) {
    const wire::TrafficClassSet classes = channel->lifecycle.classes();
    const std::pair key{node.id(), channel->interactive};
    if (context.authority == channel::ConfigAuthority::current) current_[key] = classes;
    if (context.authority != channel::ConfigAuthority::degraded) continue;
    const auto before = current_.find(key);
    const auto may = before == current_.end() ? context.degraded_classes
                                              : before->second.join(context.degraded_classes);
    if (!classes.without(may).empty()) violate(node, "takes up a class while it is degraded");
  }
}

// Who is behind takes part for as long as policy says, and begins nothing meanwhile (CH-5).
void Invariants::check_stale(const Node& node) {
  const auto& context = node.table().context();
  for (const auto& channel : node.table().channels()) {
    const channel::Lifecycle& l = channel->lifecycle;
    const std::pair key{node.id(), channel->interactive};
    const bool behind =
        l.carries_traffic() && (l.peer_hello().route_epoch < context.route_epoch_floor ||
                                l.peer_hello().trust_bundle_version < context.trust_bundle_floor);
    // What a revoked peer has under way ends by its own bound.
    if (!behind || context.revoked_as(*l.peer()) == wire::Severity::drain) {
      stale_since_.erase(key);
      continue;
    }
    const MonoTime since = stale_since_.try_emplace(key, node.now()).first->second;
    if (node.now() > since + context.stale_peer + kSlack) {
      violate(node, "goes on with a peer that is behind");
    }
    if (l.takes_new_flows()) violate(node, "takes new flows of a peer that is behind");
  }
}

void Invariants::check_bounds(const Node& node) {
  if (!node.up()) return;
  for (const auto& channel : node.table().channels()) {
    const State s = channel->lifecycle.state();
    auto& since = since_[{node.id(), channel->interactive}];
    if (since.state != s || since.local == MonoTime{}) since = {s, node.now()};
    const auto bound = bound_of(s);
    if (bound && node.now() - since.local > *bound + kSlack) {
      violate(node, "has been " + std::string(channel::to_string(s)) + " for too long");
    }
  }
}

void Invariants::told(const Node& node) {
  for (const auto& [lane, certificate] : node.proofs()) {
    if (node.view().denials.of(certificate)) {
      denied_since_.try_emplace({node.id(), lane}, schedule_.now());
    }
  }
}

void Invariants::crashed(const Node& node) {
  const auto of_it = [&](const auto& entry) { return entry.first.first == node.id(); };
  std::erase_if(since_, of_it);
  std::erase_if(current_, of_it);
  std::erase_if(stale_since_, of_it);
}

}  // namespace rap::sim
