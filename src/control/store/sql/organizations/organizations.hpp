// Organizations and memberships in SQL.
#pragma once

#include "control/organizations/organization.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlOrganizations final : public control::OrganizationRepository {
 public:
  explicit SqlOrganizations(SqlSession& sql) : sql_(sql) {}

  bool create(const control::Organization& organization) override;
  void add_cluster(OrganizationId organization, ClusterId cluster, WallTime now) override;
  std::optional<control::Organization> find(std::string_view key) override;
  void rename(OrganizationId organization, std::string_view name) override;
  void disable(OrganizationId organization, WallTime now) override;
  void enable(OrganizationId organization) override;
  control::OrganizationUse use(OrganizationId organization) override;
  void remove(OrganizationId organization, WallTime now) override;
  std::vector<control::Organization> list() override;
  policy::OrganizationRole role_of(OrganizationId organization, UserId user) override;
  std::vector<control::Membership> memberships(UserId user) override;
  std::vector<control::Member> members(OrganizationId organization) override;
  std::optional<control::Member> member(OrganizationId organization,
                                        std::string_view email) override;
  void put_member(OrganizationId organization, UserId user, policy::OrganizationRole role,
                  WallTime now) override;
  void disable_member(OrganizationId organization, UserId user, WallTime now) override;
  void enable_member(OrganizationId organization, UserId user) override;
  void remove_member(OrganizationId organization, UserId user) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
