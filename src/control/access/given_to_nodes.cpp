#include "control/access/given_to_nodes.hpp"

#include <string>

#include "control/access/egress_pool.hpp"
#include "control/access/resource.hpp"

namespace rap::control {
namespace {

Problem too_many(std::string detail) {
  return {ProblemCode::too_many_configs, std::move(detail), std::nullopt};
}

// Only the number of what others have is looked at.
std::optional<Problem> find_too_much_for_a_node(Transaction& tx, EgressPoolId pool) {
  AsPlatform as_platform(tx);
  if (tx.resources().most_given_behind(pool) <= kMaxResourcesOfNode) return std::nullopt;
  return too_many("A node of this egress pool would be given more than " +
                  std::to_string(kMaxResourcesOfNode) +
                  " resources. Ask the platform's administrator for another node.");
}

}  // namespace

std::optional<Problem> find_too_many_pools(Transaction& tx, OrganizationId organization) {
  if (tx.egress_pools().count(organization) <= kMaxPoolsOfOrganization) return std::nullopt;
  return too_many("An organization has at most " + std::to_string(kMaxPoolsOfOrganization) +
                  " egress pools. Remove one that no resource leads through.");
}

std::optional<Problem> find_too_many_resources(Transaction& tx, OrganizationId organization,
                                               EgressPoolId pool) {
  if (tx.resources().count(organization) > kMaxResourcesOfOrganization) {
    return too_many("An organization has at most " + std::to_string(kMaxResourcesOfOrganization) +
                    " resources. Remove one that nobody uses.");
  }
  return find_too_much_for_a_node(tx, pool);
}

std::optional<Problem> find_too_many_members(Transaction& tx, EgressPoolId pool) {
  {
    AsPlatform as_platform(tx);
    if (tx.egress_pools().count_nodes(pool) > snapshot::kMaxPoolMembers) {
      return too_many("An egress pool has at most " + std::to_string(snapshot::kMaxPoolMembers) +
                      " nodes.");
    }
    if (tx.egress_pools().count_memberships() > kMaxPoolMemberships) {
      return too_many("All egress pools together have at most " +
                      std::to_string(kMaxPoolMemberships) +
                      " nodes. Take one out of a pool that does without it.");
    }
  }
  return find_too_much_for_a_node(tx, pool);
}

}  // namespace rap::control
