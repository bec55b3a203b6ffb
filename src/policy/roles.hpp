// The roles of people (OR-1) and of nodes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rap::policy {

enum class PlatformRole : std::uint8_t { none, platform_admin, platform_owner };
enum class OrganizationRole : std::uint8_t {
  none,
  organization_user,
  organization_admin,
  organization_owner,
};
enum class NodeRole : std::uint8_t { entry, relay, egress };

constexpr std::string_view to_string(PlatformRole r) {
  switch (r) {
    case PlatformRole::none: return "none";
    case PlatformRole::platform_admin: return "platform_admin";
    case PlatformRole::platform_owner: return "platform_owner";
  }
  return "";
}
constexpr std::string_view to_string(OrganizationRole r) {
  switch (r) {
    case OrganizationRole::none: return "none";
    case OrganizationRole::organization_user: return "organization_user";
    case OrganizationRole::organization_admin: return "organization_admin";
    case OrganizationRole::organization_owner: return "organization_owner";
  }
  return "";
}
constexpr std::string_view to_string(NodeRole r) {
  switch (r) {
    case NodeRole::entry: return "entry";
    case NodeRole::relay: return "relay";
    case NodeRole::egress: return "egress";
  }
  return "";
}
constexpr std::optional<PlatformRole> platform_role_from(std::string_view s) {
  for (auto r : {PlatformRole::none, PlatformRole::platform_admin, PlatformRole::platform_owner}) {
    if (to_string(r) == s) return r;
  }
  return std::nullopt;
}
constexpr std::optional<OrganizationRole> organization_role_from(std::string_view s) {
  for (auto r : {OrganizationRole::organization_user, OrganizationRole::organization_admin,
                 OrganizationRole::organization_owner}) {
    if (to_string(r) == s) return r;
  }
  return std::nullopt;
}
constexpr std::optional<NodeRole> node_role_from(std::string_view s) {
  for (auto r : {NodeRole::entry, NodeRole::relay, NodeRole::egress}) {
    if (to_string(r) == s) return r;
  }
  return std::nullopt;
}

}  // namespace rap::policy
