// The command line of rap-control.
#pragma once

#include <memory>

#include "control/server/commands.hpp"

namespace CLI {
class App;
}

namespace rap {

struct CommandLine {
  control::server::InitOptions init;
  bool password_stdin = false;
  control::server::ServeOptions serve;
  control::server::PrepareOptions prepare;
};

// `line` outlives the tree and is filled in by parsing.
std::unique_ptr<CLI::App> make_command_line(CommandLine& line);

}  // namespace rap
