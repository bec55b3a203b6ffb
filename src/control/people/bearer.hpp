// Signed-in bearers: the token that a person's requests come with is known by its SHA-256 only.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/people/user.hpp"
#include "crypto/keys/digest.hpp"

namespace rap::control {

inline constexpr std::chrono::seconds kBearerLifetime = std::chrono::hours{12};
inline constexpr std::size_t kMaxBearersPerUser = 32;
inline constexpr std::size_t kBearerBytes = 32;
inline constexpr std::string_view kBearerPrefix = "rapst_";

// The hash of the bearer in an Authorization header; nullopt when there is none of ours in it.
std::optional<crypto::Sha256> bearer_sha256(std::string_view authorization_header);

class BearerRepository {
 public:
  virtual ~BearerRepository() = default;
  // Beyond `max_per_user` the oldest go.
  virtual void add(const crypto::Sha256& token, UserId user, std::string_view source_ip,
                   WallTime now, WallTime expires_at, std::size_t max_per_user) = 0;
  virtual std::optional<User> find(const crypto::Sha256& token, WallTime now) = 0;
  virtual void remove(const crypto::Sha256& token) = 0;
  virtual void purge_expired(WallTime now) = 0;
};

}  // namespace rap::control
