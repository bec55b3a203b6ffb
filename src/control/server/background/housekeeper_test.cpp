// What a server does by itself, with a real PostgreSQL that comes and goes.
#include "control/server/background/housekeeper.hpp"

#include <atomic>

#include "control/people/bearer.hpp"
#include "control/server/test_server.hpp"

namespace rap::control::server {
namespace {

using namespace std::chrono_literals;
using store::TestCluster;

// A database that nothing was written to yet.
std::string empty_database() { return TestCluster::get().copy("template1"); }

std::int64_t count(const std::string& conninfo, const std::string& of) {
  auto superuser = TestCluster::open(conninfo, "postgres");
  const auto rows = superuser.query("SELECT count(*) FROM " + of, {});
  EXPECT_TRUE(rows) << rows.error().message;
  return rows ? (*rows)[0].integer(0) : 0;
}

bool comes(const std::function<bool()>& condition) {
  const MonoTime until = io::mono_now() + io::kPatience;
  while (!condition()) {
    if (io::mono_now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(Housekeeper, BringsAnEmptyDatabaseUpToDateOnce) {
  ServerParts parts(empty_database());
  const auto housekeeper = parts.housekeeper();
  EXPECT_EQ(true, housekeeper->migrate().value());
  EXPECT_EQ(1, parts.log.count("database.migrated"));
  EXPECT_EQ(static_cast<std::int64_t>(store::embedded_migrations().size()),
            count(parts.conninfo, "schema_migrations"));
  EXPECT_EQ(true, housekeeper->migrate().value());
  EXPECT_EQ(1, parts.log.count("database.migrated")) << "nothing was left to do";
}

TEST(Housekeeper, TellsADatabaseThatIsAwayFromOneThatItCannotServe) {
  ServerParts away("host=/nowhere dbname=rap");
  EXPECT_EQ(false, away.housekeeper()->migrate().value()) << "it will be tried again";
  EXPECT_EQ(1, away.log.count("database.unavailable"));

  ServerParts newer(TestCluster::get().fresh_database());
  auto superuser = TestCluster::open(newer.conninfo, "postgres");
  ASSERT_TRUE(superuser.query(
      "INSERT INTO schema_migrations VALUES (9999, 'of tomorrow', 'hash', now())", {}));
  const auto refused = newer.housekeeper()->migrate();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("newer rap-control"), std::string::npos) << refused.error();
}

TEST(Housekeeper, MigratesByItselfWhatItCouldNotReachAtFirst) {
  ServerParts parts(empty_database());
  std::atomic<int> told = 0;
  const auto housekeeper = parts.housekeeper(std::nullopt, [&] { ++told; });
  housekeeper->start();
  EXPECT_TRUE(parts.log.wait_for("database.migrated"));
  EXPECT_TRUE(comes([&] { return told == 1; })) << "who waited for it";
}

TEST(Housekeeper, SaysEachTimeThatItCannotServeTheDatabase) {
  ServerParts parts(TestCluster::get().fresh_database());
  auto superuser = TestCluster::open(parts.conninfo, "postgres");
  ASSERT_TRUE(superuser.query("UPDATE schema_migrations SET sha256 = 'x' WHERE version = 1", {}));
  const auto housekeeper = parts.housekeeper();
  housekeeper->start();
  EXPECT_TRUE(parts.log.wait_for("database.migration_failed", 2));
}

TEST(Housekeeper, KeepsHouseOnceTheSchemaIsThere) {
  ServerParts parts(TestCluster::get().fresh_database());
  parts.bootstrap();
  ASSERT_TRUE(parts.database.run(Scope::platform(), [&](Transaction& tx) {
    const auto owner = tx.users().find("owner@platform.test");
    EXPECT_TRUE(owner);
    if (!owner) return Ending::roll_back;
    const WallTime now = io::wall_now();
    tx.bearers().add({{1}, owner->id, {}, "127.0.0.1", now - 2h, now - 1h}, kMaxBearersPerUser);
    tx.bearers().add({{2}, owner->id, {}, "127.0.0.1", now, now + 1h}, kMaxBearersPerUser);
    return Ending::commit;
  }));
  ASSERT_EQ(2, count(parts.conninfo, "bearer_sessions"));
  const auto housekeeper = parts.housekeeper();
  ASSERT_TRUE(housekeeper->migrate());
  housekeeper->start();
  EXPECT_TRUE(comes([&] { return count(parts.conninfo, "bearer_sessions") == 1; }));
}

TEST(Housekeeper, StartsThePrivatePostgresAgainWhenItIsGone) {
  const io::TestDirectory folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms{0711});
  store::PrivatePostgres postgres({.data = folder / "d",
                                   .sockets = folder / "s",
                                   .log_file = folder / "d/server.log",
                                   .durable = false});
  ASSERT_TRUE(postgres.create());
  ServerParts parts(postgres.conninfo());
  {
    const auto housekeeper = parts.housekeeper(postgres);
    ASSERT_TRUE(housekeeper->migrate());
    ASSERT_TRUE(postgres.stop());
    housekeeper->start();
    EXPECT_TRUE(parts.log.wait_for("postgres.restarting"));
    EXPECT_TRUE(comes([&] { return postgres.running(); }));
    EXPECT_EQ(0, parts.log.count("postgres.start_failed"));
  }
  EXPECT_TRUE(postgres.stop());
}

TEST(Housekeeper, EndsBeforeItBegins) {
  ServerParts parts("host=/nowhere dbname=rap");
  EXPECT_TRUE(parts.housekeeper()) << "one that was never started";
  parts.housekeeper()->start();
}

void write_entry(ServerParts& parts, const char* action, WallTime at) {
  ASSERT_TRUE(parts.database.run(Scope::platform(), [&](Transaction& tx) {
    tx.audit(AuditEntry::of_system(at).about(action, "backup", "", ""));
    return Ending::commit;
  }));
}

TEST(LastBackup, IsTheNewestThatTheAuditLogTellsOf) {
  ServerParts parts(TestCluster::get().fresh_database());
  parts.bootstrap();
  LastBackup last;
  last.look(parts.database);
  EXPECT_EQ(0U, last.at()) << "there was none";
  write_entry(parts, "backup.made", from_unix(1'800'000'000));
  write_entry(parts, "backup.begun", from_unix(1'800'000'500));
  last.look(parts.database);
  EXPECT_EQ(1'800'000'000U, last.at()) << "one that only began is none";
  write_entry(parts, "user.created", from_unix(1'800'000'600));
  last.look(parts.database);
  EXPECT_EQ(1'800'000'000U, last.at()) << "what was seen is remembered";
  write_entry(parts, "backup.made", from_unix(1'800'086'400));
  last.look(parts.database);
  EXPECT_EQ(1'800'086'400U, last.at());

  LastBackup of_another_server;
  of_another_server.look(parts.database);
  EXPECT_EQ(1'800'086'400U, of_another_server.at());
  ServerParts restored(TestCluster::get().fresh_database());
  restored.bootstrap();
  last.look(restored.database);
  EXPECT_EQ(0U, last.at()) << "the database went back, and what it forgot is forgotten";
  ServerParts away("host=/nowhere dbname=rap");
  of_another_server.look(away.database);
  EXPECT_EQ(1'800'086'400U, of_another_server.at());
}

TEST(Housekeeper, KnowsWhenTheLastBackupWasMade) {
  ServerParts parts(TestCluster::get().fresh_database());
  parts.bootstrap();
  write_entry(parts, "backup.made", from_unix(1'800'000'000));
  const auto housekeeper = parts.housekeeper();
  ASSERT_TRUE(housekeeper->migrate().value());
  housekeeper->start();
  EXPECT_TRUE(comes([&] { return housekeeper->last_backup().at() == 1'800'000'000; }));
}

}  // namespace
}  // namespace rap::control::server
