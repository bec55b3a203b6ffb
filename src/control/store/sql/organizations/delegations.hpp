// Delegations in SQL.
#pragma once

#include "control/organizations/delegation.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlDelegations final : public control::DelegationRepository {
 public:
  explicit SqlDelegations(SqlSession& sql) : sql_(sql) {}

  void put(const control::Delegation& delegation) override;
  std::vector<control::Delegation> list(std::optional<OrganizationId> organization,
                                        WallTime now) override;
  policy::DelegatedRights rights_of(std::optional<OrganizationId> organization, UserId user,
                                    WallTime now) override;
  bool remove(std::optional<OrganizationId> organization, UserId user,
              policy::DelegatedRight right) override;
  std::vector<control::Delegation> remove_all(UserId user) override;
  std::vector<control::Delegation> remove_given(UserId giver) override;
  std::vector<control::Delegation> remove_given(
      UserId giver, std::optional<OrganizationId> organization) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
