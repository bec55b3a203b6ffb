#include "options.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <vector>

#include "base/try.hpp"
#include "command_line/manual.hpp"
#include "command_line/parsing.hpp"
#include "wire/url.hpp"

namespace rap {
namespace {

constexpr unsigned kMinCheckinIntervalMs = 100;
constexpr unsigned kMaxCheckinIntervalMs = 60'000;

std::string check_host_port(const std::string& text) {
  return wire::parse_host_port(text) ? "" : "'" + text + "' is not HOST:PORT";
}

// `o` outlives the tree and is filled in by parsing.
void add_options(CLI::App& app, host::NodeAgentOptions& o) {
  app.add_option("--state", o.state, "Directory for identity, configuration and logs")
      ->type_name("DIR");
  app.add_option("--join-token", o.join_token,
                 "Join token of this node; needed until it is enrolled. Other users of the host "
                 "can see a command line: prefer --join-token-file")
      ->type_name("TOKEN");
  app.add_option("--join-token-file", o.join_token_file, "File that holds the join token")
      ->type_name("FILE");
  app.add_option("--data-plane-listen", o.data_plane_listen,
                 "Address rap-fabric accepts clients on")
      ->type_name("IP:PORT")
      ->check(check_host_port);
  app.add_option("--data-plane-advertise", o.data_plane_advertise,
                 "Address clients reach this node at; its host goes into the certificate")
      ->type_name("HOST:PORT")
      ->check(check_host_port);
  app.add_option("--data-plane-certificate", o.data_plane_certificate,
                 "Certificate of a public authority that clients are shown instead of the "
                 "platform's own, with its intermediates (PEM); read again when it is renewed")
      ->type_name("FILE");
  app.add_option("--data-plane-key", o.data_plane_key,
                 "Its private key (PEM, PKCS #8, ECDSA P-256 or Ed25519), which nobody but its "
                 "owner and group may read")
      ->type_name("FILE");
  app.add_option("--fabric-listen", o.fabric_listen, "Address rap-fabric accepts other nodes on")
      ->type_name("IP:PORT")
      ->check(check_host_port);
  app.add_option("--fabric-advertise", o.fabric_advertise,
                 "Address other nodes reach this node at; its host goes into the certificate")
      ->type_name("HOST:PORT")
      ->check(check_host_port);
  app.add_option("--metrics-listen", o.metrics_listen,
                 "Address rap-fabric answers Prometheus on, without TLS; none by default")
      ->type_name("IP:PORT")
      ->check(check_host_port);
  app.add_option("--agent-metrics-listen", o.agent_metrics_listen,
                 "Address this agent answers Prometheus on, without TLS; none by default")
      ->type_name("IP:PORT")
      ->check(check_host_port);
  app.add_option("--fabric-bin", o.fabric_bin,
                 "The rap-fabric program, which this agent starts as its own user")
      ->type_name("PATH");
  app.add_option("--fabric-socket", o.fabric_socket,
                 "Socket that a rap-fabric of another user comes to, which is started by others "
                 "and told its addresses there; instead of --fabric-bin")
      ->type_name("PATH");
  app.add_option("--fabric-user", o.fabric_user,
                 "The user whose rap-fabric may come to --fabric-socket: name or number")
      ->type_name("USER");
  app.add_option("--log-file", o.log_file,
                 "File to log to rather than standard error; at 16 MiB it becomes FILE.1")
      ->type_name("FILE");
  app.add_option("--checkin-interval-ms", o.checkin_interval_ms,
                 "Time between two check-ins with the control plane; at most 800 while it gives no "
                 "hints over the event channel")
      ->type_name("MS")
      ->capture_default_str()
      ->check(CLI::Range(kMinCheckinIntervalMs, kMaxCheckinIntervalMs));
}

std::vector<command_line::ManualSection> manual_sections() {
  return {{"EXIT STATUS",
           {{"0", "Stopped in order; rap-fabric goes on."},
            {"1", "Failed; the log says why."},
            {"2", "The command line is wrong."},
            {"4", "The platform owner denied the enrolment."},
            {"7", "The control plane does not prove to be the one the join token names."}}},
          {"FILES",
           {{"identity/", "Keys, certificate and trust roots of the node; never leaves it."},
            {"identity/next.key", "The next key, while the certificate is renewed."},
            {"identity/worker.*", "Of an entry: key and certificate towards clients."},
            {"identity/*.ocsp", "What the issuer last said of the certificates; it is stapled."},
            {"config/node_config.dsse", "The last verified configuration."},
            {"security.db", "Auth epochs and the blocklist; fetched anew when it is removed."},
            {"agent.sock", "Where rap-fabric talks to the agent, unless --fabric-socket is given."},
            {"fabric.log", "What rap-fabric says; at 16 MiB it becomes fabric.log.1."}}},
          {"ENVIRONMENT",
           {{"HTTPS_PROXY",
             "The HTTP proxy by which the control plane is reached: "
             "http://[USER:PASSWORD@]HOST:PORT. rap-fabric's channels need none and use none."},
            {"NO_PROXY", "Names, addresses and blocks of addresses that are reached without it."}}},
          {"SIGNALS", {{"TERM, INT", "Stop; rap-fabric goes on."}, {"HUP", "Is ignored."}}}};
}

}  // namespace

std::expected<host::NodeAgentOptions, int> parse_command_line(int argc, char** argv) {
  host::NodeAgentOptions options;
  CLI::App app(
      "Supervises one node of the fabric: enrols it, keeps its identity and its last verified "
      "configuration, and runs rap-fabric.",
      "rap-node-agent");
  app.set_version_flag("--version", RAP_VERSION, "Print the version and exit");
  command_line::add_manual_flag(app, RAP_VERSION, manual_sections(), std::cout);
  add_options(app, options);
  RAP_TRY(command_line::parse_program(app, argc, argv));
  return options;
}

}  // namespace rap
