// The tests of a room's commands: each types command lines in a shell of its own.
#pragma once

#include <gtest/gtest.h>

#include <utility>

#include "client/core/failure.hpp"
#include "client/testing/shell.hpp"

namespace rap::client {

inline constexpr int kOk = std::to_underlying(ExitCode::ok);
inline constexpr int kFailed = std::to_underlying(ExitCode::failed);
inline constexpr int kUsage = std::to_underlying(ExitCode::usage);
inline constexpr int kNotSignedIn = std::to_underlying(ExitCode::not_signed_in);
inline constexpr int kDenied = std::to_underlying(ExitCode::denied);
inline constexpr int kNotFound = std::to_underlying(ExitCode::not_found);
inline constexpr int kUnreachable = std::to_underlying(ExitCode::unreachable);
inline constexpr int kUntrusted = std::to_underlying(ExitCode::untrusted);

class CommandTest : public testing::Test {
 protected:
  explicit CommandTest(TestShell::AddCommands add) : shell_(std::move(add)) {}

  TestHome& home() { return shell_.home; }
  TestNetwork& network() { return shell_.network; }
  int run(const std::vector<std::string>& words) { return shell_.run(words); }
  std::string out() const { return shell_.out.str(); }
  std::string err() const { return shell_.err.str(); }

  TestShell shell_;
};

}  // namespace rap::client
