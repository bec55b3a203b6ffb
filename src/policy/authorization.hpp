// Who may do what (OR-1). Every route of the API names one Access; the decision needs the caller's
// platform role, for a route below an organization the caller's role in that organization, and what
// an owner delegated to the caller there.
//
// What a caller may not know of is hidden (answered like something that does not exist); what a
// caller knows of but may not do is forbidden.
#pragma once

#include <cstdint>
#include <string_view>

#include "policy/delegated_rights.hpp"
#include "policy/roles.hpp"

namespace rap::policy {

enum class Access : std::uint8_t {
  anyone,  // no bearer needed
  signed_in,  // any person; the handler shows only what is theirs
  platform,  // platform_admin, platform_owner
  platform_owner,  // who may give platform roles away
  node_approver,  // of the platform's hosts: platform_owner, or to whom one delegated it
  organization_member,  // any role in the organization, or platform_owner
  organization_manager,  // organization_admin, organization_owner, or platform_owner
  organization_owner,  // who speaks for the organization: nobody of the platform by that alone
  organization_approver,  // of the organization's hosts: its owner, or to whom one delegated it
  nodes_into_path,  // organization_approver, or platform_owner
  nodes_out_of_path,  // organization_owner, or platform_admin and platform_owner
};

enum class Decision : std::uint8_t {
  allow,
  forbidden,  // 403: the caller sees the thing and may not do this to it
  hidden,  // 404: the caller is not to learn whether the thing exists
};

constexpr std::string_view to_string(Access a) {
  switch (a) {
    case Access::anyone: return "anyone";
    case Access::signed_in: return "signed_in";
    case Access::platform: return "platform";
    case Access::platform_owner: return "platform_owner";
    case Access::node_approver: return "node_approver";
    case Access::organization_member: return "organization_member";
    case Access::organization_manager: return "organization_manager";
    case Access::organization_owner: return "organization_owner";
    case Access::organization_approver: return "organization_approver";
    case Access::nodes_into_path: return "nodes_into_path";
    case Access::nodes_out_of_path: return "nodes_out_of_path";
  }
  return "";
}

constexpr bool is_platform(PlatformRole r) { return r != PlatformRole::none; }
constexpr bool manages(OrganizationRole r) {
  return r == OrganizationRole::organization_admin || r == OrganizationRole::organization_owner;
}

// The role that counts in an organization: a right to manage makes an administrator of the platform
// one of the organization's, unless they are more there already.
constexpr OrganizationRole acting_role(PlatformRole platform, OrganizationRole in_organization,
                                       DelegatedRights delegated) {
  const bool acts = platform == PlatformRole::platform_admin && delegated.manage;
  return acts && !manages(in_organization) ? OrganizationRole::organization_admin : in_organization;
}

// The caller is signed in. `in_organization` is none for routes that have no organization, and
// `delegated` is of that organization, or of the platform there; it counts for a platform_admin
// only. A platform_admin runs nodes, not tenants: without a role in the organization and without a
// right from its owner it is forbidden there. A platform_owner may manage any (and is audited), but
// does not speak for one: what its owner alone decides, they decide as its owner or not at all.
constexpr Decision authorize(Access access, PlatformRole platform, OrganizationRole in_organization,
                             DelegatedRights delegated = {}) {
  const auto allow_if = [](bool yes, Decision otherwise) {
    return yes ? Decision::allow : otherwise;
  };
  const bool owner = platform == PlatformRole::platform_owner;
  const bool approves = platform == PlatformRole::platform_admin && delegated.approve_nodes;
  const OrganizationRole role = acting_role(platform, in_organization, delegated);
  const bool organization_owner = role == OrganizationRole::organization_owner;
  const bool is_outside = role == OrganizationRole::none && !is_platform(platform);
  const Decision kept_out = is_outside ? Decision::hidden : Decision::forbidden;
  switch (access) {
    case Access::anyone:
    case Access::signed_in: return Decision::allow;
    case Access::platform: return allow_if(is_platform(platform), Decision::forbidden);
    case Access::platform_owner: return allow_if(owner, Decision::forbidden);
    case Access::node_approver: return allow_if(owner || approves, Decision::forbidden);
    case Access::organization_member:
      return allow_if(owner || role != OrganizationRole::none, kept_out);
    case Access::organization_manager: return allow_if(owner || manages(role), kept_out);
    case Access::organization_owner: return allow_if(organization_owner, kept_out);
    case Access::organization_approver: return allow_if(organization_owner || approves, kept_out);
    case Access::nodes_into_path:
      return allow_if(owner || organization_owner || approves, kept_out);
    case Access::nodes_out_of_path:
      return allow_if(organization_owner || is_platform(platform), kept_out);
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
