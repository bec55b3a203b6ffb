// The roles of people (OR-1) and of nodes. Each list of names below is the only one: what the API
// takes, the command line offers and the database's constraints allow is compared with it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/name_table.hpp"

namespace rap::policy {

enum class PlatformRole : std::uint8_t { none, platform_admin, platform_owner };
enum class OrganizationRole : std::uint8_t {
  none,  // not a member; nobody is given it
  organization_user,
  organization_admin,
  organization_owner,
};
enum class NodeRole : std::uint8_t { entry, relay, egress };

inline constexpr std::array<std::string_view, 3> kPlatformRoleNames = {"none", "platform_admin",
                                                                       "platform_owner"};
inline constexpr std::array<std::string_view, 4> kOrganizationRoleNames = {
    "none", "organization_user", "organization_admin", "organization_owner"};
inline constexpr std::array<std::string_view, 3> kNodeRoleNames = {"entry", "relay", "egress"};

// The roles that a membership may have.
inline constexpr std::span<const std::string_view> kMemberRoleNames =
    std::span(kOrganizationRoleNames).subspan<1>();

constexpr std::string_view to_string(PlatformRole r) { return name_in(kPlatformRoleNames, r); }
constexpr std::string_view to_string(OrganizationRole r) {
  return name_in(kOrganizationRoleNames, r);
}
constexpr std::string_view to_string(NodeRole r) { return name_in(kNodeRoleNames, r); }

constexpr std::optional<PlatformRole> platform_role_from(std::string_view name) {
  return value_in<PlatformRole>(kPlatformRoleNames, name);
}
// A role of a membership: `none` is not among them.
constexpr std::optional<OrganizationRole> organization_role_from(std::string_view name) {
  const auto role = value_in<OrganizationRole>(kOrganizationRoleNames, name);
  return role == OrganizationRole::none ? std::nullopt : role;
}
constexpr std::optional<NodeRole> node_role_from(std::string_view name) {
  return value_in<NodeRole>(kNodeRoleNames, name);
}

}  // namespace rap::policy
