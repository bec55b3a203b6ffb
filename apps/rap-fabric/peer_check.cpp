#include "peer_check.hpp"

#include <algorithm>

namespace rap::fabric {

using channel::FailureReason;

channel::FailureReason reason_of(crypto::CertificateFault fault) {
  using Fault = crypto::CertificateFault;
  switch (fault) {
    case Fault::wrong_cluster: return FailureReason::wrong_cluster;
    case Fault::wrong_kind: return FailureReason::wrong_node;
    default: return FailureReason::certificate_invalid;
  }
}

channel::FailureReason reason_of(const io::StreamError& error) {
  using Kind = io::StreamError::Kind;
  if (error.fault) return reason_of(*error.fault);
  switch (error.kind) {
    case Kind::tls: return FailureReason::tls_handshake_failed;
    case Kind::overflow: return FailureReason::policy_denied;
    case Kind::none:
    case Kind::unreachable:
    case Kind::refused:
    case Kind::timeout:
    case Kind::reset: return FailureReason::network_unreachable;
  }
  return FailureReason::network_unreachable;
}

channel::Verdict PeerCheck::operator()(const io::Stream& stream, bool dialled, WallTime now) const {
  const auto leaf = stream.peer_certificate();
  if (!leaf) return std::unexpected(channel::Refusal{FailureReason::certificate_invalid});
  const auto chain = stream.peer_chain();
  const auto side = dialled ? crypto::PeerSide::server : crypto::PeerSide::client;
  const auto identity =
      crypto::verify_peer(*leaf, chain, roots, side, wire::SpiffeId::Kind::node, cluster, now);
  if (!identity) return std::unexpected(channel::Refusal{reason_of(identity.error())});
  WallTime until = leaf->not_after();
  for (const auto& issuer : chain) until = std::min(until, issuer.not_after());
  return channel::Proof{*identity, until - now};
}

}  // namespace rap::fabric
