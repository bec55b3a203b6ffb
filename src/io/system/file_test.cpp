#include "io/system/file.hpp"

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/system/test_directory.hpp"

namespace rap::io {
namespace {

using testing::HasSubstr;

mode_t mode_of(const std::filesystem::path& path) {
  struct stat info{};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777;
}

std::size_t entries_in(const std::filesystem::path& directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(directory), {}));
}

TEST(FilesBelow, AreAllThatThereAreInOrder) {
  const TestDirectory folder;
  std::filesystem::create_directories(folder / "b" / "c");
  for (const char* name : {"z", "b/c/1", "b/2", "a"}) {
    ASSERT_TRUE(write_file_atomic(folder / name, "x"));
  }
  std::filesystem::create_symlink("/", folder / "b" / "link");
  using Paths = std::vector<std::filesystem::path>;
  EXPECT_EQ(files_below(folder.path()),
            (Paths{folder / "a", folder / "b" / "2", folder / "b" / "c" / "1",
                   folder / "b" / "link", folder / "z"}));
  EXPECT_EQ(entries_of(folder.path()), (Paths{folder / "a", folder / "b", folder / "z"}));
  EXPECT_EQ(files_below(folder / "nothing"), Paths{});
  EXPECT_FALSE(entries_of(folder / "a")) << "a file has none";
}

