// Resources in SQL.
#pragma once

#include "control/access/resource.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlResources final : public control::ResourceRepository {
 public:
  explicit SqlResources(SqlSession& sql) : sql_(sql) {}

  bool create(const control::Resource& resource) override;
  std::optional<control::Resource> find(OrganizationId organization, std::string_view key) override;
  std::vector<control::Resource> list(OrganizationId organization) override;
  std::vector<control::Resource> list_granted(OrganizationId organization, UserId user) override;
  std::vector<control::Resource> find_granted(UserId user, std::string_view key) override;
  std::vector<control::Resource> all_granted(UserId user) override;
  void update(const control::Resource& resource) override;
  void disable(const control::Resource& resource, WallTime now) override;
  void enable(const control::Resource& resource) override;
  std::vector<std::string> names_behind(EgressPoolId pool) override;
  void remove(const control::Resource& resource) override;
  std::size_t count(OrganizationId organization) override;
  std::size_t most_given_behind(EgressPoolId pool) override;
  std::vector<std::string> target_ranges(ClusterId cluster) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
