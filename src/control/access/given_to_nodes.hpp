// How much an organization may have nodes be given. A node takes no configuration with more in it
// than it reads (snapshot/configuration/node_config.hpp), and would keep an old one for all it
// serves: so the limits hold where resources and pools are edited, and nothing is cut.
#pragma once

#include <optional>

#include "control/core/database.hpp"
#include "control/core/listing.hpp"
#include "control/core/problem.hpp"
#include "snapshot/configuration/node_config.hpp"

namespace rap::control {

// An organization has as many as a listing shows.
inline constexpr std::size_t kMaxResourcesOfOrganization = kMaxListed;
inline constexpr std::size_t kMaxPoolsOfOrganization = 100;
// With the longest hosts they are half of what a message between agent and rap-fabric may be.
inline constexpr std::size_t kMaxResourcesOfNode = snapshot::kMaxResources / 2;
// Every entry is given all pools with the keys of their nodes.
inline constexpr std::size_t kMaxPoolMemberships = snapshot::kMaxPools;

// Why there may be no more of it, counted after the change: writing it took the lock of the
// configuration's version, so of two that come together the second counts the first.
std::optional<Problem> find_too_many_pools(Transaction& tx, OrganizationId organization);
std::optional<Problem> find_too_many_resources(Transaction& tx, OrganizationId organization,
                                               EgressPoolId pool);
std::optional<Problem> find_too_many_members(Transaction& tx, EgressPoolId pool);

}  // namespace rap::control
