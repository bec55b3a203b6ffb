// rap-control: the control plane. Parses its command line and runs one command.
#include <CLI/CLI.hpp>
#include <iostream>

#include "control/server/commands.hpp"
#include "io/system/standard_streams.hpp"
#include "options.hpp"

namespace {

std::string read_password() {
  std::string line;
  std::getline(std::cin, line);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  rap::io::occupy_standard_descriptors();
  rap::CommandLine line;
  const auto app = rap::make_command_line(line);
  CLI11_PARSE(*app, argc, argv);
  if (app->got_subcommand("trust")) return rap::control::server::run_trust_prepare(line.prepare);
  if (app->got_subcommand("serve")) return rap::control::server::run_serve(line.serve);
  line.init.owner_password = read_password();
  return rap::control::server::run_init(line.init);
}
