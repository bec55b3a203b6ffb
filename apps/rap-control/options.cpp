#include "options.hpp"

#include <CLI/CLI.hpp>

namespace rap {
namespace {

constexpr const char* kDatabaseHelp =
    "libpq connection string of an existing PostgreSQL database with the roles rap_owner and "
    "rap_app, instead of the private one";

void add_init(CLI::App& app, control::server::InitOptions& init, bool& password_stdin) {
  CLI::App* init_command = app.add_subcommand(
      "init", "Create the platform: keys and certificates, database, first platform owner");
  init_command->add_option("--state", init.state, "Directory for everything the server keeps")
      ->required();
  init_command
      ->add_option("--host", init.hosts,
                   "Name or IP address people and nodes reach the server by; may be repeated")
      ->required();
  init_command->add_option("--owner-email", init.owner_email, "Email of the first platform owner")
      ->required();
  init_command
      ->add_flag("--owner-password-stdin", password_stdin,
                 "Read the first platform owner's password from standard input")
      ->required();
  init_command->add_option("--database-url", init.database_url, kDatabaseHelp);
}

void add_serve(CLI::App& app, control::server::ServeOptions& serve) {
  CLI::App* serve_command = app.add_subcommand("serve", "Serve people and nodes until stopped");
  serve_command->add_option("--state", serve.state, "The directory 'init' was given")->required();
  serve_command->add_option("--listen", serve.listen, "IP:PORT of the API")->capture_default_str();
  serve_command->add_option("--node-listen", serve.node_listen, "IP:PORT of the node listener")
      ->capture_default_str();
  serve_command
      ->add_option("--ocsp-listen", serve.ocsp_listen, "IP:PORT of the OCSP responder, plain HTTP")
      ->capture_default_str();
  serve_command->add_option("--ocsp-url", serve.ocsp_url,
                            "http://HOST:PORT/ocsp/ under which nodes reach the OCSP responder "
                            "[host of --node-url, port of --ocsp-listen]");
  serve_command
      ->add_option("--public-url", serve.public_url,
                   "https://HOST:PORT under which people and nodes reach the API")
      ->required();
  serve_command
      ->add_option("--node-url", serve.node_url,
                   "HOST:PORT under which nodes reach the node listener")
      ->required();
  serve_command->add_option("--database-url", serve.database_url, kDatabaseHelp);
  serve_command
      ->add_option("--config-valid-for", serve.config_valid_for_s,
                   "How long nodes may act on their configuration without the control plane")
      ->type_name("SECONDS")
      ->capture_default_str()
      ->check(CLI::Range(1U, 2'592'000U));
}

void add_trust(CLI::App& app, control::server::PrepareOptions& prepare) {
  CLI::App* trust_command = app.add_subcommand("trust", "The platform's root of trust");
  trust_command->require_subcommand(1);
  CLI::App* prepare_command = trust_command->add_subcommand(
      "prepare", "Make a new root and have the old one vouch for it; changes nothing yet");
  prepare_command->add_option("--state", prepare.state, "The directory 'init' was given")
      ->required();
  prepare_command
      ->add_option("--root-key", prepare.root_key, "Key of the root in force, brought for this")
      ->type_name("FILE")
      ->required();
  prepare_command
      ->add_option("--out-root-key", prepare.out_root_key,
                   "Where to write the new root's key, to be taken offline")
      ->type_name("FILE")
      ->required();
}

void add_names(CLI::App& app, control::server::NamesOptions& names) {
  using Change = control::server::NamesOptions::Change;
  CLI::App* group = app.add_subcommand(
      "names", "The names and IP addresses that the server's certificate speaks for");
  group->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, Change change) {
    CLI::App* command = group->add_subcommand(name, what);
    command->add_option("--state", names.state, "The directory 'init' was given")->required();
    if (change != Change::none) {
      command->add_option("NAME", names.hosts, "Host name or IP address")->required();
    }
    command->callback([&names, change] { names.change = change; });
  };
  add("list", "Show them", Change::none);
  add("add", "Add some: a new certificate follows, and no new trust", Change::add);
  add("remove", "Remove some", Change::remove);
}

}  // namespace

std::expected<CommandLine, int> parse_command_line(int argc, char** argv) {
  CommandLine line;
  CLI::App app("The control plane of the secure access fabric.");
  app.set_version_flag("--version", RAP_VERSION);
  app.require_subcommand(1);
  add_init(app, line.init, line.password_stdin);
  add_serve(app, line.serve);
  add_trust(app, line.prepare);
  add_names(app, line.names);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return std::unexpected(app.exit(e));
  }
  if (app.got_subcommand("serve")) line.command = Command::serve;
  if (app.got_subcommand("trust")) line.command = Command::prepare_trust;
  if (app.got_subcommand("names")) line.command = Command::names;
  return line;
}

}  // namespace rap
