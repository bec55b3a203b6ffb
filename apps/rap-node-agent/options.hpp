// The command line of rap-node-agent. The tree built here is the one source of --help and --man.
#pragma once

#include <expected>
#include <string>

#include "node/host/node_agent.hpp"

namespace rap {

inline constexpr int kWrongUsage = 2;

// The error is the program's exit status: its help was printed, or what is wrong.
std::expected<host::NodeAgentOptions, int> parse_command_line(int argc, char** argv);
// What is wrong about options that are each well formed; empty: nothing.
std::string usage_error(const host::NodeAgentOptions& options);

}  // namespace rap
