#include "io/system/process_usage.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

namespace rap::io {
namespace {

constexpr double kPercent = 100;

Duration as_duration(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

std::uint64_t resident_bytes(const std::string& folder) {
  std::ifstream statm(folder + "/statm");
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  if (!(statm >> pages >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t open_files(const std::string& folder) {
  std::error_code error;
  const std::filesystem::directory_iterator list(folder + "/fd", error);
  return error ? 0 : static_cast<std::uint64_t>(std::distance(begin(list), end(list)));
}

}  // namespace

ProcessUsage process_usage() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const std::uint64_t files = open_files("/proc/self");
  // Less the one that reads the list.
  return {as_duration(usage.ru_utime) + as_duration(usage.ru_stime), resident_bytes("/proc/self"),
          files == 0 ? 0 : files - 1};
}

std::optional<ProcessUsage> process_usage_of(pid_t process) {
  const std::string folder = "/proc/" + std::to_string(process);
  std::ifstream file(folder + "/stat");
  std::string line;
  if (process <= 0 || !std::getline(file, line)) return std::nullopt;
  // The name in parentheses may hold anything; then come the state and ten numbers (proc(5)).
  const auto after_name = line.rfind(')');
  if (after_name == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(after_name + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) rest >> skipped;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  if (!(rest >> user >> system)) return std::nullopt;
  const auto ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const auto milliseconds = std::chrono::milliseconds{(user + system) * 1000 / ticks};
  return ProcessUsage{milliseconds, resident_bytes(folder), open_files(folder)};
}

std::int64_t load_percent() {
  double minute = 0;
  const auto processors = ::sysconf(_SC_NPROCESSORS_ONLN);
  if (::getloadavg(&minute, 1) != 1 || processors <= 0) return 0;
  return static_cast<std::int64_t>(minute * kPercent / static_cast<double>(processors));
}

}  // namespace rap::io
