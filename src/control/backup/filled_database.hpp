// The database that a backup is restored into: empty, or as far as an earlier try came.
#pragma once

#include <string>

#include "backup/manifest.hpp"
#include "control/keys/state_directory.hpp"

namespace rap::control::server {

enum class Filling : std::uint8_t {
  empty,     // nothing is in it
  filled,    // with this backup, and nothing since: an earlier try was cut short behind it
  finished,  // the restore of this backup is the last that its audit log knows of
};

// The error says what is in a database that must be left alone.
Result<Filling> look_into_database(const std::string& conninfo, const backup::Manifest& manifest);

// Brings the schema up to this program's, begins a new history, and says so in the audit log; does
// nothing more where that was done.
Result<void> finish_database(const std::string& conninfo, const backup::Manifest& manifest,
                             const std::string& file);

}  // namespace rap::control::server
