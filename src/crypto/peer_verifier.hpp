// Who is at the other end? Decides whether a proven leaf and the chain it came with name a member
// of this cluster (CH-2, scenarios 1–3). Identity is read from the leaf only.
#pragma once

#include <expected>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "crypto/certificate_path.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::crypto {

// verify_path, then the leaf's one SPIFFE ID. The caller vouches that the peer proved the leaf's
// key (the TLS handshake does); what `presented` holds never becomes an identity.
std::expected<wire::SpiffeId, CertificateFault> verify_peer(
    const Certificate& leaf, const std::vector<Certificate>& presented,
    const std::vector<Certificate>& roots, PeerSide side, wire::SpiffeId::Kind expected_kind,
    ClusterId cluster, WallTime now);

}  // namespace rap::crypto
