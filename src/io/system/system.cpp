#include "io/system/system.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <openssl/rand.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/time_text.hpp"
#include "base/try.hpp"

namespace rap::io {
namespace {

std::string log_timestamp() {
  using namespace std::chrono;
  const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch());
  std::string text = rfc3339(WallTime{floor<seconds>(now)});
  char millis[8];
  std::snprintf(millis, sizeof millis, ".%03dZ", static_cast<int>(now.count() % 1000));
  return text.replace(text.size() - 1, 1, millis);
}

}  // namespace

MonoTime mono_now() {
  return MonoTime{
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

Duration time_asleep() {
  const auto at = [](clockid_t clock) {
    timespec t{};
    ::clock_gettime(clock, &t);
    return Duration{std::chrono::seconds{t.tv_sec}} + std::chrono::nanoseconds{t.tv_nsec};
  };
  return at(CLOCK_BOOTTIME) - at(CLOCK_MONOTONIC);
}

Duration thread_time() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

WallTime wall_now() {
  return WallTime{std::chrono::floor<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch())};
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t had = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : had;
}

void SystemRandom::fill(MutableBytes out) {
  constexpr std::size_t kMaxChunk = 1U << 20;
  while (!out.empty()) {
    const std::size_t n = std::min(out.size(), kMaxChunk);
    // A generator that cannot deliver leaves nothing safe to continue with.
    if (RAND_bytes(out.data(), static_cast<int>(n)) != 1) std::abort();
    out = out.subspan(n);
  }
}

void gain_no_privileges() { ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

void leave_no_core() {
  // The kernel would still hand the core at 0 to a program (core_pattern "|…"); at 1 it does
  // neither.
  const rlimit least{.rlim_cur = 1, .rlim_max = 1};
  ::setrlimit(RLIMIT_CORE, &least);
}

void ignore_hangup() { ::signal(SIGHUP, SIG_IGN); }

std::expected<void, std::string> StderrLog::write_to(const std::filesystem::path& path) {
  if (!path.empty()) file_ = RAP_TRY(LogFile::open(path));
  return {};
}

void StderrLog::write(LogLevel level, std::string_view event,
                      std::initializer_list<LogField> fields) {
  if (level < threshold_) return;
  const std::string line = format_log_line(log_timestamp(), level, program_, event, fields) + "\n";
  if (file_) file_->make_room(line.size());
  // One call, so that lines of several threads and processes do not mix. A log that cannot be
  // written has nowhere to complain to.
  while (::write(STDERR_FILENO, line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

}  // namespace rap::io
