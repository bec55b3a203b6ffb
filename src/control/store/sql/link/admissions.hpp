// The admission of nodes, in SQL.
#pragma once

#include "control/link/admission.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlAdmissions final : public control::AdmissionRepository {
 public:
  explicit SqlAdmissions(SqlSession& sql) : sql_(sql) {}

  std::optional<std::pair<control::Node, control::NodeAdmission>> admit(
      NodeId node, std::string_view serial) override;
  std::vector<bool> admitted_among(const std::vector<control::NodeCredential>& callers) override;
  std::optional<control::ClusterVersions> versions() override;
  std::vector<control::AdmissionChange> changes(std::uint64_t since, std::size_t limit) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
