#include "options.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "base/try.hpp"
#include "command_line/manual.hpp"
#include "command_line/parsing.hpp"
#include "control/people/bearer.hpp"
#include "control/people/device.hpp"

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
      ->add_option("--log-file", serve.log_file,
                   "File to log to rather than standard error; at 16 MiB it becomes FILE.1")
      ->type_name("FILE");
  serve_command
      ->add_option("--config-valid-for", serve.config_valid_for_s,
                   "How long nodes may act on their configuration without the control plane")
      ->type_name("SECONDS")
      ->capture_default_str()
      ->check(CLI::Range(1U, 2'592'000U));
  serve_command
      ->add_option("--audit-heads", serve.audit_heads,
                   "File to append the audit log's signed heads to [audit-heads.jsonl in --state]")
      ->type_name("FILE");
  serve_command
      ->add_option("--audit-syslog", serve.audit_syslog,
                   "Socket of the host's syslog to send them to as well, such as /dev/log")
      ->type_name("SOCKET");
  serve_command
      ->add_option("--audit-heads-every", serve.audit_every_s,
                   "How often a head is signed, while there is something new")
      ->type_name("SECONDS")
      ->capture_default_str()
      ->check(CLI::Range(1U, 86'400U));
  serve_command
      ->add_option("--keep-ended-sessions", serve.keep_sessions_days,
                   "How long ended sessions are listed; the audit log keeps them longer")
      ->type_name("DAYS")
      ->capture_default_str()
      ->check(CLI::Range(1U, 3650U));
  serve_command
      ->add_option("--max-sign-ins", serve.max_sign_ins,
                   "How many sign-ins one person may have at once; beyond them the oldest ends")
      ->type_name("COUNT")
      ->capture_default_str()
      ->check(CLI::Range(1U, static_cast<unsigned>(control::kMaxBearersPerUser)));
  serve_command
      ->add_option("--devices", serve.devices,
                   "What a sign-in needs: any (no device), proven (one, to start sessions), "
                   "approved (one that an administrator approved)")
      ->type_name("POLICY")
      ->capture_default_str()
      ->check(CLI::IsMember(std::vector<std::string>(control::kDevicePolicyNames.begin(),
                                                     control::kDevicePolicyNames.end())));
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

void add_recovery(CLI::App& app, control::server::RecoveryOptions& recovery) {
  CLI::App* reset_command = app.add_subcommand(
      "reset-password", "Give a person a password that is good once, for choosing another");
  reset_command->add_option("EMAIL", recovery.email, "Whose password")->required()->type_name("");
  CLI::App* unlock_command = app.add_subcommand(
      "unlock", "Count attempts to sign in anew; with an email, enable that account too");
  unlock_command->add_option("EMAIL", recovery.email, "Whose account")->type_name("");
  for (CLI::App* command : {reset_command, unlock_command}) {
    command->add_option("--state", recovery.state, "The directory 'init' was given")->required();
    command->add_option("--database-url", recovery.database_url, kDatabaseHelp);
  }
}

void add_audit(CLI::App& app, control::server::AuditVerifyOptions& audit) {
  CLI::App* audit_command = app.add_subcommand("audit", "The record of what was done");
  audit_command->require_subcommand(1);
  CLI::App* verify = audit_command->add_subcommand(
      "verify", "Check the audit log's chain, and compare it with heads that were exported");
  verify->add_option("--state", audit.state, "The directory 'init' was given")->required();
  verify
      ->add_option("--heads", audit.heads,
                   "File of exported heads, of lines as they were written or as syslog kept "
                   "them; may be repeated")
      ->type_name("FILE");
  verify->add_option("--database-url", audit.database_url, kDatabaseHelp);
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
    if (change == Change::remove) {
      command->add_flag("--force", names.force,
                        "Remove it though the server that runs is reached by it");
    }
    command->callback([&names, change] { names.change = change; });
  };
  add("list", "Show them", Change::none);
  add("add", "Add some: a new certificate follows, and no new trust", Change::add);
  add("remove", "Remove some", Change::remove);
}

// One of its options must be given; the caller adds the third.
CLI::Option_group* add_secret(CLI::App& command, control::server::BackupSecret& secret) {
  CLI::Option_group* group = command.add_option_group("Key");
  group->add_option("--passphrase-file", secret.passphrase_file, "File that holds the passphrase")
      ->type_name("FILE");
  group->add_flag("--passphrase-stdin", secret.passphrase_stdin,
                  "Read the passphrase from standard input");
  group->require_option(1);
  return group;
}

void add_backup(CLI::App& app, control::server::BackupOptions& backup) {
  CLI::App* command = app.add_subcommand(
      "backup", "Write keys and database into one sealed file, while the server runs");
  command->add_option("FILE", backup.file, "Where to; '-' is standard output")
      ->required()
      ->type_name("");
  command->add_option("--state", backup.state, "The directory 'init' was given")->required();
  command->add_option("--database-url", backup.database_url, kDatabaseHelp);
  add_secret(*command, backup.secret)
      ->add_option("--recipient", backup.secret.recipient,
                   "What 'backup-key' printed: only the holder of that key can open the file")
      ->type_name("PUBLICKEY");
}

void add_restore(CLI::App& app, control::server::RestoreOptions& restore) {
  CLI::App* command = app.add_subcommand(
      "restore", "Bring a platform back from a backup, into a new directory and a new database");
  command->add_option("FILE", restore.file, "The backup")->required()->type_name("");
  command->add_option("--state", restore.state,
                      "Directory for everything the server keeps; it must be new or empty");
  command->add_option("--database-url", restore.database_url, kDatabaseHelp);
  command
      ->add_option(
          "--root-sha256", restore.root_sha256,
          "Restore no platform but the one whose root's certificate has this digest, which "
          "'init' printed; needed with --key-file")
      ->type_name("HEX");
  command->add_flag("--check", restore.check,
                    "Only look whether all of it is there and can be restored");
  add_secret(*command, restore.secret)
      ->add_option("--key-file", restore.secret.key_file, "The key that 'backup-key' wrote")
      ->type_name("FILE");
  command->callback([&restore] {
    if (restore.state.empty() && !restore.check) throw CLI::RequiredError("--state");
  });
}

void add_backup_key(CLI::App& app, std::string& file) {
  CLI::App* command = app.add_subcommand(
      "backup-key", "Make a key for backups: run it off the host, and give that the recipient");
  command->add_option("FILE", file, "Where to write the key")->required()->type_name("");
}

std::vector<command_line::ManualSection> manual_sections() {
  return {{"EXIT STATUS",
           {{"0", "Success; of serve: stopped in order."},
            {"1", "Failed; the message or the log says why."},
            {"other", "The command line is wrong."}}},
          {"FILES",
           {{"clusters/", "In --state: the keys, certificates and trust files of the platform."},
            {"postgres/", "The private PostgreSQL, unless --database-url is given."},
            {"audit-heads.jsonl", "The audit log's signed heads."},
            {"run/ports.json", "Where a server that runs listens."},
            {"restoring/", "What a restore has unpacked; repeat it while this is there."}}},
          {"SIGNALS", {{"TERM, INT", "Stop serving."}, {"HUP", "Is ignored."}}}};
}

}  // namespace

