// Invitations in SQL.
#pragma once

#include "control/organizations/invitation.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlInvitations final : public control::InvitationRepository {
 public:
  explicit SqlInvitations(SqlSession& sql) : sql_(sql) {}

  void put(const control::Invitation& invitation) override;
  std::size_t lock_and_count(OrganizationId organization, WallTime now) override;
  std::vector<control::Invitation> keep_newest(const control::Invitation& newest,
                                               std::size_t count) override;
  std::optional<control::Invitation> find_and_lock(OrganizationId organization,
                                                   std::string_view email) override;
  std::vector<control::Invitation> list(OrganizationId organization) override;
  std::vector<control::Invitation> list_for(std::string_view email) override;
  bool remove(OrganizationId organization, std::string_view email) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
