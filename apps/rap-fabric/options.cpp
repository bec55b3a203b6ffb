#include "options.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "base/try.hpp"
#include "command_line/manual.hpp"
#include "command_line/parsing.hpp"

namespace rap {
namespace {

std::vector<command_line::ManualSection> manual_sections() {
  return {{"EXIT STATUS",
           {{"0", "Stopped in order."},
            {"1", "Failed; the log says why."},
            {"2", "An address or a user is wrong."},
            {"other", "The command line is wrong."}}},
          {"SIGNALS", {{"TERM, INT", "Stop."}, {"HUP", "Is ignored."}}}};
}

}  // namespace

std::expected<fabric::GivenSettings, int> parse_command_line(int argc, char** argv) {
  fabric::GivenSettings line;
  CLI::App app("The data plane of one host: entry, relay and egress by configuration.",
               "rap-fabric");
  app.set_version_flag("--version", RAP_VERSION);
  command_line::add_manual_flag(app, RAP_VERSION, manual_sections(), std::cout);
  app.add_option(
         "--state", line.state,
         "The node-agent's state directory, or one of its own where it runs as another user")
      ->required();
  CLI::Option* socket =
      app.add_option("--agent-socket", line.agent_socket,
                     "Socket of a node-agent of another user; agent.sock in --state by default");
  CLI::Option* user =
      app.add_option("--agent-user", line.agent_user, "The user whose agent it is: name or number");
  socket->needs(user);
  user->needs(socket);
  app.add_option("--data-plane-listen", line.data_plane_listen, "IP:PORT for clients")->required();
  app.add_option("--fabric-listen", line.fabric_listen, "IP:PORT for other nodes")->required();
  app.add_option("--metrics-listen", line.metrics_listen,
                 "IP:PORT for Prometheus, without TLS: loopback or a management network");
  app.add_option("--log-file", line.log_file,
                 "File to log to rather than standard error; at 16 MiB it becomes FILE.1");
  RAP_TRY(command_line::parse_program(app, argc, argv));
  return line;
}

}  // namespace rap
