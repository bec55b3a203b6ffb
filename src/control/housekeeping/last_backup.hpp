// When the platform was last backed up, as its audit log says: the metric
// rap_control_last_backup_timestamp_seconds. Nobody else remembers it, and every instance sees it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "control/core/database.hpp"

namespace rap::control {

inline constexpr std::string_view kBackupMade = "backup.made";
inline constexpr std::chrono::seconds kBackupLookInterval{15};
// The number of the newest entries of the platform that a server looks through when it starts.
inline constexpr std::size_t kBackupSoughtIn = 100'000;
inline constexpr std::size_t kEntriesAtOnce = 200;

class LastBackup {
 public:
  // Reads what was written since it last did. Changes nothing when the database is away.
  void look(Database& database);
  // Seconds since 1970; 0: none is known. May be called from any thread.
  std::uint64_t at() const { return at_.load(std::memory_order_relaxed); }

 private:
  std::uint64_t seen_ = 0;  // the newest entry that it has looked at
  std::atomic<std::uint64_t> at_ = 0;
};

}  // namespace rap::control
