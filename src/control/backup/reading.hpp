// A sealed file read from its beginning to its end; and what must be true of a backup before
// anything of it is written anywhere.
#pragma once

#include <string>
#include <vector>

#include "backup/archive.hpp"
#include "backup/sealed_file.hpp"
#include "control/keys/state_directory.hpp"
#include "io/system/descriptor.hpp"

namespace rap::control::server {

class BackupFile {
 public:
  static Result<BackupFile> open(const std::string& path, backup::Unlock unlock);

  // Every error names the file. Reads what was opened, whatever stands at the path by now.
  Result<void> read(backup::ArchiveSink& sink) const;
  const std::string& path() const { return path_; }

 private:
  BackupFile(std::string path, io::Descriptor file, backup::Unlock unlock)
      : path_(std::move(path)), file_(std::move(file)), unlock_(std::move(unlock)) {}

  std::string path_;
  io::Descriptor file_;
  backup::Unlock unlock_;
};

struct CheckedBackup {
  backup::Manifest manifest;
  std::size_t files = 0;
  std::uint64_t database_bytes = 0;  // as dumped
};

// Reads all of it: that nothing was changed or cut, that the keys in it belong together and to the
// cluster that it names, that pg_restore can read the database, and that this program knows the
// database's schema.
Result<CheckedBackup> check_backup(const BackupFile& file);

}  // namespace rap::control::server
