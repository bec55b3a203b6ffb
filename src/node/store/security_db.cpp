#include "node/store/security_db.hpp"

#include <system_error>

#include "base/try.hpp"
#include "node/store/statement.hpp"

namespace rap::node_store {

using agent::StoreFault;
using agent::StoreOutcome;
using agent::StoreRefusal;
using agent::StreamState;
using snapshot::DeltaStream;
using snapshot::SecurityChanges;

namespace {

constexpr const char* kSchema =
    "CREATE TABLE origin (cluster TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE streams (name TEXT PRIMARY KEY, cursor INTEGER NOT NULL,"
    " complete INTEGER NOT NULL, began INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT INTO streams VALUES ('epochs', 0, 0, 0), ('blocklist', 0, 0, 0);"
    "CREATE TABLE epochs (user TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,"
    " stored_at INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE blocklist (kind TEXT NOT NULL, value TEXT NOT NULL, expires_at INTEGER,"
    " seq INTEGER NOT NULL, PRIMARY KEY (kind, value)) WITHOUT ROWID;"
    "CREATE INDEX blocklist_expiry ON blocklist (expires_at) WHERE expires_at IS NOT NULL;";

// A clock that is off by hours must not make a node forget what is in force.
constexpr std::chrono::hours kKeepExpired{24};

std::unexpected<StoreRefusal> refuse(StoreFault fault, std::string detail) {
  return std::unexpected(StoreRefusal{fault, std::move(detail)});
}

}  // namespace

void SecurityDb::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

SecurityDb::SecurityDb(std::filesystem::path path, ClusterId cluster, std::size_t max_keys)
    : path_(std::move(path)), cluster_(cluster), max_keys_(max_keys) {}

SecurityDb::~SecurityDb() = default;

StoreRefusal SecurityDb::refusal(int code) const {
  const std::string detail =
      path_.string() + ": " + (db_ ? sqlite3_errmsg(db_.get()) : sqlite3_errstr(code));
  constexpr int kPrimary = 0xff;
  const int primary = code & kPrimary;
  const bool damaged = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB ||
                       primary == SQLITE_SCHEMA || primary == SQLITE_ERROR ||
                       code == SQLITE_IOERR_SHORT_READ || code == SQLITE_READONLY_DBMOVED;
  return {damaged ? StoreFault::damaged : StoreFault::unavailable, detail};
}

StoreOutcome<void> SecurityDb::script(const char* sql) {
  const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return std::unexpected(refusal(sqlite3_extended_errcode(db_.get())));
  return {};
}

StoreOutcome<void> SecurityDb::open() {
  if (db_) {
    int moved = 0;
    sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved == 0) return {};
    db_.reset();
    return refuse(StoreFault::damaged, path_.string() + " was removed.");
  }
  sqlite3* db = nullptr;
  const int code =
      sqlite3_open_v2(path_.c_str(), &db,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW, nullptr);
  db_.reset(db);
  StoreOutcome<void> opened;
  if (code != SQLITE_OK) {
    opened = std::unexpected(refusal(code));
  } else {
    sqlite3_extended_result_codes(db, 1);
    opened = check();
  }
  if (!opened) db_.reset();
  return opened;
}

// What an earlier run left is looked through before it is believed; an empty file gets its tables.
StoreOutcome<void> SecurityDb::check() {
  if (auto ok = script("PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL;"); !ok) return ok;
  Statement version(db_.get(), "PRAGMA user_version");
  if (const int code = version.step(); code != SQLITE_ROW) return std::unexpected(refusal(code));
  if (version.integer(0) == 0) {
    const std::string create = "BEGIN IMMEDIATE;" + std::string(kSchema) +
                               "INSERT INTO origin VALUES ('" + cluster_.str() + "');" +
                               "PRAGMA user_version=" + std::to_string(kSchemaVersion) + ";COMMIT;";
    return script(create.c_str());
  }
  if (version.integer(0) != kSchemaVersion) {
    return refuse(StoreFault::damaged, path_.string() + " is of another version.");
  }
  Statement look(db_.get(), "PRAGMA quick_check(1)");
  if (const int code = look.step(); code != SQLITE_ROW) return std::unexpected(refusal(code));
  if (look.text(0) != "ok") {
    return refuse(StoreFault::damaged, path_.string() + " is damaged: " + look.text(0));
  }
  return check_cluster();
}

// Cursors count in the cluster that gave them.
StoreOutcome<void> SecurityDb::check_cluster() {
  Statement origin(db_.get(), "SELECT cluster FROM origin");
  const int code = origin.step();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return std::unexpected(refusal(code));
  if (code == SQLITE_ROW && origin.text(0) == cluster_.str()) return {};
  return refuse(StoreFault::damaged, path_.string() + " is of another cluster.");
}

template <class Work>
StoreOutcome<void> SecurityDb::transact(Work work) {
  if (auto ok = open(); !ok) return ok;
  if (auto ok = script("BEGIN IMMEDIATE"); !ok) return ok;
  StoreOutcome<void> done = work();
  if (done) done = script("COMMIT");
  if (!done) sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  if (!done && done.error().fault == StoreFault::damaged) db_.reset();
  return done;
}

StoreOutcome<StreamState> SecurityDb::state(DeltaStream stream) {
  RAP_TRY(open());
  Statement read(db_.get(), "SELECT cursor, complete, began FROM streams WHERE name = ?");
  const int code = read.bind(to_string(stream)).step();
  if (code == SQLITE_DONE) return refuse(StoreFault::damaged, path_.string() + " lacks a cursor.");
  if (code != SQLITE_ROW) return std::unexpected(refusal(code));
  return StreamState{read.count(0), read.integer(1) != 0, read.count(2)};
}

