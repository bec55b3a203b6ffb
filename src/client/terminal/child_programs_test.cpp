#include "client/terminal/child_programs.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

namespace rap::client {
namespace {

Fallible<int> shell(const std::string& script) { return ChildPrograms().run("sh", {"-c", script}); }

TEST(ChildPrograms, TheirStatusIsPassedOn) {
  EXPECT_EQ(shell("exit 0").value(), 0);
  EXPECT_EQ(shell("exit 7").value(), 7);
}

TEST(ChildPrograms, TheirSignalIsSaidAsAShellDoes) {
  EXPECT_EQ(shell("kill -TERM $$").value(), 128 + SIGTERM);
  EXPECT_EQ(shell("kill -KILL $$").value(), 128 + SIGKILL);
}

TEST(ChildPrograms, AnInterruptIsForThemAndNotForUs) {
  // The signal goes to both, as a terminal sends it; we go on, and are told of their end.
  EXPECT_EQ(shell("kill -INT $PPID; kill -INT $$").value(), 128 + SIGINT);
  struct sigaction now{};
  ASSERT_EQ(::sigaction(SIGINT, nullptr, &now), 0);
  EXPECT_EQ(now.sa_handler, SIG_DFL) << "it ends us again afterwards";
}

TEST(ChildPrograms, OneThatWasToldToEndIsSaid) {
  const auto ran = shell("kill -TERM $PPID; exec sleep 60");
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().text, "sh was ended by SIGTERM.");
}

TEST(ChildPrograms, ArgumentsReachThemAsTheyAre) {
  EXPECT_EQ(ChildPrograms().run("sh", {"-c", "test \"$1\" = 'a b;$c'", "sh", "a b;$c"}).value(), 0);
}

TEST(ChildPrograms, OneThatIsMissingIsSaidWithWhatToDo) {
  const auto ran = ChildPrograms().run("rap-test-no-such-program", {});
  ASSERT_FALSE(ran);
  EXPECT_NE(ran.error().text.find("rap-test-no-such-program"), std::string::npos);
  EXPECT_NE(ran.error().text.find("apt install"), std::string::npos);
}

TEST(ChildPrograms, OurOwnPathIsThatOfTheRunningProgram) {
  EXPECT_TRUE(std::filesystem::equivalent(ChildPrograms().own_path(), "/proc/self/exe"));
}

}  // namespace
}  // namespace rap::client
