// SN-3: the node's state directory survives kill -9 at every operation on a file, in a life in
// which everything changes: configuration, roots, commands, security data.
#include <gtest/gtest.h>

#include <array>

#include "life.hpp"
#include "mortal.hpp"

namespace rap::crash {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 8;
constexpr std::uintmax_t kMaxBytes = 4'000'000;

enum Exit : int { kFine = 0, kNotStarted = 10, kNotCaughtUp = 11 };

// What was seen, in memory that a child shares with us.
struct Seen {
  Progress found;
  Progress said;
};

class StoreCrash : public Mortal {
 protected:
  StoreCrash() { change_everything(); }

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

  // One life of a node, to the cut or until it has everything.
  int live(std::uint64_t cut_after, cut::Where where = cut::Where::before) {
    return Mortal::live(cut_after, where, [this] { return life(); });
  }
  int life() {
    Life life(state(), control_, node_);
    if (!life.begin(seen_->found)) return kNotStarted;
    return life.run(seen_->said) ? kFine : kNotCaughtUp;
  }

  // What a node said of itself, in the order of Progress's members.
  static std::array<std::uint64_t, 5> figures(const Progress& s) {
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

  Shared<Seen> seen_;
  SeededRandom rng_{2};
  NodeId node_ = NodeId::random(rng_);
  sim::LinkControl control_{6};
};

TEST_F(StoreCrash, AtEveryOperationItStartsAgainAndNothingAcknowledgedIsLost) {
  const Cost cost = cost_of([this] { return life(); });
  RecordProperty("operations", static_cast<int>(cost.operations));
  ASSERT_GT(cost.operations, 60U) << "a life in which nothing is written proves nothing";
  for (const auto where : {cut::Where::before, cut::Where::half}) {
    for (std::uint64_t n = 1; n <= cost.of(where); ++n) {
      SCOPED_TRACE("operation " + std::to_string(n));
      fs::remove_all(state());
      seen_.reset();
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
  seen_.reset();
  ASSERT_TRUE(was_fine(live(0)));
  EXPECT_EQ(seen_->found.blocklist, 0U);
  EXPECT_GT(seen_->found.config, 0U) << "and nothing else was lost";
}

}  // namespace
}  // namespace rap::crash