StoreOutcome<void> SecurityDb::set_state(DeltaStream stream, StreamState state) {
  Statement write(db_.get(),
                  "UPDATE streams SET cursor = ?, complete = ?, began = ? WHERE name = ?");
  const int code = write.bind(state.cursor)
                       .bind(std::int64_t{state.complete})
                       .bind(state.began)
                       .bind(to_string(stream))
                       .run();
  if (code != SQLITE_DONE) return std::unexpected(refusal(code));
  return {};
}

StoreOutcome<void> SecurityDb::write(const SecurityChanges& changes, WallTime now) {
  Statement epoch(db_.get(),
                  "INSERT INTO epochs VALUES (?1, ?2, ?3, ?4) ON CONFLICT (user) DO UPDATE SET "
                  "epoch = ?2, seq = ?3, stored_at = ?4 WHERE seq < ?3");
  for (const auto& c : changes.epochs) {
    const int code = epoch.bind(c.user.str()).bind(c.epoch).bind(c.seq).bind(to_unix(now)).run();
    if (code != SQLITE_DONE) return std::unexpected(refusal(code));
  }
  Statement add(db_.get(),
                "INSERT INTO blocklist VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind, value) DO UPDATE "
                "SET expires_at = ?3, seq = ?4 WHERE seq < ?4");
  Statement remove(db_.get(), "DELETE FROM blocklist WHERE kind = ? AND value = ? AND seq < ?");
  for (const auto& c : changes.blocklist) {
    const auto expires = c.expires_at ? std::optional(to_unix(*c.expires_at)) : std::nullopt;
    const int code = c.listed
                         ? add.bind(to_string(c.kind)).bind(c.value).bind(expires).bind(c.seq).run()
                         : remove.bind(to_string(c.kind)).bind(c.value).bind(c.seq).run();
    if (code != SQLITE_DONE) return std::unexpected(refusal(code));
  }
  // Looks at every row, which is cheap enough for once a change of them.
  Statement outlive(db_.get(), "DELETE FROM epochs WHERE ?1 AND stored_at < ?2");
  if (const int code = outlive.bind(std::int64_t{!changes.epochs.empty()})
                           .bind(to_unix(now - snapshot::kEpochMemory))
                           .run();
      code != SQLITE_DONE) {
    return std::unexpected(refusal(code));
  }
  Statement expire(db_.get(), "DELETE FROM blocklist WHERE expires_at < ?");
  if (const int code = expire.bind(to_unix(now - kKeepExpired)).run(); code != SQLITE_DONE) {
    return std::unexpected(refusal(code));
  }
  return {};
}

StoreOutcome<void> SecurityDb::check_size(DeltaStream stream) {
  Statement count(db_.get(), stream == DeltaStream::epochs ? "SELECT count(*) FROM epochs"
                                                           : "SELECT count(*) FROM blocklist");
  if (const int code = count.step(); code != SQLITE_ROW) return std::unexpected(refusal(code));
  if (count.count(0) <= max_keys_) return {};
  return refuse(StoreFault::full,
                path_.string() + " is full: more than " + std::to_string(max_keys_) + " " +
                    std::string(to_string(stream)) + " do not fit, so no new flows are let in.");
}

StoreOutcome<void> SecurityDb::apply(DeltaStream stream, const SecurityChanges& changes,
                                     StreamState next, WallTime now) {
  return transact([&]() -> StoreOutcome<void> {
    if (auto ok = write(changes, now); !ok) return ok;
    if (auto ok = set_state(stream, next); !ok) return ok;
    return check_size(stream);
  });
}

StoreOutcome<SecurityChanges> SecurityDb::load() {
  RAP_TRY(open());
  SecurityChanges all;
  const auto nonsense = [&] {
    return refuse(StoreFault::damaged, path_.string() + " holds a row that makes no sense.");
  };
  Statement epochs(db_.get(), "SELECT user, epoch, seq FROM epochs");
  int code = SQLITE_OK;
  while ((code = epochs.step()) == SQLITE_ROW) {
    const auto user = UserId::parse(epochs.text(0));
    if (!user) return nonsense();
    all.epochs.push_back({*user, epochs.count(1), epochs.count(2)});
  }
  if (code != SQLITE_DONE) return std::unexpected(refusal(code));
  Statement list(db_.get(), "SELECT kind, value, expires_at, seq FROM blocklist");
  while ((code = list.step()) == SQLITE_ROW) {
    const auto kind = policy::blocklist_kind_from(list.text(0));
    std::string value = list.text(1);
    if (!kind || policy::blocklist_value(*kind, value) != value) return nonsense();
    const auto expires = list.is_null(2) ? std::nullopt : std::optional(from_unix(list.integer(2)));
    all.blocklist.push_back({*kind, std::move(value), true, expires, list.count(3)});
  }
  if (code != SQLITE_DONE) return std::unexpected(refusal(code));
  return all;
}

StoreOutcome<void> SecurityDb::clear(DeltaStream stream) {
  return transact([&]() -> StoreOutcome<void> {
    if (auto ok =
            script(stream == DeltaStream::epochs ? "DELETE FROM epochs" : "DELETE FROM blocklist");
        !ok) {
      return ok;
    }
    return set_state(stream, {});
  });
}

StoreOutcome<void> SecurityDb::rebuild() {
  db_.reset();
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) {
    std::error_code error;
    std::filesystem::remove(path_.string() + suffix, error);
    if (error) return refuse(StoreFault::unavailable, path_.string() + ": " + error.message());
  }
  return open();
}

}  // namespace rap::node_store
