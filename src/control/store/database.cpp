#include "control/store/database.hpp"

#include "base/try.hpp"
#include "control/store/transaction.hpp"

namespace rap::store {
namespace {

constexpr std::string_view kReadOnly = "25006";
constexpr std::string_view kDiskFull = "53100";
constexpr std::string_view kDiskFails = "58030";

bool takes_no_changes(const SqlError& error) {
  return error.sqlstate == kReadOnly || error.sqlstate == kDiskFull || error.sqlstate == kDiskFails;
}

control::OutageCause cause_of(const SqlError& error) {
  constexpr std::string_view kCanceled = "57014";
  constexpr std::string_view kIdledTooLong = "25P03";
  const std::string_view state = error.sqlstate;
  if (state == kCanceled || state == kIdledTooLong) return control::OutageCause::too_slow;
  if (state.starts_with("57")) return control::OutageCause::shutting_down;
  if (state.starts_with("53")) return control::OutageCause::out_of_room;
  if (state.starts_with("58")) return control::OutageCause::host_failed;
  return control::OutageCause::no_answer;
}

control::DatabaseFault fault_of(const SqlError& error) {
  if (takes_no_changes(error)) return control::DatabaseFault::takes_no_changes;
  switch (error.kind) {
    case SqlError::Kind::unavailable: return control::DatabaseFault::unavailable;
    case SqlError::Kind::serialization:
    case SqlError::Kind::constraint: return control::DatabaseFault::conflict;
    case SqlError::Kind::other: break;
  }
  return control::DatabaseFault::broken;
}

}  // namespace

PostgresDatabase::PostgresDatabase(ConnectionPool::Options options, Log& log,
                                   LockedStanding::Clocks clocks)
    : pool_(std::move(options)), log_(log), standing_(std::move(clocks)) {}

PostgresDatabase::~PostgresDatabase() = default;

std::expected<void, control::DatabaseFault> PostgresDatabase::run(
    const control::Scope& scope,
    const std::function<control::Ending(control::Transaction&)>& work) {
  for (int attempts = 1;; ++attempts) {
    auto done = run_probing(scope, work);
    if (done) return {};
    const SqlError& error = done.error();
    if (error.kind == SqlError::Kind::serialization && attempts < kMaxAttempts) continue;
    if (takes_no_changes(error)) {
      ++changes_refused_;
      log_.error(LogCause::member({}, error.sqlstate), "database.takes_no_changes",
                 {{"sqlstate", error.sqlstate}, {"reason", error.message}});
    } else if (error.kind != SqlError::Kind::unavailable) {
      log_.error(LogCause::member({}, error.sqlstate), "database.failed",
                 {{"sqlstate", error.sqlstate}, {"reason", error.message}});
    }
    return std::unexpected(fault_of(error));
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
    // Before `away_`, so that whoever takes that back tells the standing after this.
    if (!takes_no_changes(done.error())) standing_.step(cause_of(done.error()));
  } else {
    ++reached_;
  }
  if (away_.exchange(away) == away) return done;
  if (away) {
    log_.warn("database.unavailable",
              {{"sqlstate", done.error().sqlstate}, {"reason", done.error().message}});
  } else {
    standing_.step(std::nullopt);
    log_.info("database.back");
  }
  return done;
}

// A pooled connection may have died since its last use. If nothing has happened on it yet, one more
// try on a new one is safe.
std::expected<void, SqlError> PostgresDatabase::attempt(
    const control::Scope& scope,
    const std::function<control::Ending(control::Transaction&)>& work) {
  for (bool second_try : {false, true}) {
    auto lease = RAP_TRY(pool_.take());
    Connection& connection = *lease;
    auto done = attempt_on(connection, scope, work);
    if (connection.broken()) pool_.renew();  // the others are no better
    if (done || second_try || !connection.broken() || connection.has_begun()) return done;
  }
  return std::unexpected(SqlError{SqlError::Kind::unavailable, "", "no connection"});
}

std::expected<void, SqlError> PostgresDatabase::attempt_on(
    Connection& connection, const control::Scope& scope,
    const std::function<control::Ending(control::Transaction&)>& work) {
  connection.begin();
  SqlTransaction tx(connection, scope);
  const control::Ending ending = work(tx);
  if (ending == control::Ending::commit) tx.write_audit();
  statements_ += tx.statements();
  if (tx.fault()) {
    if (!connection.broken()) (void)connection.roll_back();
    return std::unexpected(*tx.fault());
  }
  return ending == control::Ending::commit ? connection.commit() : connection.roll_back();
}

}  // namespace rap::store
