// Configuration by registered type, and what nodes said of it, in SQL.
#pragma once

#include "control/configuration/config_document.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlConfigs final : public control::ConfigRepository {
 public:
  explicit SqlConfigs(SqlSession& sql) : sql_(sql) {}

  std::vector<control::ConfigDocument> list(std::optional<OrganizationId> organization) override;
  std::vector<control::ConfigDocument> list_of_type(std::string_view type) override;
  std::optional<control::ConfigDocument> find(std::string_view type,
                                              std::optional<OrganizationId> organization) override;
  control::StoredVersion put(const control::ConfigDocument& document, UserId by,
                             bool for_nodes) override;
  bool remove(const control::ConfigDocument& document) override;
  std::size_t count_service_documents(OrganizationId organization) override;
  std::size_t count_organization_documents() override;
  std::vector<control::ConfigDocument> list_for_nodes() override;
  std::map<NodeId, control::DocumentProgress> progress_of(
      const control::ConfigDocument& document) override;
  void record_applied(NodeId node, const control::DocumentReport& document, WallTime now) override;
  void record_error(NodeId node, const control::DocumentReport& document, std::string_view error,
                    WallTime now) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