std::expected<CommandLine, int> parse_command_line(int argc, char** argv) {
  CommandLine line;
  CLI::App app("The control plane of the secure access fabric.", "rap-control");
  app.set_version_flag("--version", RAP_VERSION);
  command_line::add_manual_flag(app, RAP_VERSION, manual_sections(), std::cout);
  app.require_subcommand(1);
  add_init(app, line.init, line.password_stdin);
  add_serve(app, line.serve);
  add_trust(app, line.prepare);
  add_recovery(app, line.recovery);
  add_audit(app, line.audit);
  add_names(app, line.names);
  add_backup(app, line.backup);
  add_restore(app, line.restore);
  add_backup_key(app, line.backup_key_file);
  RAP_TRY(command_line::parse_program(app, argc, argv));
  if (app.got_subcommand("serve")) line.command = Command::serve;
  if (app.got_subcommand("trust")) line.command = Command::prepare_trust;
  if (app.got_subcommand("reset-password")) line.command = Command::reset_password;
  if (app.got_subcommand("unlock")) line.command = Command::unlock;
  if (app.got_subcommand("audit")) line.command = Command::verify_audit;
  if (app.got_subcommand("names")) line.command = Command::names;
  if (app.got_subcommand("backup")) line.command = Command::backup;
  if (app.got_subcommand("restore")) line.command = Command::restore;
  if (app.got_subcommand("backup-key")) line.command = Command::backup_key;
  return line;
}

}  // namespace rap
