// Values of the registered configuration types (snapshot/values/config_types.hpp), and what nodes
// say of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "snapshot/values/config_types.hpp"

namespace rap::control {

// The type under which a node is given and acknowledges its whole configuration.
inline constexpr std::string_view kNodeConfig = "node_config";

// A value, and of what it is one.
struct ConfigDocument {
  std::string type = {};
  snapshot::Layer layer = snapshot::Layer::platform;
  std::optional<OrganizationId> organization = {};  // of layers organization and service
  std::string organization_name = {};
  std::optional<ResourceId> resource = {};  // of layer service
  std::string resource_name = {};
  std::uint64_t version = 0;
  std::string value = {};  // JSON
  WallTime changed_at{};
  std::string changed_by_email = {};
};

struct StoredVersion {
  std::uint64_t version = 0;
  bool is_new = false;  // there was no value of that type and scope
};

// What a node says it runs with, or could not use.
struct DocumentReport {
  std::string type;
  snapshot::Layer layer = snapshot::Layer::platform;
  std::optional<OrganizationId> organization;
  std::optional<ResourceId> resource;
  std::uint64_t version = 0;
};

// What a node said of one value.
struct DocumentProgress {
  std::uint64_t applied_version = 0;  // 0: none yet
  std::optional<WallTime> applied_at;
  std::string error;  // empty: none since it was applied
};

class ConfigRepository {
 public:
  virtual ~ConfigRepository() = default;
  // Lists what an organization and its resources have, or the platform and the cluster.
  virtual std::vector<ConfigDocument> list(std::optional<OrganizationId> organization) = 0;
  // Lists what the scope sees.
  virtual std::vector<ConfigDocument> list_of_type(std::string_view type) = 0;
  // Finds the organization's own; without an organization the cluster's, or else the platform's.
  virtual std::optional<ConfigDocument> find(std::string_view type,
                                             std::optional<OrganizationId> organization) = 0;
  // A value that nodes are given bumps the configuration's version.
  virtual StoredVersion put(const ConfigDocument& document, UserId by, bool for_nodes) = 0;
  virtual bool remove(const ConfigDocument& document) = 0;  // false: there was none
  virtual std::size_t count_service_documents(OrganizationId organization) = 0;
  // How many nodes are given, of all organizations that the scope sees.
  virtual std::size_t count_organization_documents() = 0;

  // Lists, of what the scope sees, what nodes are given.
  virtual std::vector<ConfigDocument> list_for_nodes() = 0;
  // Nodes that never said anything are left out.
  virtual std::map<NodeId, DocumentProgress> progress_of(const ConfigDocument& document) = 0;
  // An older version than the one recorded changes nothing; what is not there any more, neither.
  virtual void record_applied(NodeId node, const DocumentReport& document, WallTime now) = 0;
  virtual void record_error(NodeId node, const DocumentReport& document, std::string_view error,
                            WallTime now) = 0;
};

}  // namespace rap::control
