#include "node/host/host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/system/file.hpp"
#include "io/system/test_directory.hpp"

namespace rap::host {
namespace {

namespace fs = std::filesystem;
using testing::UnorderedElementsAre;

struct StateFilesTest : testing::Test {
  fs::perms mode_of(const char* name) const { return fs::status(folder / name).permissions(); }

  io::TestDirectory folder;
  StateFiles files{folder.path()};
};

TEST_F(StateFilesTest, AreReadAsTheyWereWritten) {
  ASSERT_TRUE(files.write({"identity/node.key", "secret", 0600}));
  EXPECT_EQ("secret", files.read("identity/node.key").value());
  ASSERT_TRUE(files.write({"identity/node.key", "another", 0600}));
  EXPECT_EQ("another", files.read("identity/node.key").value());
}

TEST_F(StateFilesTest, AreAbsentUntilWrittenWhichIsNoError) {
  const auto read = files.read("identity/node.key");
  ASSERT_TRUE(read);
  EXPECT_FALSE(*read);
}

TEST_F(StateFilesTest, SayWhatCannotBeRead) {
  fs::create_directory(folder / "identity");
  EXPECT_FALSE(files.read("identity")) << "a folder is not absent";
}

TEST_F(StateFilesTest, OpenTheFolderToWhomeverMayReadTheFile) {
  ASSERT_TRUE(files.write({"identity/node.key", "secret", 0600}));
  EXPECT_EQ(fs::perms{0700}, mode_of("identity"));
  EXPECT_EQ(fs::perms{0600}, mode_of("identity/node.key"));
  ASSERT_TRUE(files.write({"trust/service.pem", "public", 0644}));
  EXPECT_EQ(fs::perms{0755}, mode_of("trust"));
  EXPECT_EQ(fs::perms{0644}, mode_of("trust/service.pem"));
}

TEST_F(StateFilesTest, LeaveNoEmptyFolderBehind) {
  ASSERT_TRUE(files.write({"trust/a.pem", "a", 0644}));
  ASSERT_TRUE(files.write({"trust/b.pem", "b", 0644}));
  ASSERT_TRUE(files.remove("trust/a.pem"));
  EXPECT_TRUE(fs::exists(folder / "trust"));
  ASSERT_TRUE(files.remove("trust/b.pem"));
  EXPECT_FALSE(fs::exists(folder / "trust"));
  EXPECT_TRUE(files.remove("trust/b.pem")) << "which is gone already";
}

TEST_F(StateFilesTest, AreListedByTheirNamesBelowTheDirectory) {
  EXPECT_TRUE(files.list("trust").value().empty());
  ASSERT_TRUE(files.write({"trust/x/a.pem", "a", 0644}));
  ASSERT_TRUE(files.write({"trust/b.pem", "b", 0644}));
  ASSERT_TRUE(files.write({"other/c.pem", "c", 0644}));
  EXPECT_THAT(files.list("trust").value(), UnorderedElementsAre("trust/x/a.pem", "trust/b.pem"));
}

TEST_F(StateFilesTest, KeepTheOldContentWhenTheNewCannotBeWritten) {
  ASSERT_TRUE(files.write({"a", "old", 0600}));
  ASSERT_FALSE(files.write({"a/b", "new", 0600})) << "a file is no folder";
  EXPECT_EQ("old", files.read("a").value());
}

TEST_F(StateFilesTest, AreRidOfWhatAKilledAgentWasWriting) {
  ASSERT_TRUE(files.write({"identity/node.key", "secret", 0600}));
  ASSERT_TRUE(io::write_file_atomic(folder / "identity/node.key.0123.tmp", "sec"));
  files.remove_leftovers();
  EXPECT_THAT(files.list("identity").value(), UnorderedElementsAre("identity/node.key"));
}

TEST(HostFacts, NameThisHostAndThisProgram) {
  const agent::HostFacts facts = host_facts();
  EXPECT_FALSE(facts.hostname.empty());
  EXPECT_NE(std::string::npos, facts.os.find("Linux"));
  EXPECT_EQ(RAP_VERSION, facts.software_version);
  EXPECT_GE(host_uptime_s(), 0);
}

}  // namespace
}  // namespace rap::host
