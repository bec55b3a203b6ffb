// Is there a path from a leaf to one of our roots (RFC 5280 §6), with the rules of a private fabric
// on top of OpenSSL's strict profile? Only self-signed roots given here are anchors, a
// leaf is never a CA, states its use, and holds a P-256 or Ed25519 key; every serial is positive.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "crypto/certificate.hpp"

namespace rap::crypto {

inline constexpr std::size_t kMaxPresentedCertificates = 8;
inline constexpr int kMaxIntermediates = 3;

// One reason a check failed. The path checks run first, then those of the identity.
enum class CertificateFault : std::uint8_t {
  no_certificate,
  bad_chain,        // no path from the leaf to a root, or a certificate in it breaks a rule
  unknown_root,     // a path, but to a root that is not trusted here
  expired,          // the leaf or one of its issuers, from the second of notAfter on
  not_yet_valid,
  wrong_key_usage,  // the leaf is a CA's, has a key type we do not accept, or lacks
                    // digitalSignature or the EKU for this direction
  no_identity,      // not exactly one URI SAN that is a SPIFFE ID of our trust domain
  wrong_kind,       // a node where the control plane was expected, or the reverse
  wrong_cluster,
};
std::string_view to_string(CertificateFault fault);

enum class PeerSide : std::uint8_t { server, client };  // which EKU the leaf needs

// Verifies `leaf` at time `now` against `roots`, with `presented` as untrusted intermediates: it may
// hold them in any order, repeat the leaf, and contain strangers. Says nothing about names.
std::expected<void, CertificateFault> verify_path(const Certificate& leaf,
                                                  const std::vector<Certificate>& presented,
                                                  const std::vector<Certificate>& roots,
                                                  PeerSide side, WallTime now);

}  // namespace rap::crypto
