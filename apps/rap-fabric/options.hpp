// The command line of rap-fabric.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "node/fabric/settings.hpp"

namespace CLI {
class App;
}

namespace rap {

struct CommandLine {
  std::string state;
  std::string data_plane_listen;
  std::string fabric_listen;
  std::string metrics_listen;  // empty: none
  std::vector<std::string> control;
};

// `line` outlives the tree and is filled in by parsing.
std::unique_ptr<CLI::App> make_command_line(CommandLine& line);
// The error names the option whose address is none.
std::expected<fabric::Settings, std::string> settings_of(const CommandLine& line);

}  // namespace rap
