#include "control/nodes/notices/incarnations.hpp"

#include <gtest/gtest.h>

namespace rap::control {
namespace {

using namespace std::chrono_literals;
using enum IncarnationVerdict;

class IncarnationsTest : public ::testing::Test {
 protected:
  IncarnationVerdict check_in(const std::string& who) {
    now += 5s;
    Incarnations read = incarnations_from(to_json(node));
    EXPECT_EQ(read, node);
    const auto verdict = take_check_in(node, who, heard, now);
    if (verdict != kept_out && verdict != caught) heard = now;
    return verdict;
  }

  Incarnations node;
  WallTime now = from_unix(1'800'000'000);
  WallTime heard{};
};

TEST_F(IncarnationsTest, AnAgentThatRestartsIsNoCopy) {
  EXPECT_EQ(check_in("a"), began);
  EXPECT_EQ(check_in("a"), known);
  EXPECT_EQ(check_in("b"), began);
  EXPECT_EQ(check_in("b"), known);
  EXPECT_FALSE(node.copy_seen_at);
}

TEST_F(IncarnationsTest, WhoComesBackAfterItsSuccessorStaysAndTheOtherIsKeptOut) {
  check_in("node");
  EXPECT_EQ(check_in("copy"), began) << "it might be the node, restarted";
  EXPECT_EQ(check_in("node"), returned);
  EXPECT_EQ(node.copy_seen_at, now);
  EXPECT_EQ(check_in("copy"), kept_out);
  EXPECT_EQ(check_in("node"), known);
}

TEST_F(IncarnationsTest, ACopyThatIsRestartedIsFoundAgain) {
  check_in("node");
  check_in("copy");
  check_in("node");
  EXPECT_EQ(check_in("copy, restarted"), began);
  EXPECT_EQ(check_in("node"), returned);
  EXPECT_EQ(check_in("copy, restarted"), kept_out);
}

TEST_F(IncarnationsTest, TheNodeMayRestartBesideItsCopy) {
  check_in("node");
  check_in("copy");
  check_in("node");
  EXPECT_EQ(check_in("node, restarted"), began);
  EXPECT_EQ(check_in("copy"), kept_out);
  EXPECT_EQ(check_in("node, restarted"), known);
}

TEST_F(IncarnationsTest, OneThatIsKeptOutTakesOverWhenTheOtherIsSilent) {
  check_in("node");
  check_in("moved");
  check_in("node");
  EXPECT_EQ(check_in("moved"), kept_out);
  now = heard + kIncarnationSilence - 6s;
  EXPECT_EQ(check_in("moved"), kept_out);
  EXPECT_EQ(check_in("moved"), began);
  EXPECT_EQ(check_in("moved"), known);
}

TEST_F(IncarnationsTest, ThreeOfOneIdentityAreAllFound) {
  check_in("a");
  check_in("b");
  check_in("c");
  EXPECT_EQ(check_in("a"), returned);
  EXPECT_EQ(check_in("b"), returned) << "which is older than what is kept out";
  EXPECT_EQ(check_in("a"), kept_out);
  EXPECT_EQ(check_in("c"), kept_out);
}

TEST_F(IncarnationsTest, NobodyWhoStartsManyAgentsKeepsTheResidentOut) {
  check_in("node");
  for (int i = 0; i < 20; ++i) check_in("node");
  EXPECT_EQ(node.resident, "node");
  for (int i = 0; i < 30; ++i) {
    for (std::size_t n = 0; n <= kMaxIncarnationsKept; ++n) {
      const std::string thief = std::to_string(i) + "-" + std::to_string(n);
      EXPECT_EQ(check_in(thief), began);
    }
    EXPECT_EQ(check_in("node"), returned);
    EXPECT_EQ(check_in(std::to_string(i) + "-" + std::to_string(kMaxIncarnationsKept)), kept_out);
    EXPECT_EQ(check_in(std::to_string(i) + "-" + std::to_string(kMaxIncarnationsKept - 1)), caught);
    EXPECT_EQ(check_in("node"), known);
  }
}

TEST_F(IncarnationsTest, ANodeThatRestartedIsTheResidentAfterAWhile) {
  for (int i = 0; i < 20; ++i) check_in("node");
  check_in("node, restarted");
  EXPECT_EQ(node.resident, "node");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(check_in("node, restarted"), known);
  EXPECT_EQ(node.resident, "node, restarted");
  EXPECT_EQ(check_in("node"), caught) << "which is older, and was never heard of beside it";
}

TEST_F(IncarnationsTest, AreRememberedUpToABound) {
  for (int i = 0; i < 100; ++i) check_in(std::to_string(i));
  EXPECT_EQ(node.former.size(), kMaxIncarnationsKept);
  EXPECT_EQ(incarnations_from("nonsense"), Incarnations{});
}

}  // namespace
}  // namespace rap::control
