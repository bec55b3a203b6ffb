#include "io/process/foreground.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include <sys/wait.h>
#include <unistd.h>

#include "base/try.hpp"
#include "io/process/spawn.hpp"

namespace rap::io {
namespace {

using namespace std::chrono_literals;

constexpr std::array kPassedOn = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

bool is_ignored(int number) {
  struct sigaction now{};
  return ::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

// Signals wait, to be taken one by one, for its lifetime; those that nobody took are dropped with
// it, for they were the program's and would end us now that it has ended. A child's end is told
// even where it was ignored, as some parents leave it.
class HeldSignals {
 public:
  HeldSignals() {
    sigemptyset(&held_);
    sigaddset(&held_, SIGCHLD);
    for (const int number : kPassedOn) {
      if (!is_ignored(number)) sigaddset(&held_, number);
    }
    struct sigaction usual{};
    usual.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &usual, &child_before_);
    ::pthread_sigmask(SIG_BLOCK, &held_, &before_);
  }
  ~HeldSignals() {
    while (next(0ms)) {
    }
    ::sigaction(SIGCHLD, &child_before_, nullptr);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // The next one; nullopt when none came in time. No limit: it waits for as long as it takes.
  std::optional<int> next(std::optional<std::chrono::milliseconds> limit) const {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(limit.value_or(0ms));
    const timespec wait{
        static_cast<std::time_t>(seconds.count()),
        static_cast<long>(std::chrono::nanoseconds(limit.value_or(0ms) - seconds).count())};
    while (true) {
      const int number =
          limit ? ::sigtimedwait(&held_, nullptr, &wait) : ::sigwaitinfo(&held_, nullptr);
      if (number > 0) return number;
      if (errno == EAGAIN) return std::nullopt;
    }
  }

 private:
  sigset_t held_{};
  sigset_t before_{};
  struct sigaction child_before_{};
};

// How the child ended, once it has.
std::optional<ProcessExit> ended(pid_t pid) {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) {
    return std::nullopt;
  }
  if (info.si_code == CLD_EXITED) return ProcessExit{info.si_status, std::nullopt};
  return ProcessExit{std::nullopt, info.si_status};
}

}  // namespace

std::expected<ForegroundExit, std::string> run_in_foreground(SpawnOptions options,
                                                             std::chrono::milliseconds grace) {
  for (int number = 1; number < NSIG; ++number) {
    // That we ignore SIGPIPE is our own affair.
    if (number != SIGPIPE && is_ignored(number)) options.ignored_signals.push_back(number);
  }
  const HeldSignals signals;
  const pid_t pid = RAP_TRY(start_program(options));
  ForegroundExit exit;
  std::optional<std::chrono::milliseconds> limit;
  while (true) {
    if (const auto how = ended(pid)) {
      exit.how = *how;
      return exit;
    }
    const auto number = signals.next(limit);
    if (!number) {
      ::kill(pid, SIGKILL);
      limit.reset();
    } else if (*number != SIGCHLD) {
      // Not waited for yet, so the number is still its own.
      ::kill(pid, *number);
      exit.passed_on = *number;
      if (*number == SIGTERM) limit = grace;
    }
  }
}

}  // namespace rap::io
