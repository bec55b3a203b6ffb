// The deny list that clients are given (PK-8): of the certificates of workers and of the control
// plane, which are all they meet, that were revoked and have not expired.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "control/http/route.hpp"
#include "control/pki/status/ports.hpp"
#include "control/pki/status/publication.hpp"

namespace rap::control {

// Good for an hour and replaced after a quarter, so that one that just came is good for a while.
inline constexpr std::chrono::seconds kDenyListValidity = std::chrono::hours{1};
inline constexpr std::chrono::seconds kDenyListRefresh = std::chrono::minutes{15};

// Its body is the JSON object that answers hold; empty when its version is `but_not`. nullopt when
// there is more to say than it may hold, which is logged. In the platform's scope.
std::optional<Publication> public_deny_list(const CurrentAuthority& current, Log& log,
                                            Transaction& tx, WallTime now,
                                            std::uint64_t but_not = 0);

Fields deny_list_fields();

std::vector<RouteOf<StatusPorts>> deny_list_routes();

}  // namespace rap::control
