// A backup into an empty place (rap-control restore). Everything is checked before anything is
// written, and a restore that was cut short anywhere is repeated:
//
//   <state>/restoring/   what of the state directory was unpacked so far
//   the database         filled in one transaction; then the history and the audit entry in another
//   <state>/clusters/    comes last, in one step: no server starts without it
#pragma once

#include <string>

#include "control/backup/reading.hpp"

namespace rap::control::server {

struct RestoreRequest {
  std::string state;
  std::string database_url;  // empty: the private PostgreSQL
  std::string root_sha256;  // that the platform's root must have; empty: any
};

// The error says what to do.
Result<CheckedBackup> restore_backup(const RestoreRequest& request, const BackupFile& file);

}  // namespace rap::control::server
