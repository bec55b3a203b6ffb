// What nodes say of themselves, in SQL.
#pragma once

#include "control/link/node_report.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlNodeReports final : public control::NodeReportRepository {
 public:
  explicit SqlNodeReports(SqlSession& sql) : sql_(sql) {}

  void record_check_in(const control::Node& node, WallTime now) override;
  void record_incarnations(NodeId node, std::string_view incarnations) override;
  void record_told_notices(NodeId node, std::string_view told) override;
  bool record_audited_events(NodeId node, std::string_view before, std::string_view after) override;
  control::SecuritySubjects security_subjects(
      const std::vector<wire::SecurityEvent>& events) override;
  void record_acks(const std::vector<control::AcknowledgedConfig>& acks, WallTime now) override;
  void record_config_error(NodeId node, std::string_view error, WallTime now) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
