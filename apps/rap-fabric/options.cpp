#include "options.hpp"

#include <CLI/CLI.hpp>

namespace rap {

std::expected<CommandLine, int> parse_command_line(int argc, char** argv) {
  CommandLine line;
  CLI::App app("The data plane of one host: entry, relay and egress by configuration.");
  app.set_version_flag("--version", RAP_VERSION);
  app.add_option("--state", line.state, "The node-agent's state directory")->required();
  app.add_option("--data-plane-listen", line.data_plane_listen, "IP:PORT for clients")->required();
  app.add_option("--fabric-listen", line.fabric_listen, "IP:PORT for other nodes")->required();
  app.add_option("--metrics-listen", line.metrics_listen,
                 "IP:PORT for Prometheus, without TLS: loopback or a management network");
  app.add_option("--control", line.control,
                 "HOST:PORT of a listener of the control plane, which no resource may lead to");
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
  for (const std::string& text : line.control) {
    const auto control = wire::parse_host_port(text);
    if (!control) return std::unexpected("--control: '" + text + "' is not HOST:PORT");
    settings.control.push_back(*control);
  }
  return settings;
}

}  // namespace rap
