// rap-node-agent: parses its command line and runs one agent.
#include <CLI/CLI.hpp>
#include <iostream>

#include "command_line/manual.hpp"
#include "io/system/standard_streams.hpp"
#include "io/system/system.hpp"
#include "node/host/node_agent.hpp"
#include "options.hpp"

int main(int argc, char** argv) {
  rap::io::occupy_standard_descriptors();
  constexpr int kWrongUsage = 2;
  rap::CommandLine line;
  const auto app = rap::make_command_line(line);
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app->exit(e) == 0 ? 0 : kWrongUsage;
  }
  if (line.man) {
    std::cout << rap::command_line::manual_page(*app, RAP_VERSION, rap::manual_sections());
    return 0;
  }
  if (const std::string error = rap::usage_error(line.agent); !error.empty()) {
    std::cerr << error << "\nRun with --help for more information.\n";
    return kWrongUsage;
  }
  rap::io::StderrLog log("rap-node-agent");
  return static_cast<int>(rap::host::run_node_agent(line.agent, log));
}
