#include "control/people/organization_access.hpp"

#include "control/people/organization.hpp"

namespace rap::control {

Outcome<OrganizationContext> enter_organization(Database& database, const Caller& caller,
                                                std::string_view key, policy::Access access) {
  return transact(
      database, Scope::platform(), [&](Transaction& tx) -> Outcome<OrganizationContext> {
        const auto organization = tx.organizations().find(key);
        const auto role = organization ? tx.organizations().role_of(organization->id, caller.id)
                                       : policy::OrganizationRole::none;
        const auto decision = policy::authorize(access, caller.platform_role, role);
        const bool may_know = organization || !policy::is_platform(caller.platform_role);
        if (decision == policy::Decision::forbidden && may_know) {
          return refuse(ProblemCode::forbidden,
                        "Your role in this organization does not allow this; ask one of its "
                        "administrators.");
        }
        if (decision == policy::Decision::hidden || !organization) {
          return refuse(ProblemCode::organization_not_found,
                        "There is no organization '" + std::string(key) +
                            "' that you belong to; 'rap whoami' lists yours.");
        }
        if (organization->disabled && !policy::is_platform(caller.platform_role)) {
          return refuse(ProblemCode::organization_disabled,
                        "The platform has disabled the organization '" + organization->name +
                            "'. Ask its administrators.");
        }
        return OrganizationContext{organization->id, organization->name, role};
      });
}

}  // namespace rap::control
