// Command lines in a world of their own: the tree of a room's commands, and doubles below them.
#pragma once

#include <functional>
#include <sstream>

#include "base/seeded_random.hpp"
#include "client/command/command.hpp"
#include "client/testing/doubles.hpp"

namespace rap::client {

struct TestShell {
  static constexpr std::int64_t kNow = 1'800'000'000;

  using AddCommands = std::function<void(CLI::App& root, Invocation&)>;
  explicit TestShell(AddCommands add) : add_commands(std::move(add)) {}

  // The exit status; what was printed is in `out` and `err`.
  int run(const std::vector<std::string>& words);
  void sign_in();

  AddCommands add_commands;
  TestHome home;
  TestNetwork network;
  TestTerminal terminal;
  TestPrograms programs;
  TestDataPlane data_plane;
  SeededRandom random{5};
  std::ostringstream out;
  std::ostringstream err;
};

}  // namespace rap::client
