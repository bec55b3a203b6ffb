// Which roots are in force, as a document that a root itself signed (CH-12). Whoever trusts one of
// the signing roots verifies it and takes over the others: so trust moves from an old root to a new
// one without anybody being asked, and no key that is online can move it.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "crypto/x509/ca.hpp"
#include "crypto/x509/certificate.hpp"

namespace rap::snapshot {

inline constexpr std::string_view kTrustBundleType = "application/vnd.rap.trust-bundle+json";
inline constexpr std::size_t kMaxRoots = 4;
// The bundle that a platform starts with; it is never signed, but pinned.
inline constexpr std::uint64_t kFirstTrustBundle = 1;

struct TrustBundle {
  std::uint64_t version = 0;  // grows with every change
  ClusterId cluster;
  std::vector<crypto::Certificate> roots;  // the one that issues comes first

  std::string pem() const { return crypto::chain_pem(roots); }
};

enum class TrustBundleFault : std::uint8_t {
  bad_envelope,  // malformed, or not signed by a root that is trusted here
  malformed,  // signed, but no trust bundle
  wrong_cluster,
  rolled_back,  // older than the one in force here
};
std::string_view to_string(TrustBundleFault fault);

// Signed by each of these roots' keys.
std::string seal_trust_bundle(const TrustBundle& bundle,
                              const std::vector<crypto::Issuer>& signers);

// Verifies against roots that are trusted already; `floor` is the version in force here, which may
// come again. Without a cluster, any: for who knows the platform by its root alone.
std::expected<TrustBundle, TrustBundleFault> open_trust_bundle(
    std::string_view envelope, std::optional<ClusterId> cluster,
    const std::vector<crypto::Certificate>& trusted, std::uint64_t floor);

// Roots that are trusted, and the version of the bundle that they came with.
struct TrustedRoots {
  std::uint64_t version = kFirstTrustBundle;
  std::vector<crypto::Certificate> roots;
};
// What `held` leads to by these bundles, in their order: each that is newer, of the cluster, and
// signed by a root that is trusted by then takes over; the others are passed over.
inline constexpr std::size_t kMaxBundlesFollowed = 64;
TrustedRoots follow_trust_bundles(TrustedRoots held, std::optional<ClusterId> cluster,
                                  std::span<const std::string> envelopes);

// Are all of these among the trusted ones?
bool are_all_trusted(const std::vector<crypto::Certificate>& roots,
                     const std::vector<crypto::Certificate>& trusted);

}  // namespace rap::snapshot
