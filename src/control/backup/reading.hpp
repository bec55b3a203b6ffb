// A sealed file read from its beginning to its end, twice; and what must be true of a backup before
// anything of it is written anywhere. Whoever keeps the file may change it between the two: what is
// checked is remembered by its digests, and the second reading hands on nothing else.
#pragma once

#include <string>
#include <vector>

#include "backup/archive.hpp"
#include "backup/sealed_file.hpp"
#include "control/keys/state_directory.hpp"
#include "crypto/keys/digest.hpp"
#include "io/system/descriptor.hpp"

namespace rap::control::server {

// The size of the pieces that a sealed file is read in, in order.
inline constexpr std::size_t kPieceBytes = std::size_t{1} << 20;
using Pieces = std::vector<crypto::Sha256>;

inline constexpr std::uint64_t kMaxDatabaseBytes = std::uint64_t{1} << 40;  // as dumped

class BackupFile {
 public:
  static Result<BackupFile> open(const std::string& path, backup::Unlock unlock);

  // Every error names the file. Reads what was opened, whatever stands at the path by now.
  Result<Pieces> read(backup::ArchiveSink& sink) const { return read(sink, nullptr); }
  // Nothing of a piece is handed on unless it is what the first reading found there.
  Result<void> read_again(backup::ArchiveSink& sink, const Pieces& first) const;
  const std::string& path() const { return path_; }

 private:
  Result<Pieces> read(backup::ArchiveSink& sink, const Pieces* first) const;
  // Reads as much as there is, up to a piece.
  Result<ByteView> read_piece(std::size_t number, Bytes& into) const;
  std::unexpected<std::string> wrong(const std::string& why) const {
    return std::unexpected(path_ + ": " + why);
  }
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
  Pieces pieces;
};

// Reads all of it: that it is of the platform whose root has this digest (empty: any), that nothing
// was changed or cut, that the keys in it belong together and to the cluster that it names, that
// pg_restore can read the database, and that this program knows the database's schema. In this
// order: no program sees the database before the keys are known to be the platform's.
Result<CheckedBackup> check_backup(const BackupFile& file, const std::string& root_sha256 = "");

}  // namespace rap::control::server
