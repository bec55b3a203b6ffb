// What this process uses of its host.
#pragma once

#include <cstdint>
#include <optional>

#include <sys/types.h>

#include "base/time.hpp"

namespace rap::io {

struct ProcessUsage {
  Duration cpu{};                    // user and system, since it started
  std::uint64_t resident_bytes = 0;  // 0: nobody knows
  std::uint64_t open_files = 0;
};
ProcessUsage process_usage();
// The usage of another process; nullopt: there is none, or it is hidden from this one. Who owns it
// decides whether its open files are told.
std::optional<ProcessUsage> process_usage_of(pid_t process);
// The load of the host's processors, over the last minute: 100 is one job for each.
std::int64_t load_percent();

}  // namespace rap::io
