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

// Its two halves. Of the file the second believes nothing that the first did not read there.
Result<CheckedBackup> check_before_restore(const RestoreRequest& request, const BackupFile& file);
Result<void> restore_checked(const RestoreRequest& request, const BackupFile& file,
                             const CheckedBackup& checked);
// What was unpacked into <state>/restoring/ becomes the platform's. Killed anywhere it was not yet,
// and the restore is repeated, or it was.
Result<void> put_in_place(const StateDirectory& state);

}  // namespace rap::control::server
