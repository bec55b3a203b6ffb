// Who is at the other end? Decides whether a proven leaf and the chain it came with name a member
// of this cluster (CH-2, scenarios 1–3). Identity is read from the leaf only.
#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::crypto {

// One reason a check failed, in the order the checks run.
enum class CertificateFault : std::uint8_t {
  no_certificate,
  bad_chain,        // no path from the leaf to a trusted root
  unknown_root,     // a path, but to a root that is not trusted here
  expired,
  not_yet_valid,
  wrong_key_usage,  // CA-flagged leaf, missing digitalSignature or the EKU for this direction
  no_identity,      // not exactly one URI SAN that is a SPIFFE ID of our trust domain
  wrong_kind,       // a node where the control plane was expected, or the reverse
  wrong_cluster,
};
std::string_view to_string(CertificateFault fault);

enum class PeerSide : std::uint8_t { server, client };  // which EKU the leaf needs

// Verifies `leaf` at time `now` against `roots`, with `presented` as untrusted intermediates.
std::expected<wire::SpiffeId, CertificateFault> verify_peer(
    const Certificate& leaf, const std::vector<Certificate>& presented,
    const std::vector<Certificate>& roots, PeerSide side, wire::SpiffeId::Kind expected_kind,
    ClusterId cluster, WallTime now);

}  // namespace rap::crypto
