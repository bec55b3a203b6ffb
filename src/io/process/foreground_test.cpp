#include "io/process/foreground.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace rap::io {
namespace {

SpawnOptions script(const std::string& text) {
  SpawnOptions options;
  options.program = "/bin/sh";
  options.arguments = {"-c", text};
  return options;
}
std::expected<ForegroundExit, std::string> shell(const std::string& text) {
  return run_in_foreground(script(text));
}

// A signal's disposition for the lifetime.
class Disposition {
 public:
  Disposition(int number, sighandler_t handler)
      : number_(number), before_(::signal(number, handler)) {}
  ~Disposition() { ::signal(number_, before_); }
  Disposition(const Disposition&) = delete;
  Disposition& operator=(const Disposition&) = delete;

 private:
  int number_;
  sighandler_t before_;
};

TEST(Foreground, TellsHowTheProgramEnded) {
  EXPECT_EQ(shell("exit 7")->how.code, 7);
  const auto killed = shell("kill -KILL $$");
  EXPECT_EQ(killed->how.signal, SIGKILL);
  EXPECT_EQ(killed->passed_on, std::nullopt);
  SpawnOptions missing;
  missing.program = "/nowhere/program";
  EXPECT_FALSE(run_in_foreground(missing));
}

TEST(Foreground, WhatWouldEndUsEndsTheProgram) {
  for (const int number : {SIGTERM, SIGHUP, SIGINT, SIGQUIT}) {
    const Disposition usual(number, SIG_DFL);
    const auto exit = shell("trap 'exit 9' " + std::to_string(number) + "; kill -" +
                            std::to_string(number) + " $PPID; while :; do :; done");
    ASSERT_TRUE(exit) << exit.error();
    EXPECT_EQ(exit->how.code, 9) << number;
    EXPECT_EQ(exit->passed_on, number);
  }
}

TEST(Foreground, AnInterruptOfBothDoesNotEndUsAfterTheProgramsEnd) {
  // Whoever is quick ends before we look the first time, and our own signal still waits.
  constexpr int kTries = 200;
  const Disposition usual(SIGINT, SIG_DFL);
  for (int i = 0; i < kTries; ++i) {
    ASSERT_EQ(shell("kill -INT $PPID; kill -INT $$")->how.signal, SIGINT);
  }
}

TEST(Foreground, OneThatDoesNotEndIsKilled) {
  const auto exit = run_in_foreground(script("trap '' TERM; kill -TERM $PPID; exec sleep 60"),
                                      std::chrono::milliseconds{1});
  EXPECT_EQ(exit->how.signal, SIGKILL);
}

TEST(Foreground, WhatWasIgnoredStaysSoForBoth) {
  const Disposition ignored(SIGHUP, SIG_IGN);
  const auto exit = shell("kill -HUP $PPID; kill -HUP $$; exit 4");
  EXPECT_EQ(exit->how.code, 4);
  EXPECT_EQ(exit->passed_on, std::nullopt);
}

TEST(Foreground, AParentThatIgnoresTheEndOfItsChildrenIsToldAllTheSame) {
  const Disposition ignored(SIGCHLD, SIG_IGN);
  EXPECT_EQ(shell("exit 3")->how.code, 3);
}

TEST(Foreground, OurIgnoringOfBrokenPipesIsNotHandedDown) {
  const Disposition ignored(SIGPIPE, SIG_IGN);
  EXPECT_EQ(shell("kill -PIPE $$; exit 4")->how.signal, SIGPIPE);
}

}  // namespace
}  // namespace rap::io
