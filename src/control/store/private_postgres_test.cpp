// Root writes into directories that belong to PostgreSQL's user, who may be somebody else by now.
#include "control/store/private_postgres.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/system/file.hpp"
#include "io/system/test_directory.hpp"

namespace rap::store {
namespace {

namespace fs = std::filesystem;

class PrivatePostgresTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, whose files would be written";
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0711), 0);
    ASSERT_TRUE(io::write_file_atomic(precious_, "precious", 0640));
  }
  void TearDown() override { (void)server_.stop(); }
  // Nothing was written, given away or opened to others.
  void expect_precious_is_as_it_was() {
    EXPECT_EQ(io::read_file(precious_), "precious");
    struct stat info{};
    ASSERT_EQ(::stat(precious_.c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, 0U);
    EXPECT_EQ(info.st_mode & 0777U, 0640U);
  }

  io::TestDirectory folder_;
  const fs::path precious_ = folder_ / "precious";
  const fs::path data_ = folder_ / "d";
  PrivatePostgres server_{{data_, folder_ / "s", data_ / "server.log", false}};
};

TEST_F(PrivatePostgresTest, WritesThroughNoLinkInTheDirectoryOfItsServer) {
  const auto made = server_.create();
  ASSERT_TRUE(made) << made.error();
  ASSERT_TRUE(server_.stop());
  for (const char* name : {"pg_hba.conf", "pg_ident.conf", "rap_ready"}) {
    fs::remove(data_ / name);
    fs::create_symlink(precious_, data_ / name);
  }
  (void)server_.create();  // as after a start that was cut short
  EXPECT_FALSE(fs::is_symlink(data_ / "pg_hba.conf"));
  EXPECT_FALSE(fs::is_symlink(data_ / "pg_ident.conf"));
  expect_precious_is_as_it_was();
}

TEST_F(PrivatePostgresTest, GivesAwayNoDirectoryBehindALink) {
  fs::create_directory(folder_ / "roots");
  fs::create_directory_symlink(folder_ / "roots", folder_ / "s");
  EXPECT_FALSE(server_.create());
  struct stat info{};
  ASSERT_EQ(::stat((folder_ / "roots").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, 0U);
}

TEST_F(PrivatePostgresTest, IsNotHeldUpByAPipeInPlaceOfTheServersPid) {
  fs::create_directory(data_);
  ASSERT_EQ(::mkfifo((data_ / "postmaster.pid").c_str(), 0666), 0);
  EXPECT_FALSE(server_.start());
}

// A folder of versions, in which a newer server than the one that wrote the data is broken.
class OtherVersions : public PrivatePostgresTest {
 protected:
  void SetUp() override {
    PrivatePostgresTest::SetUp();
    ASSERT_TRUE(server_.create());
    ASSERT_TRUE(server_.stop());
    version_ = io::read_file(data_ / "PG_VERSION").value().substr(0, 2);
    fs::create_directories(programs_ / "99" / "bin");
    for (const char* program : {"initdb", "pg_ctl"}) {
      fs::create_symlink("/bin/false", programs_ / "99" / "bin" / program);
    }
  }

  const fs::path programs_ = folder_ / "versions";
  std::string version_;
  PrivatePostgres among_others_{{data_, folder_ / "s", data_ / "server.log", false, programs_}};
};

TEST_F(OtherVersions, DoNotKeepTheDataFromTheOneThatWroteIt) {
  fs::create_directory_symlink("/usr/lib/postgresql/" + version_, programs_ / version_);
  const auto started = among_others_.start();
  EXPECT_TRUE(started) << started.error();
  EXPECT_TRUE(among_others_.running());
}

TEST_F(OtherVersions, AreNotEnough) {
  const auto started = among_others_.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().find("install the package postgresql-" + version_), std::string::npos)
      << started.error();
}

}  // namespace
}  // namespace rap::store
