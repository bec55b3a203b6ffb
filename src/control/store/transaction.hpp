// One transaction with all its repositories.
#pragma once

#include <vector>

#include "control/core/database.hpp"
#include "control/store/postgres/sql_session.hpp"
#include "control/store/sql/access/blocklist.hpp"
#include "control/store/sql/access/egress_pools.hpp"
#include "control/store/sql/access/grants.hpp"
#include "control/store/sql/access/resources.hpp"
#include "control/store/sql/configuration/cluster_model.hpp"
#include "control/store/sql/configuration/configs.hpp"
#include "control/store/sql/core/audit.hpp"
#include "control/store/sql/core/cluster.hpp"
#include "control/store/sql/link/admissions.hpp"
#include "control/store/sql/link/node_reports.hpp"
#include "control/store/sql/link/security_changes.hpp"
#include "control/store/sql/nodes/enrolment/enrolments.hpp"
#include "control/store/sql/nodes/enrolment/join_tokens.hpp"
#include "control/store/sql/nodes/nodes.hpp"
#include "control/store/sql/organizations/delegations.hpp"
#include "control/store/sql/organizations/invitations.hpp"
#include "control/store/sql/organizations/organizations.hpp"
#include "control/store/sql/people/auth_epochs.hpp"
#include "control/store/sql/people/bearers.hpp"
#include "control/store/sql/people/devices.hpp"
#include "control/store/sql/people/metrics_tokens.hpp"
#include "control/store/sql/people/users.hpp"
#include "control/store/sql/pki/certificates.hpp"
#include "control/store/sql/pki/publications.hpp"
#include "control/store/sql/pki/trust.hpp"
#include "control/store/sql/sessions/commands.hpp"
#include "control/store/sql/sessions/sessions.hpp"

namespace rap::store {

class SqlTransaction final : public control::Transaction {
 public:
  SqlTransaction(Connection& connection, const control::Scope& scope) : sql_(connection, scope) {}

  control::ClusterRepository& cluster() override { return cluster_; }
  control::CertificateRepository& certificates() override { return certificates_; }
  control::PublicationRepository& publications() override { return publications_; }
  control::TrustRepository& trust() override { return trust_; }
  control::SessionRepository& sessions() override { return sessions_; }
  control::CommandRepository& commands() override { return commands_; }
  control::UserRepository& users() override { return users_; }
  control::BearerRepository& bearers() override { return bearers_; }
  control::DeviceRepository& devices() override { return devices_; }
  control::AuthEpochRepository& auth_epochs() override { return auth_epochs_; }
  control::OrganizationRepository& organizations() override { return organizations_; }
  control::DelegationRepository& delegations() override { return delegations_; }
  control::MetricsTokenRepository& metrics_tokens() override { return metrics_tokens_; }
  control::InvitationRepository& invitations() override { return invitations_; }
  control::NodeRepository& nodes() override { return nodes_; }
  control::JoinTokenRepository& join_tokens() override { return join_tokens_; }
  control::EnrolmentRepository& enrolments() override { return enrolments_; }
  control::EgressPoolRepository& egress_pools() override { return egress_pools_; }
  control::ResourceRepository& resources() override { return resources_; }
  control::GrantRepository& grants() override { return grants_; }
  control::BlocklistRepository& blocklist() override { return blocklist_; }
  control::ConfigRepository& configs() override { return configs_; }
  control::ClusterModelRepository& cluster_model() override { return cluster_model_; }
  control::AdmissionRepository& admissions() override { return admissions_; }
  control::NodeReportRepository& node_reports() override { return node_reports_; }
  control::SecurityChangeRepository& security_changes() override { return security_changes_; }
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
  SqlCluster cluster_{sql_};
  SqlCertificates certificates_{sql_};
  SqlPublications publications_{sql_};
  SqlTrust trust_{sql_};
  SqlSessions sessions_{sql_};
  SqlCommands commands_{sql_};
  SqlUsers users_{sql_};
  SqlBearers bearers_{sql_};
  SqlDevices devices_{sql_};
  SqlAuthEpochs auth_epochs_{sql_};
  SqlOrganizations organizations_{sql_};
  SqlDelegations delegations_{sql_};
  SqlMetricsTokens metrics_tokens_{sql_};
  SqlInvitations invitations_{sql_};
  SqlNodes nodes_{sql_};
  SqlJoinTokens join_tokens_{sql_};
  SqlEnrolments enrolments_{sql_};
  SqlEgressPools egress_pools_{sql_};
  SqlResources resources_{sql_};
  SqlGrants grants_{sql_};
  SqlBlocklist blocklist_{sql_};
  SqlConfigs configs_{sql_};
  SqlClusterModel cluster_model_{sql_};
  SqlAdmissions admissions_{sql_};
  SqlNodeReports node_reports_{sql_};
  SqlSecurityChanges security_changes_{sql_};
  SqlAudit audit_{sql_};
  std::vector<control::AuditEntry> entries_;
};

}  // namespace rap::store
