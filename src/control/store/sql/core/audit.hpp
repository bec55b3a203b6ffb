// The audit log in SQL.
#pragma once

#include "control/core/audit.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlAudit final : public control::AuditRepository {
 public:
  explicit SqlAudit(SqlSession& sql) : sql_(sql) {}

  std::vector<control::AuditEntry> list(const control::AuditFilter& filter) override;
  std::vector<control::AuditEntry> outages(WallTime since, std::size_t limit) override;
  control::AuditVerdict verify() override;

  void append(const control::AuditEntry& entry);

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
