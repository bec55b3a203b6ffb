#include "node/fabric/channels/peer_check.hpp"

#include <algorithm>

namespace rap::fabric {

using channel::FailureReason;

channel::FailureReason reason_of(crypto::CertificateFault fault) {
  using Fault = crypto::CertificateFault;
  switch (fault) {
    case Fault::wrong_cluster: return FailureReason::wrong_cluster;
    case Fault::wrong_kind: return FailureReason::wrong_node;
    case Fault::status_revoked:
    case Fault::revoked: return FailureReason::certificate_revoked;
    default: return FailureReason::certificate_invalid;
  }
}

channel::FailureReason reason_of(const io::StreamError& error) {
  using Kind = io::StreamError::Kind;
  if (error.fault) return reason_of(*error.fault);
  switch (error.kind) {
    case Kind::tls: return FailureReason::tls_handshake_failed;
    case Kind::flood:
    case Kind::overflow: return FailureReason::policy_denied;
    case Kind::none:
    case Kind::unreachable:
    case Kind::refused:
    case Kind::denied:
    case Kind::busy:
    case Kind::timeout:
    case Kind::reset: return FailureReason::network_unreachable;
  }
  return FailureReason::network_unreachable;
}

std::optional<channel::Verdict> PeerCheck::reauthentication(io::Stream& stream, ByteView payload,
                                                            WallTime now) const {
  const auto proven = stream.accept_proof(payload, roots, deny.get(), now);
  if (!proven && proven.error() == crypto::CertificateFault::no_certificate) return std::nullopt;
  return (*this)(stream, now);
}

channel::Verdict PeerCheck::operator()(io::Stream& stream, WallTime now) const {
  const auto identity = stream.verify_again(roots, deny.get(), now);
  if (!identity) {
    channel::Refusal refusal{reason_of(identity.error())};
    if (deny && stream.denied_by(*deny) == wire::Severity::drain) {
      refusal.severity = wire::Severity::drain;
    }
    return std::unexpected(refusal);
  }
  WallTime until = stream.peer_not_after().value_or(now);
  for (const auto& issuer : stream.peer_chain()) until = std::min(until, issuer.not_after());
  return channel::Proof{*identity, until - now};
}

}  // namespace rap::fabric
