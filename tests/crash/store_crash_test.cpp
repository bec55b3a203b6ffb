// SN-3: the node's state directory survives kill -9 at every write, sync, rename, truncation and
// removal of a life in which everything changes: configuration, roots, commands, security data.
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <new>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cut.hpp"
#include "life.hpp"

namespace rap::crash {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 8;
constexpr std::uintmax_t kMaxBytes = 4'000'000;

enum Exit : int { kFine = 0, kNotStarted = 10, kNotCaughtUp = 11 };

// In memory that a child shares with us.
struct Seen {
  Standing found;
  Standing said;
  std::atomic<std::uint64_t> operations = 0;
};

class StoreCrash : public testing::Test {
 public:
  ~StoreCrash() override {
    fs::remove_all(root_);
    ::munmap(seen_, sizeof(Seen));
  }

 protected:
  StoreCrash() {
    void* memory =
        ::mmap(nullptr, sizeof(Seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    seen_ = new (memory) Seen;
    // In memory when possible: what kill -9 leaves does not depend on when a disk writes.
    const fs::path where = fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path();
    std::string name = (where / "rap-crash-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    change_everything();
  }

  // More than one answer of each list holds.
  void change_everything() {
    control_.rotate_root();
    control_.rotate_root();
    for (int i = 0; i < 3; ++i) control_.command(node_);
    for (int i = 0; i < 3; ++i) control_.bump_epoch(UserId::random(rng_));
    for (std::size_t i = 0; i < snapshot::kMaxDeltasAPull + 10; ++i) {
      control_.list("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256), true);
    }
    control_.list("10.0.0.1", false);
  }

  fs::path state() const { return root_ / "state"; }

  // The status of a child that lives once, to the cut or until it has everything.
  int live(std::uint64_t cut_after, cut::Where where = cut::Where::before) {
    const pid_t child = ::fork();
    if (child == 0) {
      cut::after(cut_after, where);
      Life life(state(), control_, node_);
      if (!life.begin(seen_->found)) ::_exit(kNotStarted);
      const bool caught_up = life.run(seen_->said);
      seen_->operations = cut::operations();
      ::_exit(caught_up ? kFine : kNotCaughtUp);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }
  static bool was_killed(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL; }
  static bool was_fine(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == kFine; }

  // What a node said of itself, in the order of Standing's members.
  static std::array<std::uint64_t, 5> figures(const Standing& s) {
    return {s.config, s.commands, s.bundle, s.epochs, s.blocklist};
  }
  void expect_bounded() {
    std::size_t files = 0;
    std::uintmax_t bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator(state())) {
      if (!entry.is_regular_file()) continue;
      ++files;
      bytes += entry.file_size();
    }
    EXPECT_LE(files, kMaxFiles);
    EXPECT_LE(bytes, kMaxBytes);
  }

  fs::path root_;
  Seen* seen_ = nullptr;
  SeededRandom rng_{2};
  NodeId node_ = NodeId::random(rng_);
  sim::LinkControl control_{6};
};

TEST_F(StoreCrash, AtEveryOperationItStartsAgainAndNothingAcknowledgedIsLost) {
  ASSERT_TRUE(was_fine(live(0)));
  const std::uint64_t operations = seen_->operations;
  RecordProperty("operations", static_cast<int>(operations));
  ASSERT_GT(operations, 60U) << "a life in which nothing is written proves nothing";
  for (const auto where : {cut::Where::before, cut::Where::half}) {
    for (std::uint64_t n = 1; n <= operations; ++n) {
      SCOPED_TRACE("operation " + std::to_string(n));
      fs::remove_all(state());
      new (seen_) Seen;
      ASSERT_TRUE(was_killed(live(n, where)));
      const auto acknowledged = figures(seen_->said);
      ASSERT_TRUE(was_fine(live(0))) << "it starts again and catches up";
      const auto found = figures(seen_->found);
      for (std::size_t i = 0; i < found.size(); ++i) EXPECT_GE(found[i], acknowledged[i]) << i;
      expect_bounded();
      if (HasFailure()) return;
    }
  }
}

TEST_F(StoreCrash, KilledAgainAndAgainItArrives) {
  int deaths = 0;
  for (std::uint64_t n = 5; !was_fine(live(n)); ++n) {
    ASSERT_LT(++deaths, 500);
  }
  EXPECT_GT(deaths, 5);
  expect_bounded();
}

TEST_F(StoreCrash, ADeletedStoreIsBuiltAnew) {
  ASSERT_TRUE(was_fine(live(0)));
  fs::remove(state() / agent::kSecurityFile);
  new (seen_) Seen;
  ASSERT_TRUE(was_fine(live(0)));
  EXPECT_EQ(seen_->found.blocklist, 0U);
  EXPECT_GT(seen_->found.config, 0U) << "and nothing else was lost";
}

}  // namespace
}  // namespace rap::crash
