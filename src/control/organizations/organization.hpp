// Organizations, and who belongs to them.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/http/schema.hpp"
#include "policy/roles.hpp"

namespace rap::control {

struct Organization {
  OrganizationId id;
  std::string name;
  WallTime created_at{};
  bool disabled = false;
};

// What must be gone before an organization is.
struct OrganizationUse {
  std::size_t resources = 0;
  std::size_t egress_pools = 0;
  std::size_t nodes = 0;
};

Fields organization_fields();
nlohmann::json to_json(const Organization& organization);

struct Membership {
  Organization organization;
  policy::OrganizationRole role = policy::OrganizationRole::none;
  bool disabled = false;  // the membership itself: it gives no role
};

struct Member {
  UserId user;
  std::string email;
  policy::OrganizationRole role = policy::OrganizationRole::none;
  WallTime created_at{};
  bool disabled = false;
};

Fields member_fields();
nlohmann::json to_json(const Member& member);

class OrganizationRepository {
 public:
  virtual ~OrganizationRepository() = default;
  virtual bool create(const Organization& organization) = 0;  // false: name taken
  // Lets that cluster serve the organization: its egress pools may be there.
  virtual void add_cluster(OrganizationId organization, ClusterId cluster, WallTime now) = 0;
  // Removed ones are found by nobody; their names are free.
  virtual std::optional<Organization> find(std::string_view key) = 0;
  virtual void rename(OrganizationId organization, std::string_view name) = 0;
  virtual void disable(OrganizationId organization, WallTime now) = 0;
  virtual void enable(OrganizationId organization) = 0;
  virtual OrganizationUse use(OrganizationId organization) = 0;
  // Leaves a tombstone without members.
  virtual void remove(OrganizationId organization, WallTime now) = 0;
  virtual std::vector<Organization> list() = 0;  // those the scope may see
  // None of a member whose membership is disabled.
  virtual policy::OrganizationRole role_of(OrganizationId organization, UserId user) = 0;
  virtual std::vector<Membership> memberships(UserId user) = 0;
  virtual std::vector<Member> members(OrganizationId organization) = 0;
  virtual std::optional<Member> member(OrganizationId organization, std::string_view email) = 0;
  virtual void put_member(OrganizationId organization, UserId user, policy::OrganizationRole role,
                          WallTime now) = 0;
  // Nothing of the organization is theirs, whatever was granted, until it is enabled again.
  virtual void disable_member(OrganizationId organization, UserId user, WallTime now) = 0;
  virtual void enable_member(OrganizationId organization, UserId user) = 0;
  virtual void remove_member(OrganizationId organization, UserId user) = 0;  // and its grants
};

}  // namespace rap::control
