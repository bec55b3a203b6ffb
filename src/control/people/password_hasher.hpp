// The port to argon2id.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rap::control {

// A bound limits how many run at once; the answer is nullopt when that many run and wait already.
class PasswordHasher {
 public:
  virtual ~PasswordHasher() = default;
  virtual std::optional<std::string> hash(std::string_view password) = 0;
  virtual std::optional<bool> check(std::string_view password, std::string_view phc_hash) = 0;
};

}  // namespace rap::control
