#include "io/system/log_file.hpp"

#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/system/descriptor.hpp"
#include "io/system/system.hpp"
#include "io/system/test_directory.hpp"

namespace rap::io {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLimit = 1000;

// Standard error is the test's own again afterwards.
class LogFiles : public testing::Test {
 protected:
  LogFiles() : stderr_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {}
  ~LogFiles() override { ::dup2(stderr_.get(), STDERR_FILENO); }

  fs::path log() const { return folder_.path() / "program.log"; }
  fs::path older() const { return folder_.path() / "program.log.1"; }
  static std::string content(const fs::path& path) {
    std::stringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }
  void open() {
    auto file = LogFile::open(log(), kLimit);
    ASSERT_TRUE(file) << file.error();
    file_ = std::move(*file);
  }
  void say(const std::string& line) {
    file_->make_room(line.size());
    ASSERT_EQ(::write(STDERR_FILENO, line.data(), line.size()), static_cast<ssize_t>(line.size()));
  }

  TestDirectory folder_;
  std::unique_ptr<LogFile> file_;

 private:
  Descriptor stderr_;
};

TEST_F(LogFiles, TakeWhatGoesToStandardErrorAndAreOnlyOurs) {
  open();
  say("one\n");
  std::fputs("two\n", stderr);
  EXPECT_EQ(content(log()), "one\ntwo\n");
  struct stat status{};
  ASSERT_EQ(::stat(log().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST_F(LogFiles, GoOnWhereTheyWere) {
  std::ofstream(log()) << "before\n";
  open();
  say("after\n");
  EXPECT_EQ(content(log()), "before\nafter\n");
}

TEST_F(LogFiles, KeepOneOlderFileAndNeverMoreThanTwiceTheLimit) {
  open();
  for (int i = 0; i < 100; ++i) say(std::to_string(i) + std::string(97, 'x') + "\n");
  EXPECT_LE(fs::file_size(log()), kLimit);
  EXPECT_LE(fs::file_size(older()), kLimit);
  EXPECT_TRUE(content(log()).ends_with("99" + std::string(97, 'x') + "\n"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 2);
}

TEST_F(LogFiles, AreBegunAnewWhenAnotherProgramMovedOrRemovedThem) {
  open();
  say("one\n");
  fs::rename(log(), folder_.path() / "taken");
  say("two\n");
  EXPECT_EQ(content(folder_.path() / "taken"), "one\n");
  EXPECT_EQ(content(log()), "two\n");
  fs::remove(log());
  say("three\n");
  EXPECT_EQ(content(log()), "three\n");
}

TEST_F(LogFiles, AreFollowedWhenAnotherProgramEmptiedThem) {
  open();
  say("one\n");
  fs::resize_file(log(), 0);  // logrotate's copytruncate
  say("two\n");
  EXPECT_EQ(content(log()), "two\n");
}

TEST_F(LogFiles, StartOverWhereNoNewOneCanBeBegun) {
  open();
  fs::create_directory(older());
  std::ofstream(older() / "in the way")
      << "x";  // renaming a file over a folder fails, for root too
  for (int i = 0; i < 30; ++i) say(std::string(99, 'x') + "\n");
  EXPECT_LE(fs::file_size(log()), kLimit);
}

TEST_F(LogFiles, AreNeverReachedThroughALink) {
  std::ofstream(folder_.path() / "precious") << "precious";
  fs::create_symlink("precious", log());
  const auto file = LogFile::open(log());
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error(), "cannot log to " + log().string() + ": it is a symbolic link");
}

TEST_F(LogFiles, AreNoOtherFileByAHardLink) {
  std::ofstream(folder_.path() / "precious") << "precious";
  fs::create_hard_link(folder_.path() / "precious", log());
  EXPECT_FALSE(LogFile::open(log()));
}

TEST_F(LogFiles, DoNotFollowALinkThatTookTheirPlace) {
  open();
  std::ofstream(folder_.path() / "precious") << "precious";
  fs::remove(log());
  fs::create_symlink("precious", log());
  for (int i = 0; i < 30; ++i) say(std::string(99, 'x') + "\n");
  EXPECT_EQ(content(folder_.path() / "precious"), "precious");
}

TEST_F(LogFiles, AreRegularFiles) {
  ASSERT_EQ(::mkfifo(log().c_str(), 0600), 0);
  EXPECT_FALSE(LogFile::open(log()));
  EXPECT_FALSE(LogFile::open(folder_.path()));
}

TEST_F(LogFiles, AreWhereAProgramsLogGoesWhenItIsTold) {
  StderrLog program("program");
  ASSERT_TRUE(program.write_to(log()));
  program.info("one");
  fs::remove(log());
  program.info("two");
  EXPECT_NE(content(log()).find(R"("event":"two")"), std::string::npos);
}

TEST(Hangup, DoesNotEndAProgramThatOutlivesItsTerminal) {
  ignore_hangup();
  EXPECT_EQ(::raise(SIGHUP), 0);
  ::signal(SIGHUP, SIG_DFL);
}

}  // namespace
}  // namespace rap::io
