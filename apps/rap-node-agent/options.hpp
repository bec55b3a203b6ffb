// The command line of rap-node-agent. The tree built here is the one source of --help and --man.
#pragma once

#include <expected>

#include "node/host/node_agent_options.hpp"

namespace rap {

// The error is the program's exit status: its help was printed, or what is wrong.
std::expected<host::NodeAgentOptions, int> parse_command_line(int argc, char** argv);

}  // namespace rap
