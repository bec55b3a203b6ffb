#include "node/host/disk_watch.hpp"

#include <gtest/gtest.h>

#include <set>

namespace rap::host {
namespace {

using agent::DiskFault;
using agent::StoreResult;

// A disk with so much room, on which each write takes a time of its own.
class SmallDisk final : public agent::NodeFiles {
 public:
  std::expected<std::optional<std::string>, std::string> read(std::string_view) override {
    return std::nullopt;
  }
  StoreResult write(const agent::FileWrite& file) override {
    now += takes;
    if (!why.empty()) return std::unexpected("/state/" + file.name + ": " + why);
    if (file.content.size() > room) {
      return std::unexpected("/state/" + file.name + ": No space left on device");
    }
    files.insert(file.name);
    return {};
  }
  StoreResult remove(std::string_view name) override {
    files.erase(std::string(name));
    return {};
  }
  std::expected<std::vector<std::string>, std::string> list(std::string_view) override {
    return std::vector<std::string>(files.begin(), files.end());
  }

  std::size_t room = 10'000;
  std::string why;
  Duration takes{};
  MonoTime now{};
  std::set<std::string> files;
};

struct DiskWatched : testing::Test {
  SmallDisk disk;
  DiskWatch watch{disk, [this] { return disk.now; }};
  std::optional<DiskFault> fault() {
    disk.now += kDiskTrialEvery;
    return watch.fault();
  }
  StoreResult write(std::size_t bytes) {
    return watch.write({"config/x", std::string(bytes, 'x')});
  }
};

TEST_F(DiskWatched, SaysNothingOfADiskThatTakesEverything) {
  EXPECT_TRUE(write(10'000));
  EXPECT_EQ(fault(), std::nullopt);
  EXPECT_EQ(disk.files, std::set<std::string>{"config/x"}) << "and tries nothing";
}

TEST_F(DiskWatched, IsFullUntilItTakesAsMuchAsItRefused) {
  EXPECT_FALSE(write(20'000));
  EXPECT_EQ(fault(), DiskFault::full);
  EXPECT_TRUE(write(10)) << "a little goes";
  EXPECT_EQ(fault(), DiskFault::full);
  disk.room = 30'000;
  EXPECT_EQ(watch.fault(), DiskFault::full)
      << "a disk that is in trouble is not tried all the time";
  EXPECT_EQ(fault(), std::nullopt) << "without anybody's writing";
  EXPECT_EQ(disk.files, std::set<std::string>{"config/x"}) << "the trial is gone";
}

TEST_F(DiskWatched, IsReadOnlyOrFailsInAnotherWay) {
  disk.why = "Read-only file system";
  EXPECT_FALSE(write(1));
  EXPECT_EQ(fault(), DiskFault::read_only);
  disk.why = "Input/output error";
  EXPECT_EQ(fault(), DiskFault::failed);
  disk.why = "Disk quota exceeded";
  EXPECT_EQ(fault(), DiskFault::full);
  disk.why.clear();
  EXPECT_EQ(fault(), std::nullopt);
}

TEST_F(DiskWatched, IsSlowWhileAWriteTakesSeconds) {
  disk.takes = agent::kSlowWrite + std::chrono::milliseconds{1};
  EXPECT_TRUE(write(1));
  EXPECT_EQ(fault(), DiskFault::slow);
  disk.takes = agent::kSlowWrite;
  EXPECT_EQ(fault(), std::nullopt);
}

}  // namespace
}  // namespace rap::host
