// Signing in: a password becomes a bearer, which is stored as its SHA-256 only.
#pragma once

#include <optional>
#include <string_view>

#include "control/core/services.hpp"

namespace rap::control {

inline constexpr std::chrono::seconds kBearerLifetime = std::chrono::hours{12};
inline constexpr std::size_t kMaxBearersPerUser = 32;
inline constexpr std::string_view kBearerPrefix = "rapst_";

// The hash of the bearer in an Authorization header; nullopt when there is none of ours in it.
std::optional<crypto::Sha256> bearer_sha256(std::string_view authorization_header);

// "Retry-After", rounded up to whole seconds.
Problem too_many_attempts(Duration wait);

}  // namespace rap::control
