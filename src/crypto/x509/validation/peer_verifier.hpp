// The verifier decides whether a proven leaf and the chain it came with name a member
// of this cluster (CH-2, scenarios 1–4). Identity is read from the leaf only.
#pragma once

#include <expected>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/x509/certificate.hpp"
#include "crypto/x509/validation/certificate_path.hpp"
#include "crypto/x509/validation/deny_list.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::crypto {

struct VerifiedPeer {
  wire::SpiffeId identity;
  CertificatePath path;
};

// verify_path, then the leaf's one SPIFFE ID. The caller vouches that the peer proved the leaf's
// key (the TLS handshake does); what `presented` holds never becomes an identity.
std::expected<VerifiedPeer, CertificateFault> verify_member(
    const Certificate& leaf, const std::vector<Certificate>& presented,
    const std::vector<Certificate>& roots, PeerSide side, wire::SpiffeId::Kind expected_kind,
    ClusterId cluster, WallTime now);

// verify_member, and nothing of its path is on the deny list (null: there is none).
std::expected<wire::SpiffeId, CertificateFault> verify_peer(
    const Certificate& leaf, const std::vector<Certificate>& presented,
    const std::vector<Certificate>& roots, PeerSide side, wire::SpiffeId::Kind expected_kind,
    ClusterId cluster, WallTime now, const DenyList* deny = nullptr);

}  // namespace rap::crypto
