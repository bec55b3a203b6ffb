// A command line from its words to its exit status.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "client/command/command.hpp"

namespace rap::client {

// The words are read into the invocation's action. A line that needs none has its exit status for
// an answer: help, the version, a mistake.
std::optional<int> read_command_line(CLI::App& root, Invocation& invocation,
                                     std::vector<std::string> words, std::ostream& out,
                                     std::ostream& err);

// The action is run; why it failed is said on `world.err`, with --json as an object:
//   {"error":{"code":"not_found","status":5,"text":"…"}}
int run_command(World& world, const Invocation& invocation);

}  // namespace rap::client
