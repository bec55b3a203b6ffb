// rap-control: the control plane. Parses its command line and runs one command.
#include <iostream>

#include "control/server/commands/commands.hpp"
#include "control/server/serve.hpp"
#include "io/system/standard_streams.hpp"
#include "options.hpp"

int main(int argc, char** argv) {
  rap::io::occupy_standard_descriptors();
  auto line = rap::parse_command_line(argc, argv);
  if (!line) return line.error();
  switch (line->command) {
    case rap::Command::serve: return rap::control::server::run_serve(line->serve);
    case rap::Command::prepare_trust: return rap::control::server::run_trust_prepare(line->prepare);
    case rap::Command::reset_password:
      return rap::control::server::run_reset_password(line->recovery);
    case rap::Command::unlock: return rap::control::server::run_unlock(line->recovery);
    case rap::Command::verify_audit: return rap::control::server::run_audit_verify(line->audit);
    case rap::Command::names: return rap::control::server::run_names(line->names);
    case rap::Command::backup: return rap::control::server::run_backup(line->backup);
    case rap::Command::restore: return rap::control::server::run_restore(line->restore);
    case rap::Command::backup_key:
      return rap::control::server::run_backup_key(line->backup_key_file);
    case rap::Command::init: break;
  }
  line->init.owner_password = rap::control::server::read_password(std::cin);
  return rap::control::server::run_init(line->init);
}
