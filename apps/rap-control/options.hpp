// The command line of rap-control.
#pragma once

#include <expected>

#include "control/server/commands/commands.hpp"
#include "control/server/serve_options.hpp"

namespace rap {

enum class Command {
  init,
  serve,
  prepare_trust,
  reset_password,
  unlock,
  verify_audit,
  names,
  backup,
  restore,
  backup_key
};

struct CommandLine {
  Command command = Command::init;
  control::server::InitOptions init;
  bool password_stdin = false;
  control::server::ServeOptions serve;
  control::server::PrepareOptions prepare;
  control::server::RecoveryOptions recovery;
  control::server::AuditVerifyOptions audit;
  control::server::NamesOptions names;
  control::server::BackupOptions backup;
  control::server::RestoreOptions restore;
  std::string backup_key_file;
};

// The error is the program's exit status: its help was printed, or what is wrong.
std::expected<CommandLine, int> parse_command_line(int argc, char** argv);

}  // namespace rap
