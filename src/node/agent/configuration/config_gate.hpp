// What a configuration must be before this node acts on it (SN-2): signed by a key learnt at
// enrolment, of this cluster, for this node, not older than one it already had, and not expired.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/keys/digest.hpp"
#include "crypto/tokens/dsse.hpp"
#include "crypto/x509/certificate.hpp"
#include "crypto/x509/validation/deny_list.hpp"
#include "snapshot/configuration/documents.hpp"
#include "wire/json_value.hpp"

namespace rap::agent {

enum class ConfigFault : std::uint8_t {
  bad_envelope,  // malformed, of another type, or without a trusted signature
  malformed,     // signed, but not a node configuration
  wrong_cluster,
  wrong_node,
  rolled_back,  // below the version floor
  fast_forward,  // so far above it that nothing could follow: it would lock this node out
  mix_and_match,  // a document that is not the one its configuration lists
  gap,  // an increment from a configuration that this node has not
  wrong_increment,  // it does not lead to what it says
  untrusted_roots,  // it names a root that no root of ours vouched for
  expired,      // issued too long ago: somebody may be keeping newer ones from us
};
std::string_view to_string(ConfigFault fault);

struct ConfigRefusal {
  ConfigFault fault;
  std::string detail;
};

// How far a version may be above the last one, unless a history begins
// (snapshot/history.hpp). A cluster that changes ten times a second is a day away from it.
inline constexpr std::uint64_t kMaxVersionJump = std::uint64_t{1} << 20;

struct VerifiedConfig {
  std::uint64_t version = 0;
  WallTime issued_at{};
  std::chrono::seconds valid_for{};
  crypto::Sha256 sha256{};  // of the signed payload
  wire::JsonValue value;    // the payload, parsed
  bool is_entry = false;  // it meets clients
  std::vector<snapshot::DocumentRef> documents = {};
  std::shared_ptr<const crypto::DenyList> denied = nullptr;  // never null from verify_config()
};

struct ConfigScope {
  std::vector<crypto::VerificationKey> keys;
  ClusterId cluster;
  NodeId node;
  std::vector<crypto::Certificate> roots;  // in force on this node
  crypto::SignatureCheck check = crypto::verify;
};

inline bool is_expired(const VerifiedConfig& config, WallTime now) {
  return now >= config.issued_at + config.valid_for;
}

std::expected<VerifiedConfig, ConfigRefusal> verify_config(std::string_view envelope,
                                                           const ConfigScope& scope,
                                                           std::uint64_t version_floor,
                                                           WallTime now);

// What an increment makes of the configuration that is in force: verified like one that came whole.
struct GrownConfig {
  VerifiedConfig config;
  std::string payload;
  wire::JsonValue signatures;

  std::string envelope() const;  // as it would have come whole
};
std::expected<GrownConfig, ConfigRefusal> apply_increment(std::string_view increment,
                                                          const VerifiedConfig& base,
                                                          const ConfigScope& scope,
                                                          std::uint64_t version_floor,
                                                          WallTime now);

}  // namespace rap::agent
