// The whole command line: the commands of every room, gathered.
#pragma once

#include <memory>
#include <string>

#include "client/command/command.hpp"

namespace rap::client {

// The commands of every room are added below the caller's root.
void add_all_commands(CLI::App& root, Invocation& invocation);

// `invocation` outlives the tree.
std::unique_ptr<CLI::App> make_command_tree(Invocation& invocation, const std::string& version);

}  // namespace rap::client
