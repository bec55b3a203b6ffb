#include "sim/truth.hpp"

#include <algorithm>

namespace rap::sim {

using channel::FailureReason;

std::optional<wire::Severity> Denials::of(const Certificate& c) const {
  std::optional<wire::Severity> worst;
  const auto consider = [&](const auto& table, const auto& key) {
    const auto it = table.find(key);
    if (it != table.end()) worst = worst ? std::max(*worst, it->second) : it->second;
  };
  consider(nodes, c.node);
  consider(serials, c.serial);
  consider(keys, c.key);
  return worst;
}

channel::Verdict verify(const Certificate& peer, const View& view, ClusterId cluster,
                        Duration wall) {
  const auto refuse = [](FailureReason reason, wire::Severity severity) {
    return std::unexpected(channel::Refusal{reason, severity});
  };
  using wire::Severity;
  if (!view.roots.contains(peer.root)) {
    return refuse(FailureReason::certificate_invalid, wire::Severity::close);
  }
  if (wall < peer.not_before || wall >= peer.not_after) {
    return refuse(FailureReason::certificate_invalid, wire::Severity::close);
  }
  if (peer.cluster != cluster) return refuse(FailureReason::wrong_cluster, wire::Severity::close);
  if (const auto severity = view.denials.of(peer)) {
    return refuse(FailureReason::certificate_revoked, *severity);
  }
  return channel::Proof{wire::SpiffeId::of_node(peer.cluster, peer.node), peer.not_after - wall};
}

Truth::Member& Truth::add(bool relay, bool bootstrap) {
  Member m;
  m.id = NodeId::random(rng_);
  m.relay = relay;
  m.bootstrap = bootstrap;
  return members_.emplace_back(m);
}

const Truth::Member& Truth::of(NodeId node) const {
  return *std::ranges::find(members_, node, &Member::id);
}

Certificate Truth::issue(NodeId node, Duration now) {
  Member& member = *std::ranges::find(members_, node, &Member::id);
  member.root = newest_root();
  Certificate c;
  c.cluster = cluster_;
  c.node = node;
  c.serial = next_serial_++;
  c.root = member.root;
  c.key = rng_.u64();
  c.not_before = now - kBackdated;
  c.not_after = now + kCertificateLifetime;
  return c;
}

bool Truth::should_be_connected(const Member& a, const Member& b) const {
  const auto takes_part = [](const Member& m) {
    return !m.draining && !m.revoked && !m.removed && !m.disabled;
  };
  return a.id != b.id && a.relay != b.relay && takes_part(a) && takes_part(b) &&
         !a.classes.intersect(b.classes).empty();
}

View Truth::view_of(NodeId node, Duration now) const {
  const Member& self = of(node);
  View v;
  v.issued = now;
  v.roots = roots_;
  v.denials = denials_;
  channel::Context& c = v.context;
  c.cluster = cluster_;
  c.node = node;
  c.versions = {version_, version_, bundle_version_, revocation_version_, route_epoch_};
  c.trust_bundle_floor = bundle_floor_;
  c.route_epoch_floor = route_epoch_floor_;
  c.authority = channel::ConfigAuthority::current;
  c.draining = self.draining;
  c.stale_peer = stale_peer_;
  c.degraded_classes = wire::TrafficClassSet::all().without({wire::TrafficClass::vpn_packet});
  c.revoked = denials_.nodes;
  for (const Member& other : members_) {
    if (other.id == node || other.relay == self.relay) continue;
    if (other.revoked || other.removed || self.removed) continue;
    channel::PeerRule rule;
    rule.node = other.id;
    rule.classes = self.classes.intersect(other.classes);
    rule.dial = other.relay;
    rule.endpoints = {other.id.str() + ":7443"};
    rule.bootstrap = other.bootstrap;
    rule.draining = other.draining;
    rule.disabled = other.disabled;
    c.peers.push_back(std::move(rule));
  }
  return v;
}

void Truth::revoke(Member& member, wire::Severity severity) {
  member.revoked = true;
  denials_.nodes[member.id] = severity;
  ++revocation_version_;
  changed();
}

void Truth::revoke_certificate(const Certificate& certificate, bool by_key,
                               wire::Severity severity) {
  if (by_key) {
    denials_.keys[certificate.key] = severity;
  } else {
    denials_.serials[certificate.serial] = severity;
  }
  ++revocation_version_;
  changed();
}

void Truth::begin_rotation() {
  roots_.insert(newest_root() + 1);
  ++bundle_version_;
  changed();
}

void Truth::end_rotation() {
  roots_.erase(roots_.begin());
  bundle_floor_ = bundle_version_;
  ++bundle_version_;
  changed();
}

}  // namespace rap::sim
