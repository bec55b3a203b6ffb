// What a configuration must be before this node acts on it (SN-2): signed by a key learnt at
// enrolment, of this cluster, for this node, and not older than one it already had.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "crypto/jws.hpp"

namespace rap::agent {

enum class ConfigFault : std::uint8_t {
  bad_envelope,  // malformed, of another type, or without a trusted signature
  malformed,     // signed, but not a node configuration
  wrong_cluster,
  wrong_node,
  rolled_back,  // below the version floor
};
std::string_view to_string(ConfigFault fault);

struct ConfigRefusal {
  ConfigFault fault;
  std::string detail;
};

struct VerifiedConfig {
  std::uint64_t version = 0;
  std::string json;  // the signed payload, word by word
};

struct ConfigScope {
  std::vector<crypto::VerificationKey> keys;
  ClusterId cluster;
  NodeId node;
};

std::expected<VerifiedConfig, ConfigRefusal> verify_config(std::string_view envelope,
                                                           const ConfigScope& scope,
                                                           std::uint64_t version_floor);

}  // namespace rap::agent
