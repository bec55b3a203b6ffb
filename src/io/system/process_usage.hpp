// What this process uses of its host.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace rap::io {

struct ProcessUsage {
  Duration cpu{};                    // user and system, since it started
  std::uint64_t resident_bytes = 0;  // 0: nobody knows
  std::uint64_t open_files = 0;
};
ProcessUsage process_usage();

}  // namespace rap::io
