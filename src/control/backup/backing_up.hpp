// The platform into one sealed file, while it serves (rap-control backup).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backup/manifest.hpp"
#include "backup/sealed_file.hpp"
#include "control/keys/host_database.hpp"

namespace rap::control::server {

struct BackupRequest {
  std::string file;  // "-": standard output
  backup::Lock lock;
};

struct MadeBackup {
  backup::Manifest manifest;
  std::size_t files = 0;
  std::uint64_t bytes = 0;  // of the sealed file
  std::vector<std::filesystem::path> root_keys;  // on this host, and not in the backup
};

// Leaves no file when it fails, and the one that was there before as it was.
Result<MadeBackup> make_backup(const StateDirectory& state, const BackupRequest& request,
                               const HostDatabase& host);

}  // namespace rap::control::server
