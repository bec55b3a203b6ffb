// The command line of rap-fabric.
#pragma once

#include <expected>
#include <string>

#include "node/fabric/settings.hpp"

namespace rap {

struct CommandLine {
  std::string state;
  std::string data_plane_listen;
  std::string fabric_listen;
  std::string metrics_listen;  // empty: none
  std::string agent_socket;    // empty: in the state directory
  std::string agent_user;      // empty: our own
  std::string log_file;  // empty: standard error
};

// The error is the program's exit status: its help was printed, or what is wrong.
std::expected<CommandLine, int> parse_command_line(int argc, char** argv);
// The error names the option whose address is none.
std::expected<fabric::Settings, std::string> settings_of(const CommandLine& line);

}  // namespace rap
