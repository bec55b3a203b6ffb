// Users in SQL.
#pragma once

#include <string>
#include <string_view>

#include "control/people/user.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

inline constexpr std::string_view kUserColumns =
    "u.id, u.email, u.platform_role, u.created_at, u.disabled_at IS NOT NULL, "
    "u.password_expires_at";
inline constexpr int kAfterUser = 6;  // the column that follows them

control::User user_of(const Row& row);              // of kUserColumns
std::string select_user(std::string_view rest);  // kUserColumns of users u

class SqlUsers final : public control::UserRepository {
 public:
  explicit SqlUsers(SqlSession& sql) : sql_(sql) {}

  bool create(const control::User& user, const std::string& password_hash) override;
  std::optional<control::User> find(std::string_view email) override;
  std::optional<control::Credentials> credentials(std::string_view email) override;
  std::vector<control::User> list() override;
  std::size_t lock_platform_owners() override;
  void disable(UserId user, WallTime now) override;
  void enable(UserId user) override;
  void remove(UserId user, WallTime now) override;
  void set_platform_role(UserId user, policy::PlatformRole role) override;
  bool lock_password(UserId user, std::string_view password_hash) override;
  void set_password(UserId user, const std::string& password_hash,
                    std::optional<WallTime> expires_at) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
