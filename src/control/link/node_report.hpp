// What nodes say of themselves: check-ins, and which configuration they use.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/nodes/node.hpp"
#include "wire/agent/security_events.hpp"

namespace rap::control {

// A node uses its configuration of this version.
struct AcknowledgedConfig {
  NodeId node;
  std::uint64_t version = 0;
};

// What is known of those that high-risk events are about.
struct SecuritySubjects {
  struct Resource {
    OrganizationId organization;
    std::string name;
  };
  std::map<ResourceId, Resource> resources;
  std::map<NodeId, std::string> nodes;         // their names
  std::set<OrganizationId> organizations;      // that the cluster serves
};

class NodeReportRepository {
 public:
  virtual ~NodeReportRepository() = default;
  virtual void record_check_in(const Node& node, WallTime now) = 0;
  // Kept with what the node said at its check-in.
  virtual void record_incarnations(NodeId node, std::string_view incarnations) = 0;
  virtual void record_told_notices(NodeId node, std::string_view told) = 0;
  // False: it is not what it was any more. Unlike the rest of a check-in it is on disk when the
  // transaction has committed, and the audit entries with it.
  virtual bool record_audited_events(NodeId node, std::string_view before,
                                     std::string_view after) = 0;
  virtual SecuritySubjects security_subjects(const std::vector<wire::SecurityEvent>& events) = 0;
  // Each node once.
  virtual void record_acks(const std::vector<AcknowledgedConfig>& acks, WallTime now) = 0;
  virtual void record_config_error(NodeId node, std::string_view error, WallTime now) = 0;
};

}  // namespace rap::control
