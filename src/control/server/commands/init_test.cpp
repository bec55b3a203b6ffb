// rap-control init: a platform out of nothing, or nothing at all.
#include <sstream>

#include "base/seeded_random.hpp"
#include "control/keys/state_directory.hpp"
#include "control/server/commands/commands.hpp"
#include "control/server/commands/test_streams.hpp"
#include "control/store/test_cluster.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"
#include "io/system/test_directory.hpp"

namespace rap::control::server {
namespace {

using store::TestCluster;

class InitTest : public testing::Test {
 protected:
  InitTest() {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms{0711});
    options_ = {.state = home_.string(),
                .hosts = {"control.example"},
                .owner_email = "Root@Platform.test",
                .owner_password = "a long enough password",
                .database_url = TestCluster::get().copy("template1")};
  }

  // What it says when it fails; the empty string: it did not.
  std::string failure() const {
    const TestStderr said;
    if (run_init(options_) == 0) return "";
    EXPECT_FALSE(said.text().empty()) << "whoever fails says why";
    return said.text();
  }
  std::string owner() const {
    auto superuser = TestCluster::open(options_.database_url, "postgres");
    const auto rows = superuser.query("SELECT string_agg(email, ' ') FROM users", {});
    return rows ? (*rows)[0].text(0) : rows.error().message;
  }
  StateDirectory state() const { return StateDirectory(home_); }

  io::TestDirectory folder_;
  std::filesystem::path home_ = folder_ / "state";
  InitOptions options_;
};

TEST_F(InitTest, MakesTheKeysTheSchemaAndTheFirstOwner) {
  {
    const TestStderr said;
    ASSERT_EQ(0, run_init(options_)) << said.text();
    EXPECT_TRUE(said.has(state().root_certificate().string())) << said.text();
    EXPECT_TRUE(said.has(state().load_authority().value().root_fingerprint()));
    EXPECT_TRUE(said.has("TAKE THE ROOT KEY OFFLINE"));
  }
  EXPECT_TRUE(state().has_pki());
  EXPECT_EQ("root@platform.test", owner());
}

TEST_F(InitTest, IsRefusedTheSecondTimeAndChangesNothing) {
  ASSERT_EQ("", failure());
  const auto before = state().load_authority().value().root_fingerprint();
  options_.owner_email = "other@platform.test";
  EXPECT_NE(failure().find("initialized already"), std::string::npos);
  EXPECT_EQ(before, state().load_authority().value().root_fingerprint());
  EXPECT_EQ("root@platform.test", owner());
}

TEST_F(InitTest, GoesOnWithTheKeysOfOneThatWasCutShort) {
  SeededRandom rng(1);
  StateDirectory begun(home_);
  ASSERT_TRUE(begun.create(rng));
  ASSERT_TRUE(begun.create_pki(options_.hosts, io::wall_now(), rng));
  const auto made = begun.load_authority().value().root_fingerprint();
  EXPECT_EQ("", failure());
  EXPECT_EQ(made, state().load_authority().value().root_fingerprint());
  EXPECT_EQ("root@platform.test", owner());
}

TEST_F(InitTest, LooksAtEveryValueBeforeItWritesAnything) {
  const auto refused = [&](const char* option, auto change) {
    const InitOptions good = options_;
    change(options_);
    EXPECT_NE(failure().find(option), std::string::npos) << option;
    options_ = good;
  };
  refused("--host", [](InitOptions& o) { o.hosts.emplace_back("not a host"); });
  refused("--owner-email", [](InitOptions& o) { o.owner_email = "nobody"; });
  refused("password", [](InitOptions& o) { o.owner_password = "short"; });
  EXPECT_FALSE(std::filesystem::exists(home_));
}

TEST_F(InitTest, LeavesADirectoryAloneThatAServerUses) {
  SeededRandom rng(1);
  StateDirectory other(home_);
  ASSERT_TRUE(other.create(rng));
  const auto lock = io::FileLock::try_lock(other.lock_file());
  ASSERT_TRUE(lock);
  EXPECT_NE(failure().find("stop it first"), std::string::npos);
  EXPECT_FALSE(other.has_pki());
}

TEST_F(InitTest, MakesNoKeysWhileTheDatabaseCannotBeReached) {
  options_.database_url = "host=/nowhere dbname=rap";
  EXPECT_NE(failure().find("cannot sign in to the database"), std::string::npos);
  EXPECT_FALSE(state().has_pki());
}

TEST_F(InitTest, LeavesThePrivatePostgresStoppedAndReadyToServe) {
  options_.database_url.clear();
  ASSERT_EQ("", failure());
  auto postgres = state().postgres();
  EXPECT_TRUE(postgres.exists());
  EXPECT_FALSE(postgres.running());
  ASSERT_TRUE(postgres.start());
  options_.database_url = postgres.conninfo();
  EXPECT_EQ("root@platform.test", owner());
  EXPECT_TRUE(postgres.stop());
}

TEST(OwnerPassword, IsTheFirstLineOfTheInputHoweverItEnds) {
  for (const char* text : {"a long enough password", "a long enough password\n",
                           "a long enough password\r\n", "a long enough password\nand more\n"}) {
    std::istringstream in(text);
    EXPECT_EQ("a long enough password", read_password(in)) << text;
  }
  std::istringstream nothing;
  EXPECT_EQ("", read_password(nothing));
}

}  // namespace
}  // namespace rap::control::server
