// Transactions on the truth. Each one says for whom it acts; PostgreSQL's row-level security shows
// it only that one's rows (store/migrations/0001_organizations.sql).
#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "control/core/problem.hpp"
#include "control/core/repositories.hpp"
#include "control/core/security_repository.hpp"

namespace rap::control {

struct Scope {
  enum class Kind : std::uint8_t { platform, organization, user };
  Kind kind = Kind::platform;
  OrganizationId organization_id;
  UserId user_id;

  static Scope platform() { return {}; }
  static Scope organization(OrganizationId id) { return {Kind::organization, id, {}}; }
  static Scope user(UserId id) { return {Kind::user, {}, id}; }
};

class Transaction {
 public:
  virtual ~Transaction() = default;

  virtual UserRepository& users() = 0;
  virtual BearerRepository& bearers() = 0;
  virtual OrganizationRepository& organizations() = 0;
  virtual ResourceRepository& resources() = 0;
  virtual NodeRepository& nodes() = 0;
  virtual CertificateRepository& certificates() = 0;
  virtual PublicationRepository& publications() = 0;
  virtual TrustRepository& trust() = 0;
  virtual SessionRepository& sessions() = 0;
  virtual SecurityRepository& security() = 0;
  virtual ConfigRepository& configs() = 0;
  virtual AuditRepository& audit_log() = 0;

  // Written when the transaction commits, last of all: the lock on the hash chain is held briefly,
  // and a transaction that fails leaves no entry.
  virtual void audit(AuditEntry entry) = 0;

  // Lets the platform act within an organization's or a person's transaction; see AsPlatform.
  virtual void set_scope(const Scope& scope) = 0;
  virtual const Scope& scope() const = 0;
};

// For its lifetime the transaction acts for the platform: where an organization's wish touches what
// no organization may see (nodes, commands). Every use is a decision worth a look in review.
class AsPlatform {
 public:
  explicit AsPlatform(Transaction& tx) : tx_(tx), before_(tx.scope()) {
    tx_.set_scope(Scope::platform());
  }
  ~AsPlatform() { tx_.set_scope(before_); }
  AsPlatform(const AsPlatform&) = delete;
  AsPlatform& operator=(const AsPlatform&) = delete;

 private:
  Transaction& tx_;
  Scope before_;
};

enum class DatabaseFault : std::uint8_t {
  unavailable,  // cannot be reached, shutting down, out of connections or of disk
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
