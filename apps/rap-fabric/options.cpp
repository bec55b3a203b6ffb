#include "options.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "command_line/manual.hpp"
#include "io/system/user.hpp"

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

std::expected<CommandLine, int> parse_command_line(int argc, char** argv) {
  CommandLine line;
  CLI::App app("The data plane of one host: entry, relay and egress by configuration.",
               "rap-fabric");
  app.set_version_flag("--version", RAP_VERSION);
  app.add_flag_callback(
         "--man",
         [&app] {
           std::cout << command_line::manual_page(app, RAP_VERSION, manual_sections());
           throw CLI::Success();
         },
         "Print the manual page and exit")
      ->trigger_on_parse();
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
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return std::unexpected(app.exit(e));
  }
  return line;
}

std::expected<fabric::Settings, std::string> settings_of(const CommandLine& line) {
  fabric::Settings settings;
  settings.state = line.state;
  fabric::Address metrics;
  for (const auto& [name, text, out] :
       {std::tuple("--data-plane-listen", &line.data_plane_listen, &settings.data_plane),
        std::tuple("--fabric-listen", &line.fabric_listen, &settings.fabric),
        std::tuple("--metrics-listen", &line.metrics_listen, &metrics)}) {
    if (text->empty()) continue;
    const auto address = fabric::parse_address(*text);
    if (!address) return std::unexpected(std::string(name) + ": " + address.error());
    *out = *address;
  }
  if (!line.metrics_listen.empty()) settings.metrics = metrics;
  settings.agent_socket = line.agent_socket;
  if (!line.agent_user.empty()) {
    const auto user = io::find_uid(line.agent_user);
    if (!user) return std::unexpected("--agent-user: " + user.error());
    settings.agent_user = *user;
  }
  return settings;
}

}  // namespace rap
