// The head of the audit chain as it is handed out (SE-2): whoever can write the database can
// compute the chain anew, but not what was signed and taken elsewhere before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/keys/digest.hpp"
#include "crypto/tokens/jws.hpp"

namespace rap::snapshot {

inline constexpr std::string_view kAuditHeadType = "application/vnd.rap.audit-head+json";
inline constexpr std::size_t kMaxAuditHeadBytes = 2048;  // the envelope

struct AuditHead {
  ClusterId cluster;  // whose key signed it
  std::uint64_t seq = 0;
  crypto::Sha256 hash{};
  WallTime at{};  // when it was signed

  bool operator==(const AuditHead&) const = default;
};

struct SealedAuditHead {
  std::uint64_t seq = 0;
  std::string envelope;
};

std::string seal_audit_head(const AuditHead& head, std::string_view kid,
                            const crypto::PrivateKey& key);  // one line of JSON

// nullopt when it is none, or none that one of the keys signed.
std::optional<AuditHead> open_audit_head(std::string_view envelope,
                                         const std::vector<crypto::VerificationKey>& keys);

}  // namespace rap::snapshot
