// The platform into a file and back: every row and every key, nothing before all of it was checked,
// and wherever a restore is cut short it is repeated.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "control/backup/postgres_programs.hpp"
#include "control/backup/test_platform.hpp"

namespace rap::control::server {
namespace {

namespace fs = std::filesystem;
using store::TestCluster;

TEST_F(BackupTest, ALostMachineComesBackWithEveryRowAndEveryKey) {
  const std::string pki = "/clusters/" + one_.str() + "/pki/";
  write("state" + pki + "names", "control.example\n");
  const auto rows = rows_of(conninfo_);
  const auto root = state_->load_authority().value().root_fingerprint();
  ASSERT_GE(rows.size(), 25U);
  ASSERT_EQ("", back_up());

  const std::string database = empty_database();
  ASSERT_EQ("", restore("new", database));
  EXPECT_EQ(rows, rows_of(database));
  const StateDirectory restored(folder_ / "new");
  EXPECT_EQ(root, restored.load_authority().value().root_fingerprint());
  for (const char* name : {"intermediate.key", "token.key", "config.key", "server.key", "names"}) {
    EXPECT_EQ(read("state" + pki + name), read("new" + pki + name)) << name;
    struct stat before{};
    struct stat after{};
    stat(in_folder("state" + pki + name).c_str(), &before);
    stat(in_folder("new" + pki + name).c_str(), &after);
    EXPECT_EQ(before.st_mode, after.st_mode) << name;
  }
  EXPECT_FALSE(fs::exists(restored.restoring()));
  EXPECT_EQ("0", asked(database,
                       "SELECT count(*)::text FROM pg_class c WHERE c.relkind = 'r' AND "
                       "c.relnamespace = 'public'::regnamespace AND "
                       "pg_get_userbyid(c.relowner) <> 'rap_owner'"));
}

TEST_F(BackupTest, ARestoreBeginsAHistoryAndIsInTheAuditLogWhichStaysWhole) {
  const std::string counted = asked(conninfo_, "SELECT config_version::text FROM clusters");
  ASSERT_EQ("", back_up());
  EXPECT_EQ("1", audited(conninfo_, "backup.made"));
  const std::string database = empty_database();
  ASSERT_EQ("", restore("new", database));
  EXPECT_EQ("1", audited(database, "database.restored"));
  EXPECT_EQ("1", audited(database, "database.went_back"));
  EXPECT_EQ("1", audited(database, "backup.begun")) << "before anything was read";
  EXPECT_EQ("0", audited(database, "backup.made")) << "that was later";
  EXPECT_EQ("2", asked(database, "SELECT histories::text FROM clusters"));
  EXPECT_EQ("t",
            asked(database, "SELECT (config_version > " + counted + ")::text::char FROM clusters"));
  auto app = TestCluster::open(database, store::kAppRole);
  ASSERT_TRUE(app.script("SELECT set_config('rap.scope', 'platform', false)"));
  const auto verdict = app.query("SELECT first_broken FROM rap_audit_verify()", {});
  ASSERT_TRUE(verdict);
  EXPECT_TRUE((*verdict)[0].is_null(0));
}

TEST_F(BackupTest, KeepsNoRootKeyAndNothingThatIsMadeAnew) {
  const std::string home = "state/clusters/" + one_.str();
  write(home + "/history.json", "{\"config_version\":1}");
  write(home + "/pki/server.key.0011.tmp", "half");
  ASSERT_TRUE(io::make_directory(folder_ / "state/postgres"));
  write("state/postgres/secret", "data");
  ASSERT_EQ("", back_up());
  ASSERT_EQ(1U, made_.root_keys.size());
  EXPECT_EQ(state_->root_key(), made_.root_keys[0]) << "the owner is told";
  ASSERT_EQ("", restore("new", empty_database()));
  const std::string restored = "new/clusters/" + one_.str();
  for (const std::string& path :
       {restored + "/root-ca/root.key", restored + "/history.json",
        restored + "/pki/server.key.0011.tmp", std::string("new/postgres")}) {
    EXPECT_FALSE(fs::exists(folder_ / path)) << path;
  }
}

TEST_F(BackupTest, ExportedHeadsComeAlongAsFarAsTheyAreWhole) {
  write("state/audit-heads.jsonl", "{\"first\":1}\n{\"second\":2}\n{\"half");
  ASSERT_EQ("", back_up());
  ASSERT_EQ("", restore("new", empty_database()));
  EXPECT_EQ("{\"first\":1}\n{\"second\":2}\n", read("new/audit-heads.jsonl"));
  constexpr std::size_t kLongestLine = 64UL * 1024;
  write("state/audit-heads.jsonl", "\n" + std::string(kLongestLine, 'x'));
  EXPECT_EQ("", back_up());
  write("state/audit-heads.jsonl", "\n" + std::string(kLongestLine + 1, 'x'));
  EXPECT_NE(back_up().find("does not end in lines"), std::string::npos);
}

TEST_F(BackupTest, IsReadableToItsOwnerAloneAndNeverWrittenThroughALink) {
  write("precious", "precious");
  fs::create_symlink(folder_ / "precious", folder_ / "backup");
  ASSERT_EQ("", back_up());
  EXPECT_EQ("precious", read("precious"));
  struct stat info{};
  ASSERT_EQ(0, lstat(in_folder("backup").c_str(), &info));
  EXPECT_TRUE(S_ISREG(info.st_mode));
  EXPECT_EQ(0600U, info.st_mode & 07777U);
  EXPECT_EQ(made_.bytes, static_cast<std::uint64_t>(info.st_size));
}

TEST_F(BackupTest, ThatFailsLeavesTheOneBeforeAndNothingElse) {
  write("backup", "the one before");
  const auto entries = [&] {
    return std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator());
  };
  const auto before = entries();
  const std::string good = std::exchange(conninfo_, "host=/nowhere dbname=rap");
  EXPECT_NE(back_up().find("cannot sign in"), std::string::npos);
  conninfo_ = good;
  // No room on the disk, as far as writing is concerned.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit little{.rlim_cur = 4096, .rlim_max = old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &little);
  const std::string said = back_up();
  setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_NE(said.find("File too large"), std::string::npos) << said;
  EXPECT_NE(said.find(in_folder("backup")), std::string::npos);
  EXPECT_EQ("the one before", read("backup"));
  EXPECT_EQ(before, entries());
  EXPECT_EQ("1", audited(conninfo_, "backup.begun")) << "some of it was written";
  EXPECT_EQ("0", audited(conninfo_, "backup.made"));
  EXPECT_NE(back_up("no/such/folder").find("No such file"), std::string::npos);
}

TEST_F(BackupTest, KeysThatDoNotBelongTogetherAreNotBackedUp) {
  write("state/clusters/" + one_.str() + "/pki/root.crt",
        crypto::make_root(one_, control::validity_from(io::wall_now(), kRootLifetime), rng)
            .certificate.pem());
  EXPECT_NE(back_up().find("do not belong together"), std::string::npos);
}

TEST_F(BackupTest, AFileOfKeysIsNoLinkAndNoPipe) {
  fs::create_symlink("/etc/hostname", state_->home() / "pki" / "planted.key");
  EXPECT_NE(back_up(), "");
  fs::remove(state_->home() / "pki" / "planted.key");
  EXPECT_EQ(back_up(), "");
}

TEST_F(BackupTest, ADamagedOrCutOneWritesNothingAnywhere) {
  ASSERT_EQ("", back_up());
  const std::string whole = read("backup");
  const std::string database = empty_database();
  const auto refused = [&](const std::string& content) {
    write("bent", content);
    const std::string said = restore("new", database, "bent");
    EXPECT_FALSE(fs::exists(folder_ / "new"));
    return said;
  };
  EXPECT_NE(refused(whole.substr(0, whole.size() - 1)), "");
  EXPECT_NE(refused(whole.substr(0, 93 + 65552)).find("cut short"), std::string::npos);
  for (std::size_t at = 0; at < whole.size(); at += whole.size() / 20) {
    std::string bent = whole;
    bent[at] = static_cast<char>(bent[at] ^ 4);
    EXPECT_NE(refused(bent), "") << at;
  }
  EXPECT_TRUE(is_empty(database));
  EXPECT_EQ("", restore("new", database));
}

TEST_F(BackupTest, GoesIntoAnEmptyPlaceOnly) {
  ASSERT_EQ("", back_up());
  fs::create_directory(folder_ / "used");
  write("used/something", "mine");
  EXPECT_NE(restore("used", empty_database()).find("not empty"), std::string::npos);
  EXPECT_EQ("mine", read("used/something"));
  EXPECT_NE(restore("state", empty_database()).find("not empty"), std::string::npos);

  const std::string other = empty_database();
  ASSERT_TRUE(TestCluster::open(other, store::kOwnerRole).script("CREATE TABLE mine ()"));
  EXPECT_NE(restore("new", other).find("'mine'"), std::string::npos);
  EXPECT_NE(restore("new", conninfo_).find("holds a platform already"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder_ / "new")) << "the database is looked at first";
}

TEST_F(BackupTest, OfANewerSchemaIsRefusedAndOfAnOlderOneBroughtForward) {
  auto owner = TestCluster::open(conninfo_, store::kOwnerRole);
  ASSERT_TRUE(owner.script("INSERT INTO schema_migrations VALUES (9999, 'x', 'x', now())"));
  ASSERT_EQ("", back_up("newer"));
  const std::string said = restore("new", empty_database(), "newer");
  EXPECT_NE(said.find("schema 9999"), std::string::npos) << said;
  EXPECT_FALSE(fs::exists(folder_ / "new"));

  // A platform of a while ago, with what was known then.
  const auto& all = store::embedded_migrations();
  conninfo_ = empty_database();
  auto older = TestCluster::open(conninfo_, store::kOwnerRole);
  ASSERT_TRUE(store::migrate(older, {all.begin(), all.end() - 1}));
  add_cluster(one_);
  ASSERT_EQ("", back_up("older"));
  const std::string database = empty_database();
  ASSERT_EQ("", restore("new", database, "older"));
  EXPECT_EQ(std::to_string(all.back().version),
            asked(database, "SELECT max(version)::text FROM schema_migrations"));
}

// What a restore leaves that was cut short: behind the files, behind the database, and behind the
// audit entry.
TEST_F(BackupTest, ARestoreThatWasCutShortIsRepeatedAndNobodyServesOrInitsMeanwhile) {
  ASSERT_EQ("", back_up());
  const std::string filled = empty_database();
  {
    const std::string dump = content().database;
    auto load = load_database(filled).value();
    ASSERT_TRUE(load.write(as_bytes(dump)));
    ASSERT_TRUE(load.finish());
  }
  const auto cut_short = [&](const std::string& name) {
    fs::create_directories(folder_ / name / "restoring/clusters/left");
    StateDirectory half(folder_ / name);
    EXPECT_NE(half.load_authority().error().find("cut short"), std::string::npos);
    EXPECT_NE(half.create(rng).error().find("repeat 'rap-control restore'"), std::string::npos);
    return name;
  };
  EXPECT_EQ("", restore(cut_short("a"), empty_database()));
  EXPECT_FALSE(fs::exists(folder_ / "a/clusters/left")) << "of the earlier try nothing stays";
  EXPECT_EQ("", restore(cut_short("b"), filled));
  EXPECT_EQ("1", audited(filled, "database.restored"));
  EXPECT_EQ("", restore(cut_short("c"), filled)) << "it is finished already";
  EXPECT_EQ("1", audited(filled, "database.restored"));
  EXPECT_EQ("2", asked(filled, "SELECT histories::text FROM clusters"));
  EXPECT_TRUE(StateDirectory(folder_ / "c").load_authority());

  // Somebody has worked with it since.
  auto app = TestCluster::open(filled, store::kAppRole);
  ASSERT_TRUE(app.script("SELECT set_config('rap.scope', 'platform', false)"));
  ASSERT_TRUE(app.script(
      "INSERT INTO audit_log (at, actor_kind, actor_id, actor_name, action, target_kind, "
      "target_id, target_name, outcome, source_ip, detail) VALUES (1, 'system', '', '', 'x', '', "
      "'', '', 'ok', '', '{}')"));
  EXPECT_NE(restore(cut_short("d"), filled).find("holds a platform already"), std::string::npos);
}

TEST_F(BackupTest, ADumpThatBreaksOffFillsNothing) {
  const std::string database = empty_database();
  auto holder = TestCluster::open(conninfo_, store::kOwnerRole);
  ASSERT_TRUE(holder.script("BEGIN ISOLATION LEVEL REPEATABLE READ"));
  const auto snapshot = holder.query("SELECT pg_export_snapshot()", {});
  auto dump = dump_database(conninfo_, (*snapshot)[0].text(0)).value();
  Bytes all;
  Bytes piece(10'000);
  while (const std::size_t n = dump.read(piece).value()) {
    all.insert(all.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(n));
  }
  ASSERT_TRUE(dump.finish());
  auto load = load_database(database).value();
  ASSERT_TRUE(load.write(ByteView(all).first(all.size() - 100)));
  const auto done = load.finish();
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().find("pg_restore failed"), std::string::npos);
  EXPECT_TRUE(is_empty(database));
}

TEST(PostgresPrograms, TheNewestIsTakenAndAMissingOneIsNamedWithItsPackage) {
  const io::TestDirectory folder;
  const auto missing = find_postgres_program("pg_nothing", folder.path());
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().find("package postgresql-client"), std::string::npos);
  for (const char* version : {"9", "15", "13"}) {
    fs::create_directories(folder / version / "bin");
    std::ofstream(folder / version / "bin/pg_nothing") << "x";
  }
  EXPECT_EQ(folder / "15" / "bin/pg_nothing",
            find_postgres_program("pg_nothing", folder.path()).value());
}

}  // namespace
}  // namespace rap::control::server
