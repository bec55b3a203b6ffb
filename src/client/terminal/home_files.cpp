#include "client/terminal/home_files.hpp"

#include <array>
#include <climits>
#include <cstdlib>

#include <unistd.h>

#include "base/try.hpp"
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

template <class Write>
Fallible<void> HomeFiles::write_by(std::string_view name, Write write) {
  auto done = io::make_directory(root_);
  if (done) done = io::make_directory((root_ / name).parent_path());
  if (done) done = write(root_ / name);
  if (!done) {
    return fail(ExitCode::failed,
                done.error() + ". Free space or correct its permissions, then run it again.");
  }
  return {};
}

Fallible<void> HomeFiles::write(std::string_view name, const std::string& content) {
  return write_by(name, [&](const auto& path) { return io::write_file_atomic(path, content); });
}

Fallible<std::string> HomeFiles::create(std::string_view name, const std::string& content) {
  RAP_TRY(write_by(name, [&](const auto& path) { return io::create_file_atomic(path, content); }));
  auto kept = io::read_file(root_ / name);
  if (!kept) return fail(ExitCode::failed, kept.error());
  return std::move(*kept);
}

std::string HomeFiles::machine() const {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

Fallible<std::string> HomeFiles::read_given(const std::string& path) {
  auto content = io::read_file(path);
  if (!content) return fail(ExitCode::usage, content.error());
  return std::move(*content);
}

}  // namespace rap::client
