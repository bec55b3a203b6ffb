// rap-control reset-password and unlock: whoever is on the host lets people in again.
#include "control/access/blocklist.hpp"
#include "control/server/commands/commands.hpp"
#include "control/server/commands/test_streams.hpp"
#include "control/server/test_server.hpp"
#include "crypto/keys/password.hpp"

namespace rap::control::server {
namespace {

struct RecoveryTest : testing::Test {
  RecoveryTest() {
    parts.bootstrap();
    options = {(parts.live.folder / "state").string(), "owner@platform.test", parts.conninfo};
  }
  // The first field of the one row.
  std::string asked(const std::string& sql) const {
    auto superuser = store::TestCluster::open(parts.conninfo, "postgres");
    const auto rows = superuser.query(sql, {});
    EXPECT_TRUE(rows) << rows.error().message;
    return rows && rows->size() == 1 ? (*rows)[0].text(0) : "no one row";
  }
  std::string entries(const std::string& action) const {
    return asked("SELECT count(*)::text FROM audit_log WHERE action = '" + action + "'");
  }

  ServerParts parts{store::TestCluster::get().fresh_database()};
  RecoveryOptions options;
  TestStderr err;
};

TEST_F(RecoveryTest, PrintsAPasswordThatIsTheAccountsFromNowOnAndNothingElse) {
  std::string password;
  {
    const TestStdout out;
    ASSERT_EQ(0, run_reset_password(options)) << err.text();
    password = out.text();
  }
  ASSERT_TRUE(password.ends_with("\n"));
  password.pop_back();
  EXPECT_TRUE(crypto::check_password(password, asked("SELECT password_hash FROM users")));
  EXPECT_EQ("1", entries("user.password_reset"));
  EXPECT_FALSE(err.has(password)) << "a log may keep the standard error stream";
}

TEST_F(RecoveryTest, ADisabledAccountIsSaidToBeAndEnabledByUnlock) {
  {
    auto superuser = store::TestCluster::open(parts.conninfo, "postgres");
    ASSERT_TRUE(superuser.query("UPDATE users SET disabled_at = 1", {}));
  }
  const TestStdout out;
  ASSERT_EQ(0, run_reset_password(options)) << err.text();
  EXPECT_TRUE(err.has("rap-control unlock")) << err.text();
  ASSERT_EQ(0, run_unlock(options)) << err.text();
  EXPECT_EQ("true", asked("SELECT (disabled_at IS NULL)::text FROM users"));
  EXPECT_EQ("1", entries("user.enabled"));
  ASSERT_EQ(0, run_unlock(options)) << err.text();
  EXPECT_EQ("1", entries("user.enabled")) << "it was enabled already";
}

TEST_F(RecoveryTest, ABlocklistedAccountIsTakenOffTheList) {
  const std::string user = asked("SELECT id::text FROM users");
  const Scope scope = Scope::platform().in(parts.authority.get()->cluster);
  ASSERT_TRUE(transact(parts.database, scope, [&](Transaction& tx) -> Outcome<void> {
    EXPECT_TRUE(
        tx.blocklist().add({policy::BlocklistKind::user, user, {}, "lost", io::wall_now()}));
    return {};
  }));
  ASSERT_EQ(0, run_unlock(options)) << err.text();
  EXPECT_EQ("1", entries("blocklist.removed"));
}

TEST_F(RecoveryTest, WithoutAnAccountOnlyAttemptsAreForgotten) {
  options.email.clear();
  ASSERT_EQ(0, run_unlock(options)) << err.text();
  EXPECT_EQ("1", entries("auth.limits_forgotten"));
  EXPECT_EQ("0", entries("user.enabled"));
}

TEST_F(RecoveryTest, AsksForTheDatabaseWhereThereIsNoPrivateOne) {
  options.database_url.clear();
  for (const auto run : {run_reset_password, run_unlock}) {
    EXPECT_EQ(1, run(options));
    EXPECT_TRUE(err.has("--database-url")) << err.text();
    EXPECT_FALSE(err.has("shortly")) << err.text();
  }
}

TEST_F(RecoveryTest, NamesTheAccountThatThereIsNot) {
  options.email = "nobody@platform.test";
  EXPECT_EQ(1, run_reset_password(options));
  EXPECT_TRUE(err.has("there is no user 'nobody@platform.test'")) << err.text();
}

}  // namespace
}  // namespace rap::control::server
