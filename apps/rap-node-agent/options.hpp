// The command line of rap-node-agent. The tree built here is the one source of --help and --man.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace rap {

struct AgentOptions {
  std::filesystem::path state;
  std::string join_token;
  std::filesystem::path join_token_file;
  std::string data_plane_listen;
  std::string data_plane_advertise;
  std::string fabric_listen;
  std::string metrics_listen;  // of rap-fabric; empty: none
  std::string fabric_advertise;
  std::filesystem::path fabric_bin;
  unsigned checkin_interval_ms = 5000;
  bool man = false;
};

// `options` outlives the tree and is filled in by parsing.
std::unique_ptr<CLI::App> make_command_line(AgentOptions& options);

}  // namespace rap
