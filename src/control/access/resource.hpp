// Resources: named targets behind an egress pool.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/http/schema.hpp"
#include "policy/protocols.hpp"

namespace rap::control {

struct Resource {
  ResourceId id;
  ClusterId cluster;  // its egress pool's
  OrganizationId organization;
  std::string organization_name;
  std::string name;
  policy::Protocol protocol = policy::Protocol::tcp;
  std::string host;
  std::uint16_t port = 0;
  EgressPoolId egress_pool;
  std::string egress_pool_name;
  std::optional<std::string> ssh_host_key;
  WallTime created_at{};
  bool disabled = false;
  bool pool_disabled = false;  // that of the pool; nobody but the organization sees it
};

Fields resource_fields();
// What a client of the resource needs: its organization, and the host key it shows.
Fields open_resource_fields();
nlohmann::json to_json(const Resource& resource);
nlohmann::json to_tenant_json(const Resource& resource);  // what a person who may only use it sees
nlohmann::json to_open_json(const Resource& resource);  // what their client needs besides

// The settings of a resource as members, by the table of policy/protocols.hpp; what it has not is
// left out.
nlohmann::json settings_of(const Resource& resource);
nlohmann::json settings_of(const Resource& resource, policy::ToldTo who);
// The value is one that the schema of the setting lets through; null takes it away.
void set_setting(Resource& resource, policy::ResourceSetting setting, const nlohmann::json& value);
std::optional<std::string> find_setting_fault(const Resource& resource);

class ResourceRepository {
 public:
  virtual ~ResourceRepository() = default;
  virtual bool create(const Resource& resource) = 0;  // false: name taken
  virtual std::optional<Resource> find(OrganizationId organization, std::string_view key) = 0;
  virtual std::vector<Resource> list(OrganizationId organization) = 0;
  virtual std::vector<Resource> list_granted(OrganizationId organization, UserId user) = 0;
  // The resources of that key the user was granted, in any organization.
  virtual std::vector<Resource> find_granted(UserId user, std::string_view key) = 0;
  // All that the user was granted, in every organization.
  virtual std::vector<Resource> all_granted(UserId user) = 0;
  virtual void update(const Resource& resource) = 0;  // all but its id and its organization
  // Nobody reaches it, whatever was granted, until it is enabled again.
  virtual void disable(const Resource& resource, WallTime now) = 0;
  virtual void enable(const Resource& resource) = 0;
  virtual std::vector<std::string> names_behind(EgressPoolId pool) = 0;
  virtual void remove(const Resource& resource) = 0;  // and its grants
  // The values of egress_target_ranges that hold in the cluster, widest first; for the platform.
  virtual std::vector<std::string> target_ranges(ClusterId cluster) = 0;
  virtual std::size_t count(OrganizationId organization) = 0;
  // What the node of the pool is given that is given most: of all pools that it serves, whoever's
  // they are; for the platform.
  virtual std::size_t most_given_behind(EgressPoolId pool) = 0;
};

}  // namespace rap::control
