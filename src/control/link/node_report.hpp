// What nodes say of themselves: check-ins, and which configuration they use.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/nodes/node.hpp"

namespace rap::control {

// A node uses its configuration of this version.
struct AcknowledgedConfig {
  NodeId node;
  std::uint64_t version = 0;
};

class NodeReportRepository {
 public:
  virtual ~NodeReportRepository() = default;
  virtual void record_check_in(const Node& node, WallTime now) = 0;
  // Kept with what the node said at its check-in.
  virtual void record_incarnations(NodeId node, std::string_view incarnations) = 0;
  virtual void record_told_notices(NodeId node, std::string_view told) = 0;
  // Each node once.
  virtual void record_acks(const std::vector<AcknowledgedConfig>& acks, WallTime now) = 0;
  virtual void record_config_error(NodeId node, std::string_view error, WallTime now) = 0;
};

}  // namespace rap::control
