#include "node/fabric/channels/channel_context.hpp"

#include <algorithm>

namespace rap::fabric {

channel::ConfigAuthority authority_of(const snapshot::NodeConfig& config,
                                      std::optional<WallTime> away_since, WallTime now) {
  if (to_unix(now) >= config.issued_at + config.valid_for_s)
    return channel::ConfigAuthority::expired;
  if (away_since && now - *away_since >= kControlGrace) return channel::ConfigAuthority::degraded;
  return channel::ConfigAuthority::current;
}

channel::Context context_of(const snapshot::NodeConfig& config,
                            const snapshot::ChannelPolicy& policy,
                            channel::ConfigAuthority authority, MonoTime mono, WallTime wall) {
  channel::Context c;
  c.cluster = config.cluster;
  c.node = config.node;
  c.versions = {config.version, config.peer_directory_version, config.trust_bundle_version,
                config.revocation_version, config.route_epoch};
  c.trust_bundle_floor = config.trust_bundle_floor;
  c.route_epoch_floor = config.route_epoch_floor;
  c.authority = authority;
  c.draining = config.draining;
  if (config.draining && config.drain_deadline > 0) {
    c.drain_by = mono + std::max(std::chrono::seconds{0}, from_unix(config.drain_deadline) - wall);
  }
  c.degraded_classes = policy.degraded_opening.value_or(config.degraded_classes);
  c.degraded_continuing = policy.degraded_continuing;
  c.stale_peer = policy.stale_peer;
  for (const auto& r : config.revocations) {
    if (r.kind != snapshot::RevocationKind::node) continue;
    c.revoked[r.node] = r.severity;
  }
  c.peers.reserve(config.peers.size());
  for (const auto& peer : config.peers) {
    c.peers.push_back({peer.node, peer.classes, peer.dial, peer.endpoints, peer.bootstrap,
                       peer.draining, peer.disabled});
  }
  return c;
}

}  // namespace rap::fabric
