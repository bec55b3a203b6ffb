// What of the state directory a backup keeps: all that a lost machine took with it and that nobody
// can make again. Keys of roots belong offline and are left out, as is what is made anew: the
// private PostgreSQL's files, run/, history.json.
#pragma once

#include <string>
#include <vector>

#include "backup/archive.hpp"
#include "control/keys/state_directory.hpp"

namespace rap::control::server {

inline constexpr std::size_t kMaxKeptBytes = std::size_t{16} << 20;  // of keys and trust files
// The bound of audit-heads.jsonl: a head a minute for twenty years.
inline constexpr std::uint64_t kMaxHeadsBytes = std::uint64_t{1} << 32;

struct KeptFile {
  std::string path;  // below the state directory
  std::uint16_t mode = 0600;
  std::string content;

  friend bool operator==(const KeptFile&, const KeptFile&) = default;
};

// Below clusters/, as it was at one moment although a server works with it. While the database's
// statement of which keys are in force cannot change, this is what belongs to it.
Result<std::vector<KeptFile>> read_kept_files(const StateDirectory& state);

// Whether the files hold an authority of this cluster whose root, intermediate and keys belong
// together; the error says what is wrong.
Result<void> check_kept_files(const std::vector<KeptFile>& files, ClusterId cluster,
                              const std::string& root_sha256);

}  // namespace rap::control::server
