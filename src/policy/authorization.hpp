// Who may do what (OR-1). Every route of the API names one Access; the decision needs the caller's
// platform role and, for a route below an organization, the caller's role in that organization.
//
// What a caller may not know of is hidden (answered like something that does not exist); what a
// caller knows of but may not do is forbidden.
#pragma once

#include <cstdint>
#include <string_view>

#include "policy/roles.hpp"

namespace rap::policy {

enum class Access : std::uint8_t {
  anyone,                // no bearer needed
  signed_in,             // any person; the handler shows only what is theirs
  platform,              // platform_admin, platform_owner
  platform_owner,        // who may give platform roles away
  organization_member,   // any role in the organization, or platform_owner
  organization_manager,  // organization_admin, organization_owner, or platform_owner
};

enum class Decision : std::uint8_t {
  allow,
  forbidden,  // 403: the caller sees the thing and may not do this to it
  hidden,     // 404: the caller is not to learn whether the thing exists
};

constexpr std::string_view to_string(Access a) {
  switch (a) {
    case Access::anyone: return "anyone";
    case Access::signed_in: return "signed_in";
    case Access::platform: return "platform";
    case Access::platform_owner: return "platform_owner";
    case Access::organization_member: return "organization_member";
    case Access::organization_manager: return "organization_manager";
  }
  return "";
}

constexpr bool is_platform(PlatformRole r) { return r != PlatformRole::none; }
constexpr bool manages(OrganizationRole r) {
  return r == OrganizationRole::organization_admin || r == OrganizationRole::organization_owner;
}

// The caller is signed in. `in_organization` is none for routes that have no organization.
// A platform_admin runs nodes, not tenants: without a role in the organization it is forbidden
// there, while a platform_owner may manage any (and is audited).
constexpr Decision authorize(Access access, PlatformRole platform,
                             OrganizationRole in_organization) {
  const auto allow_if = [](bool yes, Decision otherwise) {
    return yes ? Decision::allow : otherwise;
  };
  const bool owner = platform == PlatformRole::platform_owner;
  const Decision outsider = is_platform(platform) ? Decision::forbidden : Decision::hidden;
  switch (access) {
    case Access::anyone:
    case Access::signed_in: return Decision::allow;
    case Access::platform: return allow_if(is_platform(platform), Decision::forbidden);
    case Access::platform_owner: return allow_if(owner, Decision::forbidden);
    case Access::organization_member:
      return allow_if(owner || in_organization != OrganizationRole::none, outsider);
    case Access::organization_manager:
      if (owner || manages(in_organization)) return Decision::allow;
      return in_organization == OrganizationRole::none ? outsider : Decision::forbidden;
  }
  return Decision::forbidden;
}

// May the caller give, change or take a membership of this role? Admins look after users; owners
// (and the platform_owner, who names the first one) look after everybody.
constexpr bool may_manage_member(PlatformRole platform, OrganizationRole caller,
                                 OrganizationRole member) {
  if (platform == PlatformRole::platform_owner) return true;
  if (caller == OrganizationRole::organization_owner) return true;
  return caller == OrganizationRole::organization_admin &&
         member == OrganizationRole::organization_user;
}

}  // namespace rap::policy
