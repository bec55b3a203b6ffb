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
  // Somebody else set the password: it is good until then, for choosing another.
  std::optional<WallTime> password_expires_at = {};
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
  // Removed accounts are found by nobody; their emails are free.
  virtual std::optional<User> find(std::string_view email) = 0;
  virtual std::optional<Credentials> credentials(std::string_view email) = 0;  // not when disabled
  virtual std::vector<User> list() = 0;
  // How many there are that are not disabled; they are locked until the transaction ends.
  virtual std::size_t lock_platform_owners() = 0;
  // The account keeps all it has. Its unused tokens and live flows end with its auth epoch.
  virtual void disable(UserId user, WallTime now) = 0;
  virtual void enable(UserId user) = 0;
  // Leaves a tombstone without memberships and grants; its email is free then.
  virtual void remove(UserId user, WallTime now) = 0;
  virtual void set_platform_role(UserId user, policy::PlatformRole role) = 0;
  // Has the password lasted until now? It is kept as it is until the transaction ends.
  virtual bool lock_password(UserId user, std::string_view password_hash) = 0;
  virtual void set_password(UserId user, const std::string& password_hash,
                            std::optional<WallTime> expires_at) = 0;
};

}  // namespace rap::control
