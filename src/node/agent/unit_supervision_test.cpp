#include "node/agent/unit_supervision.hpp"

#include <gtest/gtest.h>

namespace rap::agent {
namespace {

using enum UnitAction;
using std::chrono::milliseconds;
using std::chrono::seconds;

class UnitSupervisionTest : public testing::Test {
 protected:
  UnitActions comes(pid_t pid) { return unit_.connected(now_, pid); }
  UnitActions comes_again(pid_t pid) {
    unit_.disconnected();
    return comes(pid);
  }

  UnitSupervision unit_;
  MonoTime now_{seconds{100}};
};

TEST_F(UnitSupervisionTest, TakesUpEachProcessOnceHoweverOftenItConnects) {
  EXPECT_EQ(comes(7), UnitActions{take_up});
  EXPECT_EQ(comes_again(7), UnitActions{});
  EXPECT_EQ(comes_again(8), UnitActions{take_up});
  EXPECT_EQ(comes_again(0), UnitActions{take_up});
  EXPECT_EQ(comes_again(0), UnitActions{take_up}) << "nobody knows whether it is the same one";
}

TEST_F(UnitSupervisionTest, AsksTheOneThereIsToEndAndLeavesItsSuccessorAlone) {
  comes(7);
  EXPECT_EQ(unit_.restart(now_), UnitActions{ask_to_end});
  EXPECT_EQ(comes_again(8), UnitActions{take_up});
  EXPECT_EQ(unit_.next_wakeup(), UnitSupervision::kNever);
}

TEST_F(UnitSupervisionTest, AsksTheNextWhenNobodyIsThere) {
  EXPECT_EQ(unit_.restart(now_), UnitActions{});
  EXPECT_EQ(comes(7), (UnitActions{take_up, ask_to_end}));
  EXPECT_EQ(comes_again(8), UnitActions{take_up});
}

TEST_F(UnitSupervisionTest, CutsOneThatDoesNotGoAndAsksItAgain) {
  comes(7);
  unit_.restart(now_);
  now_ += kLeaveGrace - milliseconds{1};
  EXPECT_EQ(unit_.woken(now_), UnitActions{});
  now_ += milliseconds{1};
  EXPECT_EQ(unit_.woken(now_), UnitActions{cut_late});
  EXPECT_EQ(comes_again(7), UnitActions{ask_to_end});
}

TEST_F(UnitSupervisionTest, CutsOneThatReportedAndFellSilent) {
  comes(7);
  EXPECT_EQ(unit_.next_wakeup(), UnitSupervision::kNever) << "it has no configuration yet";
  unit_.heard(now_);
  now_ += seconds{1};
  unit_.heard(now_);
  now_ += kFabricSilence - milliseconds{1};
  EXPECT_EQ(unit_.woken(now_), UnitActions{});
  now_ += milliseconds{1};
  EXPECT_EQ(unit_.woken(now_), UnitActions{cut_silent});
  EXPECT_EQ(unit_.woken(now_), UnitActions{}) << "once";
}

TEST_F(UnitSupervisionTest, WhileItIsHeldSendsAwayWhoMayCarrySomething) {
  EXPECT_EQ(unit_.hold(now_, true), UnitActions{});
  EXPECT_EQ(comes(7), (UnitActions{take_up, ask_to_end})) << "it ran before the agent did";
  EXPECT_EQ(comes_again(8), UnitActions{take_up}) << "which has nothing to carry with";
  EXPECT_EQ(unit_.hold(now_, false), UnitActions{});
  EXPECT_EQ(comes_again(8), UnitActions{});
}

}  // namespace
}  // namespace rap::agent
