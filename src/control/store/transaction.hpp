// One transaction with all its repositories.
#pragma once

#include <vector>

#include "control/core/database.hpp"
#include "control/store/postgres/sql_session.hpp"
#include "control/store/sql/repositories.hpp"
#include "control/store/sql/security.hpp"

namespace rap::store {

class SqlTransaction final : public control::Transaction {
 public:
  SqlTransaction(Connection& connection, const control::Scope& scope)
      : sql_(connection, scope),
        users_(sql_),
        bearers_(sql_),
        organizations_(sql_),
        resources_(sql_),
        nodes_(sql_),
        certificates_(sql_),
        publications_(sql_),
        trust_(sql_),
        sessions_(sql_),
        security_(sql_),
        configs_(sql_),
        audit_(sql_) {}

  control::UserRepository& users() override { return users_; }
  control::BearerRepository& bearers() override { return bearers_; }
  control::OrganizationRepository& organizations() override { return organizations_; }
  control::ResourceRepository& resources() override { return resources_; }
  control::NodeRepository& nodes() override { return nodes_; }
  control::CertificateRepository& certificates() override { return certificates_; }
  control::PublicationRepository& publications() override { return publications_; }
  control::TrustRepository& trust() override { return trust_; }
  control::SessionRepository& sessions() override { return sessions_; }
  control::SecurityRepository& security() override { return security_; }
  control::ConfigRepository& configs() override { return configs_; }
  control::AuditRepository& audit_log() override { return audit_; }

  void audit(control::AuditEntry entry) override { entries_.push_back(std::move(entry)); }
  void set_scope(const control::Scope& scope) override { sql_.set_scope(scope); }
  const control::Scope& scope() const override { return sql_.scope(); }

  void write_audit() {
    for (const control::AuditEntry& entry : entries_) audit_.append(entry);
  }
  const std::optional<SqlError>& fault() const { return sql_.fault(); }
  std::uint64_t statements() const { return sql_.statements(); }

 private:
  SqlSession sql_;
  SqlUsers users_;
  SqlBearers bearers_;
  SqlOrganizations organizations_;
  SqlResources resources_;
  SqlNodes nodes_;
  SqlCertificates certificates_;
  SqlPublications publications_;
  SqlTrust trust_;
  SqlSessions sessions_;
  SqlSecurity security_;
  SqlConfigs configs_;
  SqlAudit audit_;
  std::vector<control::AuditEntry> entries_;
};

}  // namespace rap::store
