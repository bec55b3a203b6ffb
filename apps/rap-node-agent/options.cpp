#include "options.hpp"

#include <CLI/CLI.hpp>

#include "wire/url.hpp"

namespace rap {
namespace {

constexpr unsigned kMinCheckinIntervalMs = 100;
constexpr unsigned kMaxCheckinIntervalMs = 60'000;

std::string check_host_port(const std::string& text) {
  return wire::parse_host_port(text) ? "" : "'" + text + "' is not HOST:PORT";
}

}  // namespace

std::unique_ptr<CLI::App> make_command_line(AgentOptions& o) {
  auto app = std::make_unique<CLI::App>(
      "Supervises one node of the fabric: enrols it, keeps its identity and its last verified "
      "configuration, and runs rap-fabric.",
      "rap-node-agent");
  app->set_version_flag("--version", RAP_VERSION, "Print the version and exit");
  app->add_flag("--man", o.man, "Print the manual page and exit");
  app->add_option("--state", o.state, "Directory for identity, configuration and logs")
      ->type_name("DIR");
  app->add_option("--join-token", o.join_token,
                  "Join token of this node; needed until it is enrolled. Other users of the host "
                  "can see a command line: prefer --join-token-file")
      ->type_name("TOKEN");
  app->add_option("--join-token-file", o.join_token_file, "File that holds the join token")
      ->type_name("FILE");
  app->add_option("--data-plane-listen", o.data_plane_listen,
                  "Address rap-fabric accepts clients on")
      ->type_name("IP:PORT")
      ->check(check_host_port);
  app->add_option("--data-plane-advertise", o.data_plane_advertise,
                  "Address clients reach this node at; its host goes into the certificate")
      ->type_name("HOST:PORT")
      ->check(check_host_port);
  app->add_option("--fabric-listen", o.fabric_listen, "Address rap-fabric accepts other nodes on")
      ->type_name("IP:PORT")
      ->check(check_host_port);
  app->add_option("--fabric-advertise", o.fabric_advertise,
                  "Address other nodes reach this node at; its host goes into the certificate")
      ->type_name("HOST:PORT")
      ->check(check_host_port);
  app->add_option("--metrics-listen", o.metrics_listen,
                  "Address rap-fabric answers Prometheus on, without TLS; none by default")
      ->type_name("IP:PORT")
      ->check(check_host_port);
  app->add_option("--fabric-bin", o.fabric_bin, "The rap-fabric program")->type_name("PATH");
  app->add_option(
         "--checkin-interval-ms", o.checkin_interval_ms,
         "Time between two check-ins with the control plane; at most 800 while it gives no "
         "hints over the event channel")
      ->type_name("MS")
      ->capture_default_str()
      ->check(CLI::Range(kMinCheckinIntervalMs, kMaxCheckinIntervalMs));
  return app;
}

}  // namespace rap
