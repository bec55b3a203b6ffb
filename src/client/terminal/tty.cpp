#include "client/terminal/tty.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

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

// Switches the echo of a terminal off for its lifetime.
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
  std::optional<NoEcho> quiet;
  if (!echo) quiet.emplace(terminal.get());
  return read_line(terminal.get());
}

}  // namespace

bool Tty::interactive() const { return static_cast<bool>(open_terminal()); }

std::optional<std::string> Tty::ask(const std::string& prompt) { return converse(prompt, true); }
std::optional<std::string> Tty::ask_secret(const std::string& prompt) {
  return converse(prompt, false);
}
std::optional<std::string> Tty::read_stdin_line() { return read_line(STDIN_FILENO); }

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
