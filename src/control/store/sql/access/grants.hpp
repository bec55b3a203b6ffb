// Grants in SQL.
#pragma once

#include "control/access/grant.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlGrants final : public control::GrantRepository {
 public:
  explicit SqlGrants(SqlSession& sql) : sql_(sql) {}

  bool lock(ResourceId resource, UserId user) override;
  bool add(const control::Resource& resource, UserId user, WallTime now) override;
  bool remove(const control::Resource& resource, UserId user) override;
  std::optional<control::Grant> find(const control::Resource& resource, UserId user) override;
  void disable(const control::Resource& resource, UserId user, WallTime now) override;
  void enable(const control::Resource& resource, UserId user) override;
  std::vector<control::Grant> list(const control::Resource& resource) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
