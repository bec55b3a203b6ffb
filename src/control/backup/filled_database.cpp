#include "control/backup/filled_database.hpp"

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "control/backup/owner_connection.hpp"
#include "control/core/history_loss.hpp"
#include "control/keys/host_database.hpp"
#include "control/store/database.hpp"
#include "control/store/postgres/migrations.hpp"
#include "io/system/system.hpp"

namespace rap::control::server {
namespace {

constexpr std::string_view kRestored = "database.restored";

Result<store::Rows> query(store::Connection& connection, std::string_view sql) {
  auto rows = connection.query(sql, {});
  if (!rows) return std::unexpected(rows.error().message);
  return std::move(*rows);
}

}  // namespace

Result<Filling> look_into_database(const std::string& conninfo, const backup::Manifest& manifest) {
  auto connection = RAP_TRY(open_as_owner(conninfo));
  const auto there = RAP_TRY(
      query(connection,
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' ORDER BY c.relname = 'audit_head' DESC LIMIT 1"));
  if (there.empty()) return Filling::empty;
  const std::string leave_alone =
      "; a restore goes into an empty database only: make one, or remove that one yourself";
  if (there[0].text(0) != "audit_head") {
    return std::unexpected("the database is not empty (it has '" + there[0].text(0) + "')" +
                           leave_alone);
  }
  if (const auto ok = connection.script("SELECT set_config('rap.scope', 'platform', false)"); !ok) {
    return std::unexpected(ok.error().message);
  }
  const auto head = RAP_TRY(query(connection,
                                  "SELECT h.seq, h.hash, e.action, e.target_id FROM audit_head h "
                                  "LEFT JOIN audit_log e ON e.seq = h.seq"));
  if (!head.empty()) {
    if (head[0].count(0) == manifest.audit_seq && head[0].bytes32(1) == manifest.audit_hash) {
      return Filling::filled;
    }
    if (head[0].text(2) == kRestored && head[0].text(3) == manifest.id.str()) {
      return Filling::finished;
    }
  }
  return std::unexpected("the database holds a platform already" + leave_alone);
}

Result<void> finish_database(const std::string& conninfo, const backup::Manifest& manifest,
                             const std::string& file) {
  {
    auto owner = RAP_TRY(open_as_owner(conninfo));
    const auto migrated = store::migrate(owner, store::embedded_migrations());
    if (!migrated) return std::unexpected(migrated.error().message);
  }
  if (RAP_TRY(look_into_database(conninfo, manifest)) == Filling::finished) return {};
  io::StderrLog log("rap-control", LogLevel::warn);
  store::PostgresDatabase database(
      {.conninfo = conninfo, .user = std::string(store::kAppRole), .max_connections = 1}, log);
  const Scope scope = Scope::platform().in(manifest.cluster);
  const auto done = transact(database, scope, [&](Transaction& tx) -> Outcome<void> {
    const WallTime now = io::wall_now();
    const auto by = AuditEntry::of_system(now, host_actor("restore"));
    begin_history(tx, by, HistoryLoss::restored, 0, now);
    // It comes last: whoever repeats a restore looks for it there.
    tx.audit(by.about(kRestored, "backup", manifest.id.str(), file)
                 .with({{"made_at", to_unix(manifest.made_at)},
                        {"made_on", manifest.host},
                        {"made_by_version", manifest.version},
                        {"audit_seq", manifest.audit_seq},
                        {"audit_hash", to_hex(manifest.audit_hash)}}));
    return {};
  });
  if (!done) return std::unexpected(done.error().detail);
  return {};
}

}  // namespace rap::control::server
