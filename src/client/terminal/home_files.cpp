#include "client/terminal/home_files.hpp"

#include <cstdlib>

#include "io/system/file.hpp"

namespace rap::client {

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

Fallible<std::optional<std::string>> HomeFiles::read(std::string_view name) {
  std::error_code error;
  if (!std::filesystem::exists(root_ / name, error) && !error) return std::nullopt;
  auto content = io::read_file(root_ / name);
  if (!content) return fail(ExitCode::failed, content.error());
  return std::optional(std::move(*content));
}

Fallible<void> HomeFiles::write(std::string_view name, const std::string& content) {
  auto done = io::make_directory(root_);
  if (done) done = io::make_directory((root_ / name).parent_path());
  if (done) done = io::write_file_atomic(root_ / name, content);
  if (!done) {
    return fail(ExitCode::failed,
                done.error() + ". Free space or correct its permissions, then run it again.");
  }
  return {};
}

Fallible<std::string> HomeFiles::read_given(const std::string& path) {
  auto content = io::read_file(path);
  if (!content) return fail(ExitCode::usage, content.error());
  return std::move(*content);
}

}  // namespace rap::client
