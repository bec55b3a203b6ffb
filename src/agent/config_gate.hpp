// What a configuration must be before this node acts on it (SN-2): signed by a key learnt at
// enrolment, of this cluster, for this node, not older than one it already had, and not expired.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/certificate.hpp"
#include "crypto/jws.hpp"

namespace rap::agent {

enum class ConfigFault : std::uint8_t {
  bad_envelope,  // malformed, of another type, or without a trusted signature
  malformed,     // signed, but not a node configuration
  wrong_cluster,
  wrong_node,
  rolled_back,  // below the version floor
  untrusted_roots,  // it names a root that no root of ours vouched for
  expired,      // issued too long ago: somebody may be keeping newer ones from us
};
std::string_view to_string(ConfigFault fault);

struct ConfigRefusal {
  ConfigFault fault;
  std::string detail;
};

struct VerifiedConfig {
  std::uint64_t version = 0;
  WallTime issued_at{};
  std::chrono::seconds valid_for{};
  std::string json;  // the signed payload, word by word
  bool is_entry = false;  // it meets clients
};

struct ConfigScope {
  std::vector<crypto::VerificationKey> keys;
  ClusterId cluster;
  NodeId node;
  std::vector<crypto::Certificate> roots;  // in force on this node
};

inline bool is_expired(const VerifiedConfig& config, WallTime now) {
  return now >= config.issued_at + config.valid_for;
}

std::expected<VerifiedConfig, ConfigRefusal> verify_config(std::string_view envelope,
                                                           const ConfigScope& scope,
                                                           std::uint64_t version_floor,
                                                           WallTime now);

}  // namespace rap::agent
