// Rotating the key that signs data-plane tokens (PK-8), apart from the platform's root:
//
//   stable         one key
//   distributing   the old one signs, nodes learn of the next        until every node knows it
//   overlapping    the next one signs, nodes take both               until the old one's tokens are
//   over
#pragma once

#include <chrono>
#include <vector>

#include "control/http/route.hpp"
#include "control/pki/rotation/ports.hpp"

namespace rap::control {

// Tokens are good for a minute; every server changes over within its housekeeping.
inline constexpr std::chrono::seconds kTokenKeyOverlap = std::chrono::minutes{2};

// Takes the next step when it is time for it, in a transaction that locked the state of the trust.
void step_token_keys(Transaction& tx, WallTime now);

std::vector<RouteOf<RotationPorts>> token_key_routes();

}  // namespace rap::control
