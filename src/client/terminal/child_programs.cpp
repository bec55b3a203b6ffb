#include "client/terminal/child_programs.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>

#include "io/process/foreground.hpp"

namespace rap::client {
namespace {

constexpr int kSignalBase = 128;  // a shell's status of a program killed by a signal

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

std::string ChildPrograms::own_path() const {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "rap" : path.string();
}

Fallible<int> ChildPrograms::run(const std::string& program,
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
  const auto exit = io::run_in_foreground(options);
  if (!exit) return fail(ExitCode::failed, exit.error());
  if (exit->passed_on == SIGTERM || exit->passed_on == SIGHUP) {
    return fail(ExitCode::failed, program + " was ended by SIG" +
                                      std::string(::sigabbrev_np(*exit->passed_on)) + ".");
  }
  return exit->how.signal ? kSignalBase + *exit->how.signal : exit->how.code.value_or(1);
}

}  // namespace rap::client
