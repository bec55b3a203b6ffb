// rap-control backup, restore, backup-key: what they say, and which keys they take.
#include <fstream>

#include "control/keys/state_directory.hpp"
#include "control/server/commands/commands.hpp"
#include "control/server/commands/test_streams.hpp"
#include "control/store/test_cluster.hpp"
#include "io/system/file.hpp"
#include "io/system/test_directory.hpp"

namespace rap::control::server {
namespace {

using store::TestCluster;

class BackupCommands : public testing::Test {
 protected:
  BackupCommands() {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms{0711});
    const TestStderr said;
    EXPECT_EQ(0, run_init({.state = at("state"),
                           .hosts = {"control.example"},
                           .owner_email = "root@platform.test",
                           .owner_password = "a long enough password",
                           .database_url = database_}))
        << said.text();
    write("passphrase", "a passphrase of a test\n");
  }

  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  // What it says; it succeeds or fails as expected.
  std::string back_up(const BackupSecret& secret, int status = 0) const {
    const TestStderr said;
    EXPECT_EQ(status, run_backup({at("state"), at("backup"), database_, secret})) << said.text();
    return said.text();
  }
  std::string restore(RestoreOptions options, int status = 0) const {
    const TestStderr said;
    options.file = at("backup");
    EXPECT_EQ(status, run_restore(options)) << said.text();
    return said.text();
  }
  std::string recipient() const {
    const TestStdout out;
    const TestStderr said;
    EXPECT_EQ(0, run_backup_key(at("key"))) << said.text();
    return out.text().substr(0, out.text().find('\n'));
  }

  io::TestDirectory folder_;
  std::string database_ = TestCluster::get().copy("template1");
};

TEST_F(BackupCommands, SayWhatIsInTheFileAndThatTheRootsKeyIsNot) {
  const std::string said = back_up({.passphrase_file = at("passphrase")});
  EXPECT_NE(said.find("THE ROOT'S KEY IS NOT IN IT"), std::string::npos) << said;
  const std::string checked =
      restore({.check = true, .secret = {.passphrase_file = at("passphrase")}});
  const StateDirectory state(at("state"));
  EXPECT_NE(checked.find("is whole"), std::string::npos);
  EXPECT_NE(checked.find(state.load_authority().value().root_fingerprint()), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(at("new")));
  std::filesystem::remove(state.root_key());
  EXPECT_EQ(back_up({.passphrase_file = at("passphrase")}).find("ROOT'S KEY"), std::string::npos);
}

TEST_F(BackupCommands, RestoreWhatAKeyMadeElsewhereOpens) {
  const std::string to = recipient();
  back_up({.recipient = to});
  EXPECT_EQ(0600, static_cast<int>(std::filesystem::status(at("key")).permissions()));
  const std::string said = restore(
      {.state = at("new"),
       .database_url = TestCluster::get().copy("template1"),
       .root_sha256 = StateDirectory(at("state")).load_authority().value().root_fingerprint(),
       .secret = {.key_file = at("key")}});
  EXPECT_NE(said.find("REVOKED NO MORE"), std::string::npos);
  EXPECT_TRUE(StateDirectory(at("new")).load_authority());
  const std::string other =
      restore({.check = true, .secret = {.passphrase_file = at("passphrase")}}, 1);
  EXPECT_NE(other.find("--key-file"), std::string::npos) << other;
}

// Whoever knows the recipient can make one.
TEST_F(BackupCommands, AKeyOpensNothingOfWhichTheRootIsNotSaid) {
  const std::string to = recipient();
  back_up({.recipient = to});
  RestoreOptions options{.state = at("new"),
                         .database_url = TestCluster::get().copy("template1"),
                         .secret = {.key_file = at("key")}};
  const std::string said = restore(options, 1);
  EXPECT_NE(said.find("--root-sha256 is needed"), std::string::npos) << said;
  EXPECT_NE(said.find("'rap-control init' printed"), std::string::npos) << said;
  options.root_sha256 = std::string(63, 'a');
  EXPECT_NE(restore(options, 1).find("mistyped"), std::string::npos);
  options.root_sha256 = std::string(64, 'a');
  EXPECT_NE(restore(options, 1).find("another platform"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(at("new")));

  options.check = true;
  EXPECT_NE(restore(options, 1).find("another platform"), std::string::npos);
  options.root_sha256.clear();
  const std::string checked = restore(options);
  const auto root = StateDirectory(at("state")).load_authority().value().root_fingerprint();
  EXPECT_TRUE(checked.ends_with("root's SHA-256    " + root + "\n"))
      << "what the file says of itself stands above it: " << checked;
}

TEST_F(BackupCommands, NoKeyIsMadeOverAnotherAndNoRecipientIsMistyped) {
  std::string to = recipient();
  const TestStderr said;
  EXPECT_EQ(1, run_backup_key(at("key")));
  EXPECT_TRUE(said.has("exists already"));
  to.back() = to.back() == 'A' ? 'B' : 'A';
  EXPECT_NE(back_up({.recipient = to}, 1).find("mistyped"), std::string::npos);
  write("passphrase", "short\n");
  EXPECT_NE(back_up({.passphrase_file = at("passphrase")}, 1).find("the passphrase"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(at("backup")));
}

TEST_F(BackupCommands, TakeTheRootsDigestAsPeopleWriteIt) {
  back_up({.passphrase_file = at("passphrase")});
  std::string digest;
  const auto hex = StateDirectory(at("state")).load_authority().value().root_fingerprint();
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    digest += (i ? ":" : "") + std::string{static_cast<char>(std::toupper(hex[i])),
                                           static_cast<char>(std::toupper(hex[i + 1]))};
  }
  restore({.state = at("new"),
           .database_url = TestCluster::get().copy("template1"),
           .root_sha256 = digest,
           .secret = {.passphrase_file = at("passphrase")}});
}

TEST_F(BackupCommands, BringThePrivatePostgresBackStoppedAndReadyToServe) {
  back_up({.passphrase_file = at("passphrase")});
  restore({.state = at("new"), .secret = {.passphrase_file = at("passphrase")}});
  auto postgres = StateDirectory(at("new")).postgres();
  EXPECT_TRUE(postgres.exists());
  EXPECT_FALSE(postgres.running());
  ASSERT_TRUE(postgres.start());
  auto superuser = TestCluster::open(postgres.conninfo(), "postgres");
  const auto rows = superuser.query("SELECT email FROM users", {});
  ASSERT_TRUE(rows);
  EXPECT_EQ("root@platform.test", (*rows)[0].text(0));
  EXPECT_TRUE(postgres.stop());
}

}  // namespace
}  // namespace rap::control::server
