#include "client/terminal/child_programs.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>

#include "io/process/process.hpp"

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
