// What a program is started with, and starting it: fork and exec in one step, without a loop.
#pragma once

#include <array>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace rap::io {

struct RunAs {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary; replaces all of ours
};
// The user's ids as the system's user database has them; nullopt when there is no such user.
std::optional<RunAs> find_user(const std::string& name);

struct SpawnOptions {
  std::filesystem::path program;                        // it has a slash; PATH is not searched
  std::vector<std::string> arguments;                   // its own name is not among them
  std::optional<std::vector<std::string>> environment;  // "NAME=value"; nullopt: ours
  // stdout and stderr are appended to it and stdin is empty; nullopt: all three are ours.
  std::optional<std::filesystem::path> log_file;
  // What become its stdin, stdout and stderr, and stay open here; a log_file wins over them.
  std::optional<std::array<int, 3>> streams = std::nullopt;
  std::optional<std::filesystem::path> directory;  // nullopt: ours
  std::optional<RunAs> run_as;  // needs root
  std::vector<int> ignored_signals;  // stay ignored in it; all others have their usual effect
  bool new_session = false;  // setsid: no signal of our terminal or service manager's group
};

// Returns once the program runs, or with the step that failed.
std::expected<pid_t, std::string> start_program(const SpawnOptions& options);

}  // namespace rap::io
