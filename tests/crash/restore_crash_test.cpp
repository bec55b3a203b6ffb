// What a restore has unpacked becomes the platform's in one step: killed at any operation on a
// file, either the restore is to be repeated and nobody serves meanwhile, or the platform is whole.
#include <gtest/gtest.h>

#include "control/backup/restoring.hpp"
#include "control_life.hpp"
#include "io/system/file.hpp"
#include "mortal.hpp"

namespace rap::crash {
namespace {

namespace fs = std::filesystem;
using control::server::StateDirectory;

constexpr std::string_view kHeads = "{\"a head\":1}\n";

class RestoreCrash : public Mortal {
 protected:
  RestoreCrash() {
    EXPECT_EQ("", ControlLife(root_ / "made").init());
    fs::remove_all(StateDirectory(root_ / "made").home() / "root-ca");
  }

  fs::path state() const { return root_ / "state"; }

  // The directory is as a restore leaves it before the last step, and as one that is repeated comes
  // there again.
  void unpack() const {
    fs::create_directories(state() / "run");
    fs::remove_all(state() / "restoring");
    fs::create_directory(state() / "restoring");
    fs::copy(root_ / "made/clusters", state() / "restoring/clusters", fs::copy_options::recursive);
    EXPECT_TRUE(io::write_file_atomic(state() / "restoring/audit-heads.jsonl", kHeads));
  }
  int put_in_place() const {
    return control::server::put_in_place(StateDirectory(state())) ? 0 : 1;
  }
  void expect_whole() const {
    const StateDirectory restored(state());
    EXPECT_TRUE(restored.load_authority());
    EXPECT_TRUE(restored.recover());
    EXPECT_FALSE(fs::exists(restored.restoring()));
    EXPECT_EQ(kHeads, io::read_file(restored.audit_heads_file()).value_or("(none)"));
  }

  io::SystemRandom rng_;
};

TEST_F(RestoreCrash, APlatformIsThereAsAWholeOrTheRestoreIsRepeated) {
  unpack();
  const Cost cost = cost_of([this] { return put_in_place(); });
  ASSERT_GE(cost.operations, 3U) << "two renames, and what was unpacked is gone";
  expect_whole();
  std::uint64_t repeated = 0;
  for (std::uint64_t n = 1; n <= cost.operations; ++n) {
    SCOPED_TRACE("operation " + std::to_string(n));
    fs::remove_all(state());
    unpack();
    ASSERT_TRUE(was_killed(live(n, cut::Where::before, [this] { return put_in_place(); })));
    StateDirectory left(state());
    if (left.is_half_restored()) {
      ++repeated;
      EXPECT_NE(left.load_authority().error().find("cut short"), std::string::npos);
      EXPECT_NE(left.create(rng_).error().find("repeat"), std::string::npos);
      unpack();
      ASSERT_EQ(0, put_in_place());
    }
    expect_whole();
  }
  EXPECT_GE(repeated, 2U) << "before each of the renames";
  EXPECT_LT(repeated, cost.operations) << "and not behind them";
}

}  // namespace
}  // namespace rap::crash