// A rotation moves folders while others look through them: that once ended the control plane.
TEST(FilesBelow, AreLookedThroughWhileFoldersComeAndGo) {
  const TestDirectory folder;
  std::atomic<bool> enough = false;
  std::jthread other([&] {
    while (!enough) {
      std::filesystem::create_directories(folder / "next" / "deep");
      std::filesystem::remove_all(folder / "next");
    }
  });
  for (int i = 0; i < 20'000; ++i) EXPECT_TRUE(files_below(folder.path()));
  enough = true;
  other.join();
}

TEST(WriteFileAtomic, ReplacesTheContentAndSetsTheExactMode) {
  TestDirectory dir;
  const mode_t old_umask = ::umask(077);
  ASSERT_TRUE(write_file_atomic(dir / "a", "first", 0644));
  EXPECT_EQ(mode_of(dir / "a"), 0644U);
  ASSERT_TRUE(write_file_atomic(dir / "a", "second"));
  ::umask(old_umask);
  EXPECT_EQ(read_file(dir / "a"), "second");
  EXPECT_EQ(mode_of(dir / "a"), 0600U);
  EXPECT_EQ(entries_in(dir.path()), 1U);
}

TEST(WriteFileAtomic, WorksForANameWithoutADirectory) {
  TestDirectory dir;
  const auto old = std::filesystem::current_path();
  std::filesystem::current_path(dir.path());
  EXPECT_TRUE(write_file_atomic("plain", "x"));
  std::filesystem::current_path(old);
  EXPECT_EQ(read_file(dir / "plain"), "x");
}

// Runs in a child, where the file size limit stands for a disk that fills up in mid-write.
int write_with_full_disk(const std::filesystem::path& path) {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{.rlim_cur = 4096, .rlim_max = 4096};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
  auto written = write_file_atomic(path, std::string(100'000, 'n'));
  return !written && written.error() == path.string() + ": File too large" ? 0 : 1;
}

TEST(WriteFileAtomic, AFullDiskLeavesTheOldContentAndNoRubbish) {
  TestDirectory dir;
  ASSERT_TRUE(write_file_atomic(dir / "a", "old"));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(write_with_full_disk(dir / "a"));
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_file(dir / "a"), "old");
  EXPECT_EQ(entries_in(dir.path()), 1U);
}

TEST(WriteFileAtomic, ATargetThatCannotBeReplacedLeavesNoRubbish) {
  TestDirectory dir;
  ASSERT_TRUE(make_directory(dir / "d"));
  auto written = write_file_atomic(dir / "d", "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error(), (dir / "d").string() + ": Is a directory");
  EXPECT_EQ(entries_in(dir.path()), 1U);
}

TEST(WriteFileAtomic, NamesTheMissingDirectory) {
  TestDirectory dir;
  auto written = write_file_atomic(dir / "no/file", "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error(), (dir / "no/file").string() + ": No such file or directory");
}

TEST(WriteFileAtomic, ReplacesALinkAndLeavesItsTargetAlone) {
  TestDirectory dir;
  ASSERT_TRUE(write_file_atomic(dir / "target", "t"));
  std::filesystem::create_symlink(dir / "target", dir / "link");
  ASSERT_TRUE(write_file_atomic(dir / "link", "new"));
  EXPECT_EQ(read_file(dir / "target"), "t");
  EXPECT_EQ(read_file(dir / "link"), "new");
}

TEST(ReadFile, AllowsTheLimitAndRefusesOneMore) {
  TestDirectory dir;
  ASSERT_TRUE(write_file_atomic(dir / "a", std::string(70'000, 'x')));
  auto whole = read_file(dir / "a", 70'000);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->size(), 70'000U);
  auto over = read_file(dir / "a", 69'999);
  ASSERT_FALSE(over);
  EXPECT_THAT(over.error(), HasSubstr("larger than the 69999 bytes"));
}

TEST(ReadFile, SaysWhichFileIsMissing) {
  auto missing = read_file("/nonexistent/file");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), "/nonexistent/file: No such file or directory");
  EXPECT_FALSE(read_file("/"));
}

TEST(MakeDirectory, MakesTheParentsAndGivesTheModeToTheLast) {
  TestDirectory dir;
  ASSERT_TRUE(make_directory(dir / "a/b/c", 0700));
  EXPECT_EQ(mode_of(dir / "a/b/c"), 0700U);
  EXPECT_TRUE(make_directory(dir / "a/b/c/"));
  ASSERT_TRUE(make_directory(dir / "x/y/", 0700));
  EXPECT_EQ(mode_of(dir / "x/y"), 0700U);
}

TEST(MakeDirectory, LeavesTheModeOfAnExistingOne) {
  TestDirectory dir;
  ASSERT_TRUE(make_directory(dir / "a", 0711));
  ASSERT_TRUE(make_directory(dir / "a", 0700));
  EXPECT_EQ(mode_of(dir / "a"), 0711U);
}

TEST(MakeDirectory, RefusesAFileInTheWay) {
  TestDirectory dir;
  ASSERT_TRUE(write_file_atomic(dir / "f", ""));
  EXPECT_FALSE(make_directory(dir / "f"));
  EXPECT_FALSE(make_directory(dir / "f/sub"));
}

TEST(FileLock, IsHeldByOneAtATime) {
  TestDirectory dir;
  auto first = FileLock::try_lock(dir / "lock");
  ASSERT_TRUE(first);
  EXPECT_FALSE(FileLock::try_lock(dir / "lock"));
  first.reset();
  EXPECT_TRUE(FileLock::try_lock(dir / "lock"));
}

TEST(FileLock, DiesWithItsProcess) {
  TestDirectory dir;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(FileLock::try_lock(dir / "lock") ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(FileLock::try_lock(dir / "lock"));
}

TEST(WriteFileAtomic, ReplacesALinkAndLeavesAloneWhatItLedTo) {
  TestDirectory dir;
  ASSERT_TRUE(write_file_atomic(dir / "precious", "precious", 0640));
  std::filesystem::create_symlink(dir / "precious", dir / "a");
  ASSERT_TRUE(write_file_atomic(dir / "a", "ours", 0600, FileOwner{::geteuid(), ::getegid()}));
  EXPECT_FALSE(std::filesystem::is_symlink(dir / "a"));
  EXPECT_EQ(read_file(dir / "precious"), "precious");
  EXPECT_EQ(mode_of(dir / "precious"), 0640U);
}

TEST(ReadPlainFile, ReadsNeitherThroughALinkNorFromAPipe) {
  TestDirectory dir;
  ASSERT_TRUE(write_file_atomic(dir / "a", "text"));
  EXPECT_EQ(read_plain_file(dir / "a", 4), "text");
  EXPECT_FALSE(read_plain_file(dir / "a", 3));
  std::filesystem::create_symlink(dir / "a", dir / "link");
  EXPECT_FALSE(read_plain_file(dir / "link", 100));
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  EXPECT_FALSE(read_plain_file(dir / "pipe", 100));
}

TEST(GiveDirectory, RefusesALink) {
  TestDirectory dir;
  std::filesystem::create_directory(dir / "a");
  EXPECT_TRUE(give_directory(dir / "a", {::geteuid(), ::getegid()}));
  std::filesystem::create_directory_symlink(dir / "a", dir / "link");
  EXPECT_FALSE(give_directory(dir / "link", {::geteuid(), ::getegid()}));
}

TEST(OnlyWeWrite, IsRefusedWhereOthersMayAndThroughALink) {
  TestDirectory dir;
  std::filesystem::create_directory(dir / "a");
  for (const mode_t mode : {0700U, 0750U, 0755U}) {
    ASSERT_EQ(::chmod((dir / "a").c_str(), mode), 0);
    EXPECT_TRUE(check_only_we_write(dir / "a"));
  }
  for (const mode_t mode : {0770U, 0702U, 01777U}) {
    ASSERT_EQ(::chmod((dir / "a").c_str(), mode), 0);
    EXPECT_THAT(check_only_we_write(dir / "a").error(), HasSubstr("can be written to by others"));
  }
  ASSERT_EQ(::chmod((dir / "a").c_str(), 0700), 0);
  std::filesystem::create_directory_symlink(dir / "a", dir / "link");
  EXPECT_FALSE(check_only_we_write(dir / "link"));
  EXPECT_FALSE(check_only_we_write(dir / "none"));
}

}  // namespace
}  // namespace rap::io
