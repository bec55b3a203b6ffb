#include "control/store/postgres/migrations.hpp"

#include "base/try.hpp"
#include "crypto/keys/digest.hpp"

namespace rap::store {
namespace {

constexpr std::chrono::minutes kPatience{30};  // a migration may rewrite a large table

// Held for the whole run, so that two servers starting at once do not apply the same file.
constexpr const char* kLock = "SELECT pg_advisory_lock(hashtext('rap schema_migrations'))";
constexpr const char* kUnlock = "SELECT pg_advisory_unlock(hashtext('rap schema_migrations'))";

SqlError refusal(std::string message) { return {SqlError::Kind::other, "", std::move(message)}; }

std::string label(const Migration& m) {
  return std::to_string(m.version) + "_" + std::string(m.name);
}

std::expected<void, SqlError> check_applied(const Rows& applied,
                                            const std::vector<Migration>& migrations) {
  if (static_cast<std::size_t>(applied.size()) > migrations.size()) {
    return std::unexpected(
        refusal("the database was written by a newer rap-control; start that version instead"));
  }
  for (int i = 0; i < applied.size(); ++i) {
    const Migration& ours = migrations[static_cast<std::size_t>(i)];
    if (applied[i].integer(0) == ours.version &&
        applied[i].text(1) == crypto::sha256_hex(as_bytes(ours.sql))) {
      continue;
    }
    return std::unexpected(refusal("migration " + label(ours) +
                                   " was changed after it was applied; restore the file, and put "
                                   "the change into a new migration"));
  }
  return {};
}

std::expected<void, SqlError> apply(Connection& owner, const Migration& migration) {
  const auto run = [&]() -> std::expected<void, SqlError> {
    if (auto ok = owner.script("BEGIN"); !ok) return ok;
    if (auto ok = owner.script(std::string(migration.sql)); !ok) return ok;
    RAP_TRY(
        owner.query("INSERT INTO schema_migrations (version, name, sha256, applied_at) "
                    "VALUES ($1, $2, $3, now())",
                    {to_param(migration.version), to_param(migration.name),
                     to_param(crypto::sha256_hex(as_bytes(migration.sql)))}));
    return owner.script("COMMIT");
  };
  auto ok = run();
  if (ok) return ok;
  (void)owner.script("ROLLBACK");
  ok.error().message = "migration " + label(migration) + ": " + ok.error().message;
  return ok;
}

std::expected<int, SqlError> apply_missing(Connection& owner,
                                           const std::vector<Migration>& migrations) {
  RAP_TRY(
      owner.script("CREATE TABLE IF NOT EXISTS schema_migrations (version integer "
                   "PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, "
                   "applied_at timestamptz NOT NULL)"));
  auto applied =
      RAP_TRY(owner.query("SELECT version, sha256 FROM schema_migrations ORDER BY version", {}));
  RAP_TRY(check_applied(applied, migrations));
  int count = 0;
  for (auto i = static_cast<std::size_t>(applied.size()); i < migrations.size(); ++i) {
    RAP_TRY(apply(owner, migrations[i]));
    ++count;
  }
  return count;
}

}  // namespace

std::expected<int, SqlError> migrate(Connection& owner, const std::vector<Migration>& migrations) {
  owner.set_patience(kPatience);
  RAP_TRY(owner.script("SET statement_timeout = 0; SET lock_timeout = 0"));
  RAP_TRY(owner.script(kLock));
  auto count = apply_missing(owner, migrations);
  (void)owner.script(kUnlock);
  return count;
}

}  // namespace rap::store
