// The whole command line: the commands of every room, gathered.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "client/command/command.hpp"

namespace rap::client {

// The commands of every room are added below the caller's root.
void add_all_commands(CLI::App& root, Invocation& invocation);

// `invocation` outlives the tree.
std::unique_ptr<CLI::App> make_command_tree(Invocation& invocation, const std::string& version);

// The tree that filled in `invocation` and outlives it; else the exit code of a program that is
// done: its help was printed, or what is wrong.
std::expected<std::shared_ptr<CLI::App>, ExitCode> parse_command_line(Invocation& invocation,
                                                                      const std::string& version,
                                                                      int argc, char** argv);

}  // namespace rap::client
