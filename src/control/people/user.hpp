// People who have an account.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/http/schema.hpp"
#include "policy/roles.hpp"

namespace rap::control {

struct User {
  UserId id;
  std::string email;
  policy::PlatformRole platform_role = policy::PlatformRole::none;
  WallTime created_at{};
  bool disabled = false;
};

struct Credentials {
  User user;
  std::string password_hash;
};

Fields user_fields();
nlohmann::json to_json(const User& user);

class UserRepository {
 public:
  virtual ~UserRepository() = default;
  virtual bool create(const User& user,
                      const std::string& password_hash) = 0;  // false: email taken
  virtual std::optional<User> find(std::string_view email) = 0;
  virtual std::optional<Credentials> credentials(std::string_view email) = 0;  // not when disabled
  virtual std::vector<User> list() = 0;
  // How many there are that are not disabled; they are locked until the transaction ends.
  virtual std::size_t lock_platform_owners() = 0;
  // Also ends its bearer sessions and its memberships (and with them its grants).
  virtual void disable(UserId user, WallTime now) = 0;
};

}  // namespace rap::control
