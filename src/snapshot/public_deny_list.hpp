// What clients must not believe although it verifies (PK-8): the revoked certificates that they
// could meet, by issuer and serial, and keys. Signed by the intermediate, whom clients verify under
// their own roots, so no key is pinned and none is trusted beyond issuing. An entry is gone when
// its certificate has expired; the list itself expires soon, so that none can be frozen.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/x509/ca.hpp"
#include "crypto/x509/validation/deny_list.hpp"

namespace rap::snapshot {

inline constexpr std::string_view kPublicDenyListType = "application/vnd.rap.deny-list+json";
inline constexpr std::size_t kMaxPublicDenyListBytes = std::size_t{512} * 1024;  // the envelope
// A list may be from a clock that is this much ahead of ours.
inline constexpr std::chrono::seconds kDenyListSkew{300};

struct PublicDenyList {
  std::uint64_t version = 0;  // grows
  ClusterId cluster;
  WallTime issued_at{};
  WallTime expires_at{};
  std::vector<crypto::DenyEntry> entries;  // of certificates and keys; DenyList::kMaxEntries
};

enum class DenyListFault : std::uint8_t {
  wrong_signer,  // no intermediate under a root that is trusted here
  bad_envelope,  // malformed, too large, or not signed by it
  malformed,  // signed, but no deny list
  wrong_cluster,
  rolled_back,  // older than one that was seen
  not_yet_valid,
  expired,
};
std::string_view to_string(DenyListFault fault);

// The JSON of what it denies, without version and times: equal for equal lists.
std::string content_of(const std::vector<crypto::DenyEntry>& entries);

std::string seal_deny_list(const PublicDenyList& list, const crypto::Issuer& intermediate);

struct DenyListTrust {
  std::vector<crypto::Certificate> roots;
  std::optional<ClusterId> cluster = {};  // none: any
  std::uint64_t floor = 0;  // of versions; that one itself may come again
};
std::expected<PublicDenyList, DenyListFault> open_deny_list(std::string_view envelope,
                                                            std::string_view signer_pem,
                                                            const DenyListTrust& trust,
                                                            WallTime now);

}  // namespace rap::snapshot
