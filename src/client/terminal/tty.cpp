#include "client/terminal/tty.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "io/system/descriptor.hpp"

namespace rap::client {
namespace {

constexpr std::size_t kMaxLineBytes = 4096;

io::Descriptor open_terminal() {
  return io::Descriptor(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
}

// The echo of a terminal is off for this one's lifetime.
class NoEcho {
 public:
  explicit NoEcho(int fd) : fd_(fd), changed_(::tcgetattr(fd, &old_) == 0) {
    if (!changed_) return;
    termios quiet = old_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL;
    ::tcsetattr(fd_, TCSAFLUSH, &quiet);
  }
  ~NoEcho() {
    if (changed_) ::tcsetattr(fd_, TCSAFLUSH, &old_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  int fd_;
  termios old_{};
  bool changed_;
};

volatile std::sig_atomic_t caught = 0;
void note_signal(int number) { caught = number; }

// Signals that would end us wait, for its lifetime, but while readable() waits for a person: then
// they end the waiting, and take their course once this is gone.
class DeferredSignals {
 public:
  DeferredSignals() {
    caught = 0;
    sigset_t held;
    sigemptyset(&held);
    for (const int number : kNumbers) sigaddset(&held, number);
    ::sigprocmask(SIG_BLOCK, &held, &before_);
    struct sigaction noting{};
    noting.sa_handler = note_signal;
    for (std::size_t i = 0; i < kNumbers.size(); ++i) {
      ::sigaction(kNumbers[i], nullptr, &actions_[i]);
      if (actions_[i].sa_handler == SIG_DFL) ::sigaction(kNumbers[i], &noting, nullptr);
    }
  }
  ~DeferredSignals() {
    for (std::size_t i = 0; i < kNumbers.size(); ++i) {
      ::sigaction(kNumbers[i], &actions_[i], nullptr);
    }
    if (caught != 0) ::raise(caught);
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  DeferredSignals(const DeferredSignals&) = delete;
  DeferredSignals& operator=(const DeferredSignals&) = delete;

  // The answer is false when a signal came instead.
  bool readable(int fd) const {
    pollfd waiting{fd, POLLIN, 0};
    while (caught == 0 && ::ppoll(&waiting, 1, nullptr, &before_) < 0 && errno == EINTR) {
    }
    return caught == 0;
  }

 private:
  static constexpr std::array kNumbers = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  sigset_t before_{};
  std::array<struct sigaction, kNumbers.size()> actions_{};
};

std::optional<std::string> read_line(int fd) {
  std::string line;
  char c = 0;
  while (line.size() < kMaxLineBytes) {
    const ssize_t n = ::read(fd, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return line.empty() ? std::nullopt : std::optional(std::move(line));
    if (c == '\n') break;
    line.push_back(c);
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::optional<std::string> converse(const std::string& prompt, bool echo) {
  const io::Descriptor terminal = open_terminal();
  if (!terminal) return std::nullopt;
  const ssize_t written = ::write(terminal.get(), prompt.data(), prompt.size());
  if (written != static_cast<ssize_t>(prompt.size())) return std::nullopt;
  if (echo) return read_line(terminal.get());
  const DeferredSignals signals;
  const NoEcho quiet(terminal.get());
  if (!signals.readable(terminal.get())) return std::nullopt;
  return read_line(terminal.get());
}

}  // namespace

bool Tty::interactive() const { return static_cast<bool>(open_terminal()); }

std::optional<std::string> Tty::ask(const std::string& prompt) { return converse(prompt, true); }
std::optional<std::string> Tty::ask_secret(const std::string& prompt) {
  return converse(prompt, false);
}
std::optional<std::string> Tty::read_stdin_line() { return read_line(STDIN_FILENO); }

std::size_t Tty::width() const {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

std::string Tty::clear_screen() const {
  return ::isatty(STDOUT_FILENO) == 1 ? "\x1b[H\x1b[2J" : "";
}

// Signals stay blocked from then on: one that comes between two waits ends the next.
bool Tty::wait(std::chrono::seconds time) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const timespec timeout{static_cast<std::time_t>(time.count()), 0};
  return sigtimedwait(&signals, nullptr, &timeout) < 0;
}

}  // namespace rap::client
