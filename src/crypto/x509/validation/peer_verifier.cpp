#include "crypto/x509/validation/peer_verifier.hpp"

#include "base/try.hpp"

namespace rap::crypto {

std::expected<VerifiedPeer, CertificateFault> verify_member(
    const Certificate& leaf, const std::vector<Certificate>& presented,
    const std::vector<Certificate>& roots, PeerSide side, wire::SpiffeId::Kind expected_kind,
    ClusterId cluster, WallTime now) {
  auto path = RAP_TRY(verify_path(leaf, presented, roots, side, now));
  const SubjectNames names = leaf.names();
  if (names.has_other || names.uris.size() != 1) {
    return std::unexpected(CertificateFault::no_identity);
  }
  const auto id = wire::SpiffeId::parse(names.uris.front());
  if (!id) return std::unexpected(CertificateFault::no_identity);
  if (id->kind != expected_kind) return std::unexpected(CertificateFault::wrong_kind);
  if (id->cluster != cluster) return std::unexpected(CertificateFault::wrong_cluster);
  return VerifiedPeer{*id, std::move(path)};
}

std::expected<wire::SpiffeId, CertificateFault> verify_peer(
    const Certificate& leaf, const std::vector<Certificate>& presented,
    const std::vector<Certificate>& roots, PeerSide side, wire::SpiffeId::Kind expected_kind,
    ClusterId cluster, WallTime now, const DenyList* deny) {
  const auto peer =
      RAP_TRY(verify_member(leaf, presented, roots, side, expected_kind, cluster, now));
  if (deny != nullptr && denied(*deny, leaf, peer.path, peer.identity)) {
    return std::unexpected(CertificateFault::revoked);
  }
  return peer.identity;
}

}  // namespace rap::crypto
