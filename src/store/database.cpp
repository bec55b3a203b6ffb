#include "store/database.hpp"

#include "store/transaction.hpp"

namespace rap::store {
namespace {

control::DatabaseFault fault_of(SqlError::Kind kind) {
  switch (kind) {
    case SqlError::Kind::unavailable: return control::DatabaseFault::unavailable;
    case SqlError::Kind::serialization:
    case SqlError::Kind::constraint: return control::DatabaseFault::conflict;
    case SqlError::Kind::other: break;
  }
  return control::DatabaseFault::broken;
}

}  // namespace

PostgresDatabase::PostgresDatabase(Pool::Options options, Log& log)
    : pool_(std::move(options)), log_(log) {}

PostgresDatabase::~PostgresDatabase() = default;

std::expected<void, control::DatabaseFault> PostgresDatabase::run(
    const control::Scope& scope,
    const std::function<control::Ending(control::Transaction&)>& work) {
  for (int attempts = 1;; ++attempts) {
    auto done = run_probing(scope, work);
    if (done) return {};
    const SqlError& error = done.error();
    if (error.kind == SqlError::Kind::serialization && attempts < kMaxAttempts) continue;
    if (error.kind != SqlError::Kind::unavailable) {
      log_.error("database.failed", {{"sqlstate", error.sqlstate}, {"reason", error.message}});
    }
    return std::unexpected(fault_of(error.kind));
  }
}

std::expected<void, SqlError> PostgresDatabase::run_probing(
    const control::Scope& scope,
    const std::function<control::Ending(control::Transaction&)>& work) {
  std::unique_lock probe(probing_, std::defer_lock);
  if (away_ && !probe.try_lock()) {
    return std::unexpected(SqlError{SqlError::Kind::unavailable, "", "the database is away"});
  }
  const auto reached_before = reached_.load();
  auto done = attempt(scope, work);
  const bool away = !done && done.error().kind == SqlError::Kind::unavailable;
  if (away) {
    pool_.renew();
    // Another call reached the database meanwhile: what failed is the past, not the state.
    if (reached_ != reached_before) return done;
  } else {
    ++reached_;
  }
  if (away_.exchange(away) == away) return done;
  if (away) {
    log_.warn("database.unavailable",
              {{"sqlstate", done.error().sqlstate}, {"reason", done.error().message}});
  } else {
    log_.info("database.back");
  }
  return done;
}

// A pooled connection may have died since its last use. Nothing has happened on it yet, so one more
// try on a new one is safe.
std::expected<Pool::Lease, SqlError> PostgresDatabase::begin(const control::Scope& scope) {
  const std::string statement = "BEGIN; " + scope_statement(scope);
  for (bool second_try : {false, true}) {
    auto lease = pool_.take();
    if (!lease) return lease;
    auto begun = (*lease)->script(statement);
    if (begun) return lease;
    if (second_try || !(*lease)->broken()) return std::unexpected(std::move(begun.error()));
    pool_.renew();
  }
  return std::unexpected(SqlError{SqlError::Kind::unavailable, "", "no connection"});
}

std::expected<void, SqlError> PostgresDatabase::attempt(
    const control::Scope& scope,
    const std::function<control::Ending(control::Transaction&)>& work) {
  auto lease = begin(scope);
  if (!lease) return std::unexpected(std::move(lease.error()));
  SqlTransaction tx(**lease, scope);
  const control::Ending ending = work(tx);
  if (ending == control::Ending::commit) tx.write_audit();
  statements_ += tx.statements();
  if (tx.fault()) {
    SqlError error = *tx.fault();
    if ((*lease)->broken()) {
      pool_.renew();  // the others are no better
    } else {
      (void)(*lease)->script("ROLLBACK");
    }
    return std::unexpected(std::move(error));
  }
  return (*lease)->script(ending == control::Ending::commit ? "COMMIT" : "ROLLBACK");
}

}  // namespace rap::store
