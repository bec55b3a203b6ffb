#include "client/terminal/home_files.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdlib>

#include "io/system/test_directory.hpp"

namespace rap::client {
namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

// A variable of the environment, as it was before once this is gone.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    set(value);
  }
  ~Variable() { set(old_ ? old_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) {
    if (value != nullptr) {
      ::setenv(name_, value, 1);
    } else {
      ::unsetenv(name_);
    }
  }
  const char* name_;
  std::optional<std::string> old_;
};

// A disk on which files have room for so many bytes.
class FullDisk {
 public:
  static constexpr std::size_t kRoom = 16;
  FullDisk() {
    ::signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit small{kRoom, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, SIG_DFL);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

TEST(HomeFiles, AreForTheirOwnerAloneFromTheFirstOn) {
  const io::TestDirectory directory;
  HomeFiles home(directory / "config" / "rap");
  EXPECT_EQ(home.read("profile.json").value(), std::nullopt) << "no such file yet";
  ASSERT_TRUE(home.write("profile.json", "secret"));
  EXPECT_EQ(home.read("profile.json").value(), "secret");
  EXPECT_EQ(mode_of(home.path("profile.json")), 0600U);
  EXPECT_EQ(mode_of(directory / "config" / "rap"), 0700U);
}

TEST(HomeFiles, AWriteThatFailsLeavesWhatWasThere) {
  const io::TestDirectory directory;
  HomeFiles home(directory.path());
  ASSERT_TRUE(home.write("profile.json", "old"));
  Fallible<void> done;
  {
    const FullDisk full;
    done = home.write("profile.json", std::string(FullDisk::kRoom + 1, 'x'));
  }
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ExitCode::failed);
  EXPECT_NE(done.error().text.find("profile.json"), std::string::npos) << done.error().text;
  EXPECT_NE(done.error().text.find("run it again"), std::string::npos) << done.error().text;
  EXPECT_EQ(home.read("profile.json").value(), "old");
}

TEST(HomeFiles, AWriteIsWholeAndLeavesNothingBeside) {
  const io::TestDirectory directory;
  HomeFiles home(directory.path());
  for (const char* content : {"a longer text", "short"}) {
    ASSERT_TRUE(home.write("known_hosts", content));
    EXPECT_EQ(home.read("known_hosts").value(), content);
  }
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(directory.path())) {
    ++files;
  }
  EXPECT_EQ(files, 1U);
}

TEST(HomeFiles, WhatIsMadeOnceIsOfWhoeverWasFirst) {
  const io::TestDirectory directory;
  HomeFiles home(directory / "rap");
  HomeFiles another(directory / "rap");
  EXPECT_EQ(home.create("device.pem", "first").value(), "first");
  EXPECT_EQ(another.create("device.pem", "second").value(), "first");
  EXPECT_EQ(mode_of(home.path("device.pem")), 0600U);
  const std::filesystem::directory_iterator files(directory / "rap");
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "nothing is left beside";
}

TEST(HomeFiles, WhatCannotBeReadIsAFailureAndNotAnAbsence) {
  const io::TestDirectory directory;
  std::filesystem::create_directory(directory / "profile.json");
  HomeFiles home(directory.path());
  EXPECT_FALSE(home.read("profile.json"));
}

TEST(HomeFiles, AFileThatThePersonNamedWronglyIsAUsageError) {
  const io::TestDirectory directory;
  HomeFiles home(directory.path());
  const auto content = home.read_given((directory / "nothing.pem").string());
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code, ExitCode::usage);
  EXPECT_NE(content.error().text.find("nothing.pem"), std::string::npos);
}

TEST(HomeDirectory, IsTheOneThatIsSetOrInTheUsersConfiguration) {
  const Variable home("HOME", "/home/ada");
  const Variable config("XDG_CONFIG_HOME", nullptr);
  const Variable own("RAP_HOME", nullptr);
  EXPECT_EQ(home_directory(), "/home/ada/.config/rap");
  const Variable elsewhere("XDG_CONFIG_HOME", "/srv/config");
  EXPECT_EQ(home_directory(), "/srv/config/rap");
  const Variable relative("XDG_CONFIG_HOME", "config");
  EXPECT_EQ(home_directory(), "/home/ada/.config/rap") << "XDG: a relative path is to be ignored";
  const Variable set("RAP_HOME", "/tmp/rap-home");
  EXPECT_EQ(home_directory(), "/tmp/rap-home");
}

}  // namespace
}  // namespace rap::client
