#include "control/organizations/delegations/organization_access.hpp"

#include "control/organizations/delegation.hpp"
#include "control/organizations/organization.hpp"

namespace rap::control {
namespace {

using policy::Access;
using policy::Decision;

// Only an administrator of the platform can hold any.
policy::DelegatedRights delegated_to(Transaction& tx, const Caller& caller,
                                     std::optional<OrganizationId> by, WallTime now) {
  if (caller.platform_role != policy::PlatformRole::platform_admin) return {};
  return tx.delegations().rights_of(by, caller.id, now);
}

std::string not_allowed(Access access, const Caller& caller) {
  const bool is_owners = access == Access::organization_owner ||
                         access == Access::organization_approver ||
                         access == Access::nodes_into_path;
  if (is_owners && policy::is_platform(caller.platform_role)) {
    return "This is for the owner of the organization to decide. Ask one to do it, or to delegate "
           "it to you for a time with 'rap admin delegations add'.";
  }
  if (is_owners) return "Only an organization_owner may do this; ask one.";
  return "Your role in this organization does not allow this; ask one of its administrators.";
}

}  // namespace

Outcome<OrganizationContext> enter_organization(Database& database, const Caller& caller,
                                                std::string_view key, Access access, WallTime now) {
  return transact(
      database, Scope::platform(), [&](Transaction& tx) -> Outcome<OrganizationContext> {
        const auto organization = tx.organizations().find(key);
        const auto role = organization ? tx.organizations().role_of(organization->id, caller.id)
                                       : policy::OrganizationRole::none;
        const auto delegated = organization ? delegated_to(tx, caller, organization->id, now)
                                            : policy::DelegatedRights{};
        const auto decision = policy::authorize(access, caller.platform_role, role, delegated);
        const bool may_know = organization || !policy::is_platform(caller.platform_role);
        if (decision == Decision::forbidden && may_know) {
          return refuse(ProblemCode::forbidden, not_allowed(access, caller));
        }
        if (decision == Decision::hidden || !organization) {
          return refuse(ProblemCode::organization_not_found,
                        "There is no organization '" + std::string(key) +
                            "' that you belong to; 'rap whoami' lists yours.");
        }
        if (organization->disabled && !policy::is_platform(caller.platform_role)) {
          return refuse(ProblemCode::organization_disabled,
                        "The platform has disabled the organization '" + organization->name +
                            "'. Ask its administrators.");
        }
        return OrganizationContext{
            organization->id, organization->name,
            policy::acting_role(caller.platform_role, role, delegated),
            policy::authorize(access, caller.platform_role, role) != Decision::allow};
      });
}

Outcome<void> enter_platform(Database& database, const Caller& caller, Access access,
                             WallTime now) {
  auto decision = policy::authorize(access, caller.platform_role, policy::OrganizationRole::none);
  if (decision == Decision::allow) return {};
  if (access == Access::node_approver && policy::is_platform(caller.platform_role)) {
    return transact(database, Scope::platform(), [&](Transaction& tx) -> Outcome<void> {
      const auto delegated = delegated_to(tx, caller, std::nullopt, now);
      if (policy::authorize(access, caller.platform_role, policy::OrganizationRole::none,
                            delegated) == Decision::allow) {
        return {};
      }
      return refuse(ProblemCode::forbidden,
                    "A platform_owner approves nodes. Ask one to do it, or to delegate it to you "
                    "for a time with 'rap admin delegations add'.");
    });
  }
  return refuse(ProblemCode::forbidden,
                "Only the platform's administrators may do this; ask one of them.");
}

}  // namespace rap::control
