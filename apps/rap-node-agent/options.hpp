// The command line of rap-node-agent. The tree built here is the one source of --help and --man.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "command_line/manual.hpp"
#include "node/host/node_agent.hpp"

namespace CLI {
class App;
}

namespace rap {

struct CommandLine {
  host::NodeAgentOptions agent;
  bool man = false;
};

// `line` outlives the tree and is filled in by parsing.
std::unique_ptr<CLI::App> make_command_line(CommandLine& line);
// What is wrong about options that are each well formed; empty: nothing.
std::string usage_error(const host::NodeAgentOptions& options);
std::vector<command_line::ManualSection> manual_sections();

}  // namespace rap
