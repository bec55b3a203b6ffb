// Transactions on the truth. Each one says for whom it acts; PostgreSQL's row-level security shows
// it only that one's rows (store/migrations/0001_organizations.sql, 0018_clusters.sql; tried in
// store/row_level_security_test.cpp).
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/ids.hpp"
#include "control/core/audit.hpp"
#include "control/core/problem.hpp"

namespace rap::control {

// The ports through which the use cases reach PostgreSQL: one repository a concept, in the room of
// the concept, all of them parts of one transaction. A `key` that one takes is an id or a name.
//
// No method reports a database fault: a fault dooms the transaction, every later call yields
// nothing, and the transaction's own outcome is the fault. "false" and "nullopt" therefore always
// mean what their comment says.
//
// Here they are names alone: a use case says which of them it touches by including their headers,
// and may include those of the rooms it stands on (docs/decisions/one-transaction.md).
class ClusterRepository;          // core/cluster.hpp
class CertificateRepository;      // pki/certificate_inventory.hpp
class PublicationRepository;      // pki/status/publication.hpp
class TrustRepository;            // pki/rotation/trust_state.hpp
class SessionRepository;          // sessions/session.hpp
class CommandRepository;          // sessions/node_command.hpp
class UserRepository;             // people/user.hpp
class BearerRepository;           // people/bearer.hpp
class DeviceRepository;           // people/device.hpp
class AuthEpochRepository;        // people/auth_epoch.hpp
class OrganizationRepository;     // organizations/organization.hpp
class DelegationRepository;       // organizations/delegation.hpp
class MetricsTokenRepository;     // people/metrics_token.hpp
class InvitationRepository;       // organizations/invitation.hpp
class NodeRepository;             // nodes/node.hpp
class JoinTokenRepository;        // nodes/enrolment/issued_join_token.hpp
class EnrolmentRepository;        // nodes/enrolment/enrolment.hpp
class EgressPoolRepository;       // access/egress_pool.hpp
class ResourceRepository;         // access/resource.hpp
class GrantRepository;            // access/grant.hpp
class BlocklistRepository;        // access/blocklist.hpp
class ConfigRepository;           // configuration/config_document.hpp
class ClusterModelRepository;     // configuration/cluster_models.hpp
class AdmissionRepository;        // link/admission.hpp
class NodeReportRepository;       // link/node_report.hpp
class SecurityChangeRepository;   // link/pulls/security_changes.hpp

struct Scope {
  enum class Kind : std::uint8_t { platform, cluster, organization, user };
  Kind kind = Kind::platform;
  OrganizationId organization_id = {};
  UserId user_id = {};
  std::optional<ClusterId> cluster_id = {};  // absent: of every cluster

  static Scope platform() { return {}; }
  // A call of a cluster's node sees that cluster's rows, and nothing of the platform's.
  static Scope cluster(ClusterId id) { return Scope{.kind = Kind::cluster}.in(id); }
  static Scope organization(OrganizationId id) {
    return {.kind = Kind::organization, .organization_id = id};
  }
  static Scope user(UserId id) { return {.kind = Kind::user, .user_id = id}; }

  // The same, of all that is a cluster's seeing that one's only; new rows are its rows.
  Scope in(ClusterId id) const {
    Scope narrowed = *this;
    narrowed.cluster_id = id;
    return narrowed;
  }
};

class Transaction {
 public:
  virtual ~Transaction() = default;

  virtual ClusterRepository& cluster() = 0;
  virtual CertificateRepository& certificates() = 0;
  virtual PublicationRepository& publications() = 0;
  virtual TrustRepository& trust() = 0;
  virtual SessionRepository& sessions() = 0;
  virtual CommandRepository& commands() = 0;
  virtual UserRepository& users() = 0;
  virtual BearerRepository& bearers() = 0;
  virtual DeviceRepository& devices() = 0;
  virtual AuthEpochRepository& auth_epochs() = 0;
  virtual OrganizationRepository& organizations() = 0;
  virtual DelegationRepository& delegations() = 0;
  virtual MetricsTokenRepository& metrics_tokens() = 0;
  virtual InvitationRepository& invitations() = 0;
  virtual NodeRepository& nodes() = 0;
  virtual JoinTokenRepository& join_tokens() = 0;
  virtual EnrolmentRepository& enrolments() = 0;
  virtual EgressPoolRepository& egress_pools() = 0;
  virtual ResourceRepository& resources() = 0;
  virtual GrantRepository& grants() = 0;
  virtual BlocklistRepository& blocklist() = 0;
  virtual ConfigRepository& configs() = 0;
  virtual ClusterModelRepository& cluster_model() = 0;
  virtual AdmissionRepository& admissions() = 0;
  virtual NodeReportRepository& node_reports() = 0;
  virtual SecurityChangeRepository& security_changes() = 0;
  virtual AuditRepository& audit_log() = 0;

  // Written when the transaction commits, last of all: the lock on the hash chain is held briefly,
  // and a transaction that fails leaves no entry.
  virtual void audit(AuditEntry entry) = 0;

  // Lets the platform act within an organization's or a person's transaction; see AsPlatform.
  virtual void set_scope(const Scope& scope) = 0;
  virtual const Scope& scope() const = 0;
};

// The transaction acts for the platform while this lives, in the cluster it was in: where an
// organization's wish touches what no organization may see (nodes, commands). Every use is a
// decision worth a look in review.
class AsPlatform {
 public:
  explicit AsPlatform(Transaction& tx) : tx_(tx), before_(tx.scope()) {
    Scope scope = Scope::platform();
    scope.cluster_id = before_.cluster_id;
    tx_.set_scope(scope);
  }
  ~AsPlatform() { tx_.set_scope(before_); }
  AsPlatform(const AsPlatform&) = delete;
  AsPlatform& operator=(const AsPlatform&) = delete;

 private:
  Transaction& tx_;
  Scope before_;
};

enum class DatabaseFault : std::uint8_t {
  unavailable,  // cannot be reached, shutting down, out of connections
  takes_no_changes,  // it answers, but is read-only or its disk is full or fails
  conflict,  // a constraint or a concurrent change refused it, retries included
  broken,  // our own mistake; logged with its SQLSTATE by the store
};

// What a transaction's work decides.
enum class Ending : std::uint8_t { commit, roll_back };

class Database {
 public:
  virtual ~Database() = default;
  // Runs `work` in a transaction; again when it lost a race, so `work` must be repeatable.
  virtual std::expected<void, DatabaseFault> run(
      const Scope& scope, const std::function<Ending(Transaction&)>& work) = 0;
};

Problem to_problem(DatabaseFault fault);

// Runs a use case that yields an Outcome: commits what succeeds, rolls back what is refused.
template <class UseCase>
auto transact(Database& database, const Scope& scope, UseCase&& use_case)
    -> std::invoke_result_t<UseCase&, Transaction&> {
  std::optional<std::invoke_result_t<UseCase&, Transaction&>> outcome;
  const auto ran = database.run(scope, [&](Transaction& tx) {
    outcome.emplace(use_case(tx));
    return outcome->has_value() ? Ending::commit : Ending::roll_back;
  });
  if (!ran) return std::unexpected(to_problem(ran.error()));
  return std::move(*outcome);
}

}  // namespace rap::control
