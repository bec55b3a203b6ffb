// Which nodes may call: what has to be known of a node at each of its calls, and what a node that
// polls is answered from without a transaction of its own. With thousands of nodes, most calls are
// of that kind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "control/nodes/node.hpp"

namespace rap::control {

struct NodeAdmission {
  std::uint64_t config_version = 0;  // the cluster's
  std::uint64_t admissions = 0;      // the cluster's, see ClusterVersions
  std::uint64_t commands_seq = 0;    // of the node's last command
  bool carries_sessions = false;     // as far as was reported
  bool has_certificate = false;      // the one it came with is its own and not revoked
  std::string ca_ref = {};           // under which that was issued
  std::string incarnations = "{}";   // nodes/notices/incarnations.hpp
  WallTime checked_in_at{};
  std::string told_notices = "{}";  // nodes/notices/noticing.hpp
  std::string audited_events = "{}";  // link/security_audit.hpp
};

// A node that calls, and the serial of the certificate it comes with.
struct NodeCredential {
  NodeId node;
  std::string serial;
};

// The newest there is of what nodes poll for.
struct ClusterVersions {
  ClusterId cluster;
  std::uint64_t admissions = 0;  // counts what decides over which node is admitted
  std::uint64_t config_version = 0;
  std::uint64_t epochs = 0;  // numbers of the newest changes of the delta channel
  std::uint64_t blocklist = 0;
  std::uint64_t forgotten = 0;  // the newest removal that is not kept any more
  bool operator==(const ClusterVersions&) const = default;
};

// The last change of one node's admission, by its number among all changes.
struct AdmissionChange {
  NodeId node;
  std::uint64_t number = 0;
};

class AdmissionRepository {
 public:
  virtual ~AdmissionRepository() = default;
  // Judges a call of the node with the certificate of that serial, in one statement. The node comes
  // without roles and without what it last said of itself.
  virtual std::optional<std::pair<Node, NodeAdmission>> admit(NodeId node,
                                                              std::string_view serial) = 0;
  // Says which of these it would admit, by their place, in one statement.
  virtual std::vector<bool> admitted_among(const std::vector<NodeCredential>& callers) = 0;
  virtual std::optional<ClusterVersions> versions() = 0;  // nullopt: there is no cluster
  // Lists each node's last change above `since`, in order.
  virtual std::vector<AdmissionChange> changes(std::uint64_t since, std::size_t limit) = 0;
};

class AdmissionCache {
 public:
  virtual ~AdmissionCache() = default;
  // The versions of a moment ago, for a node that was admitted with this certificate, since when
  // nothing has changed for it. nullopt: ask the database.
  virtual std::optional<ClusterVersions> versions_for(NodeId node, std::string_view serial) = 0;
  // It was admitted in a transaction that saw this count of admissions.
  virtual void remember(NodeId node, std::string_view serial, std::uint64_t admissions) = 0;
};

}  // namespace rap::control
