// Is there a path from a leaf to one of our roots (RFC 5280 §6)? OpenSSL's strict profile, and the
// rules of a private fabric on top: only the self-signed roots given here are anchors, every key is
// P-256 or Ed25519, every serial positive and at most 20 octets, every constraint critical.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "crypto/x509/certificate.hpp"

namespace rap::crypto {

inline constexpr std::size_t kMaxPresentedCertificates = 8;
inline constexpr int kMaxIntermediates = 3;

// One reason a check failed. The path checks run first, then those of the identity, then the deny
// list.
enum class CertificateFault : std::uint8_t {
  no_certificate,  // none was shown where one must be, by the peer or by us
  bad_chain,  // no path from the leaf to a root, or a certificate in it breaks a rule
  unknown_root,  // a path, but to a root that is not trusted here
  expired,  // the leaf or one of its issuers, from the second of notAfter on
  not_yet_valid,
  wrong_key_usage,  // the leaf is a CA's, or lacks digitalSignature or the EKU for its side
  no_identity,  // the SAN is not exactly one URI that is a SPIFFE ID of our trust domain
  wrong_kind,  // a node where the control plane was expected, say
  wrong_cluster,
  wrong_name,  // it does not speak for the host that was dialled
  wrong_member,  // of the right kind, and another than the one that was meant
  bad_status,  // must-staple without a staple, or with one that does not make it good
  status_revoked,  // its issuer says so in the staple
  revoked,  // it verifies, and a deny list names its node, a certificate of its path, or a key
};
inline constexpr std::size_t kCertificateFaults =
    static_cast<std::size_t>(CertificateFault::revoked) + 1;
std::string_view to_string(CertificateFault fault);

enum class PeerSide : std::uint8_t { server, client };  // the side decides which EKU the leaf needs

using CertificatePath = std::vector<Certificate>;  // the leaf first, the root last

// Verifies the path from `leaf` at time `now` to one of `roots`, with `presented` as untrusted
// intermediates: it may hold them in any order, repeat the leaf, and contain strangers. Says
// nothing about names.
std::expected<CertificatePath, CertificateFault> verify_chain(
    const Certificate& leaf, const std::vector<Certificate>& presented,
    const std::vector<Certificate>& roots, PeerSide side, WallTime now);

// verify_chain, and what a leaf of ours must be: not a CA, with a critical key usage that
// allows signatures and no issuing, and the EKU of its side.
std::expected<CertificatePath, CertificateFault> verify_path(
    const Certificate& leaf, const std::vector<Certificate>& presented,
    const std::vector<Certificate>& roots, PeerSide side, WallTime now);

}  // namespace rap::crypto
