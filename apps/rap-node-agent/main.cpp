// rap-node-agent: parses its command line and runs one agent.
#include <iostream>

#include "command_line/parsing.hpp"
#include "io/system/standard_streams.hpp"
#include "io/system/system.hpp"
#include "node/host/node_agent.hpp"
#include "options.hpp"

int main(int argc, char** argv) {
  rap::io::occupy_standard_descriptors();
  rap::io::ignore_hangup();
  rap::io::gain_no_privileges();
  rap::io::leave_no_core();
  const auto options = rap::parse_command_line(argc, argv);
  if (!options) return options.error();
  if (const std::string error = rap::host::usage_error(*options); !error.empty()) {
    std::cerr << "rap-node-agent: " << error << " See 'rap-node-agent --help'.\n";
    return rap::command_line::kWrongUsage;
  }
  rap::io::StderrLog lines("rap-node-agent");
  if (const auto ok = lines.write_to(options->log_file); !ok) {
    std::cerr << "rap-node-agent: " << ok.error() << "\n";
    return static_cast<int>(rap::host::AgentEnd::failed);
  }
  return static_cast<int>(rap::host::run_node_agent(*options, lines));
}
