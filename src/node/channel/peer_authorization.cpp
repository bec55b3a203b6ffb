#include "node/channel/peer_authorization.hpp"

namespace rap::channel {

FailureReason check_identity(const Context& context, const wire::SpiffeId& identity,
                             const NodeId* expected) {
  if (identity.kind != wire::SpiffeId::Kind::node) return FailureReason::wrong_node;
  if (identity.cluster != context.cluster) return FailureReason::wrong_cluster;
  const NodeId peer = identity.node();
  if (peer == context.node) return FailureReason::wrong_node;
  if (expected != nullptr && peer != *expected) return FailureReason::wrong_node;
  return FailureReason::none;
}

std::expected<wire::TrafficClassSet, FailureReason> authorize_peer(const Context& context,
                                                                   NodeId peer, Stage stage) {
  if (context.authority == ConfigAuthority::expired) {
    return std::unexpected(FailureReason::trust_bundle_stale);
  }
  if (context.revoked.contains(peer)) return std::unexpected(FailureReason::certificate_revoked);
  const PeerRule* rule = context.find(peer);
  if (rule == nullptr) return std::unexpected(FailureReason::policy_denied);
  if (rule->disabled) return std::unexpected(FailureReason::peer_disabled);
  wire::TrafficClassSet classes = rule->classes;
  if (stage == Stage::opening && (context.draining || rule->draining)) {
    return std::unexpected(FailureReason::peer_draining);
  }
  if (context.authority == ConfigAuthority::degraded) {
    classes = classes.intersect(stage == Stage::opening ? context.degraded_classes
                                                        : context.degraded_continuing);
  }
  if (classes.empty()) return std::unexpected(FailureReason::channel_class_denied);
  return classes;
}

std::expected<wire::TrafficClassSet, FailureReason> authorize_hello(const Context& context,
                                                                    NodeId peer, Stage stage,
                                                                    const wire::Hello& hello) {
  if (hello.cluster != context.cluster) return std::unexpected(FailureReason::wrong_cluster);
  if (hello.node != peer) return std::unexpected(FailureReason::wrong_node);
  if (hello.protocol_version != wire::kProtocolVersion) {
    return std::unexpected(FailureReason::policy_denied);
  }
  if (hello.trust_bundle_version < context.trust_bundle_floor) {
    return std::unexpected(FailureReason::trust_bundle_stale);
  }
  if (hello.route_epoch < context.route_epoch_floor) {
    return std::unexpected(FailureReason::route_epoch_stale);
  }
  if (stage == Stage::opening && hello.draining) {
    return std::unexpected(FailureReason::peer_draining);
  }
  const auto ours = authorize_peer(context, peer, stage);
  if (!ours) return ours;
  const auto both = ours->intersect(hello.classes);
  if (both.empty()) return std::unexpected(FailureReason::channel_class_denied);
  return both;
}

}  // namespace rap::channel
