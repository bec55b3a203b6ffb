#include "client/terminal/person.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "io/process/process.hpp"
#include "io/system/file.hpp"

namespace rap::client {

using client::ExitCode;
using client::fail;
using client::Outcome;

namespace {

constexpr std::size_t kMaxLineBytes = 4096;
constexpr int kSignalBase = 128;  // a shell's status of a program killed by a signal

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
  const int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return std::nullopt;
  std::optional<std::string> answer;
  if (::write(fd, prompt.data(), prompt.size()) == static_cast<ssize_t>(prompt.size())) {
    std::optional<NoEcho> quiet;
    if (!echo) quiet.emplace(fd);
    answer = read_line(fd);
  }
  ::close(fd);
  return answer;
}

std::optional<std::filesystem::path> find_program(const std::string& name) {
  const char* variable = std::getenv("PATH");
  std::istringstream path(variable != nullptr ? variable : "/usr/bin:/bin");
  for (std::string directory; std::getline(path, directory, ':');) {
    auto candidate = std::filesystem::path(directory.empty() ? "." : directory) / name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

}  // namespace

std::filesystem::path home_directory() {
  if (const char* home = std::getenv("RAP_HOME"); home != nullptr && *home != '\0') {
    return std::filesystem::absolute(home);
  }
  if (const char* config = std::getenv("XDG_CONFIG_HOME"); config != nullptr && *config == '/') {
    return std::filesystem::path(config) / "rap";
  }
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home != nullptr ? home : "/") / ".config" / "rap";
}

Outcome<std::optional<std::string>> HomeFiles::read(std::string_view name) {
  std::error_code error;
  if (!std::filesystem::exists(root_ / name, error) && !error) return std::nullopt;
  auto content = io::read_file(root_ / name);
  if (!content) return fail(ExitCode::failed, content.error());
  return std::optional(std::move(*content));
}

Outcome<void> HomeFiles::write(std::string_view name, const std::string& content) {
  auto done = io::make_directory(root_);
  if (done) done = io::write_file_atomic(root_ / name, content);
  if (!done) {
    return fail(ExitCode::failed,
                done.error() + ". Free space or correct its permissions, then run it again.");
  }
  return {};
}

Outcome<std::string> HomeFiles::read_given(const std::string& path) {
  auto content = io::read_file(path);
  if (!content) return fail(ExitCode::usage, content.error());
  return std::move(*content);
}

bool Tty::interactive() const {
  const int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return false;
  ::close(fd);
  return true;
}

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

std::string ChildPrograms::own_path() const {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "rap" : path.string();
}

Outcome<int> ChildPrograms::run(const std::string& program,
                                const std::vector<std::string>& arguments) {
  const auto path = find_program(program);
  if (!path) {
    return fail(ExitCode::failed, "'" + program +
                                      "' is not installed here. Install it (on Debian: apt install "
                                      "openssh-client) and run the command again.");
  }
  io::SpawnOptions options;
  options.program = *path;
  options.arguments = arguments;
  // Ctrl-C is for the program, which has our terminal; we live on to clean up.
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGQUIT, SIG_IGN);
  const auto exit = io::run_program(options);
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGQUIT, SIG_DFL);
  if (!exit) return fail(ExitCode::failed, exit.error());
  return exit->signal ? kSignalBase + *exit->signal : exit->code.value_or(1);
}

}  // namespace rap::client
