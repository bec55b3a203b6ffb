#include "io/system/process_usage.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/resource.h>
#include <unistd.h>

namespace rap::io {
namespace {

Duration as_duration(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  if (!(statm >> pages >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t open_files() {
  std::error_code error;
  const std::filesystem::directory_iterator list("/proc/self/fd", error);
  if (error) return 0;
  // Less the one that reads the list.
  return static_cast<std::uint64_t>(std::distance(begin(list), end(list))) - 1;
}

}  // namespace

ProcessUsage process_usage() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return {as_duration(usage.ru_utime) + as_duration(usage.ru_stime), resident_bytes(),
          open_files()};
}

}  // namespace rap::io
