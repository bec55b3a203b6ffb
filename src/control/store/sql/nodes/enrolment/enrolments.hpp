// Enrolments in SQL.
#pragma once

#include "control/nodes/enrolment/enrolment.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlEnrolments final : public control::EnrolmentRepository {
 public:
  explicit SqlEnrolments(SqlSession& sql) : sql_(sql) {}

  void create(const control::Enrolment& enrolment) override;
  std::optional<control::Enrolment> find_and_lock(std::string_view id) override;
  std::optional<control::Enrolment> of_token(JoinTokenId token) override;
  std::vector<control::Enrolment> list(std::optional<control::EnrolmentState> state,
                                       std::optional<OrganizationId> organization) override;
  void decide(const control::Enrolment& enrolment, UserId by) override;
  void adopt(const control::Enrolment& enrolment) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
