// What each node was last given of the configuration, and with which certificate it keeps its
// stream of events: what has to be known to send it the next change unasked.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/keys/digest.hpp"

namespace rap::control {

// A push to thousands of nodes takes no longer.
inline constexpr std::chrono::seconds kOnItsWay{2};

// A configuration that can be built again as long as its version is held.
struct GivenConfig {
  std::uint64_t version = 0;
  WallTime issued_at{};
  crypto::Sha256 sha256{};  // of its text
  bool operator==(const GivenConfig&) const = default;
};

// A node whose stream was opened; its configuration is nullopt before it was given one here.
struct StreamingNode {
  std::string serial;  // of the certificate
  std::optional<GivenConfig> config;
  WallTime awaits_until{};  // its next one is on its way to it until then
};

class GivenConfigs {
 public:
  virtual ~GivenConfigs() = default;
  virtual void stream_opened(NodeId node, const std::string& serial) = 0;
  virtual void given(NodeId node, const GivenConfig& config) = 0;
  virtual std::optional<StreamingNode> find(NodeId node) = 0;
  // Each of these is about to be sent its next one: until it is given one, or then, or none awaits
  // it.
  virtual void await_next(std::span<const NodeId> nodes, WallTime until) = 0;
  virtual void await_nothing() = 0;
};

}  // namespace rap::control
