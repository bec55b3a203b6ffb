#include "node/host/host.hpp"

#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "base/try.hpp"
#include "io/system/file.hpp"

namespace rap::host {
namespace {

constexpr mode_t kReadByOthers = 0004;
constexpr mode_t kOpenFolder = 0755;
constexpr mode_t kPrivateFolder = 0700;

// "Debian GNU/Linux 12 (bookworm)", or the kernel's name when the system does not say.
std::string system_name() {
  constexpr std::string_view kField = "PRETTY_NAME=\"";
  const auto text = io::read_file("/etc/os-release");
  if (!text) return "Linux";
  const std::size_t begin = text->find(kField);
  if (begin == text->npos) return "Linux";
  const std::size_t value = begin + kField.size();
  return text->substr(value, text->find('"', value) - value);
}

}  // namespace

std::expected<std::optional<std::string>, std::string> StateFiles::read(std::string_view name) {
  const std::filesystem::path path = root_ / name;
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return std::nullopt;
  auto content = RAP_TRY(io::read_file(path));
  return std::optional(std::move(content));
}

agent::StoreResult StateFiles::write(const agent::FileWrite& file) {
  const std::filesystem::path path = root_ / file.name;
  const mode_t folder = (file.mode & kReadByOthers) != 0 ? kOpenFolder : kPrivateFolder;
  if (auto made = io::make_directory(path.parent_path(), folder); !made) return made;
  return io::write_file_atomic(path, file.content, file.mode);
}

agent::StoreResult StateFiles::remove(std::string_view name) {
  const std::filesystem::path path = root_ / name;
  std::error_code error;
  std::filesystem::remove(path, error);
  if (error) return std::unexpected(path.string() + ": " + error.message());
  std::error_code not_empty;
  std::filesystem::remove(path.parent_path(), not_empty);
  return {};
}

std::expected<std::vector<std::string>, std::string> StateFiles::list(std::string_view folder) {
  std::vector<std::string> out;
  for (const auto& file : RAP_TRY(io::files_below(root_ / folder))) {
    out.push_back(file.lexically_relative(root_).string());
  }
  return out;
}

void StateFiles::remove_leftovers() {
  using Files = std::vector<std::filesystem::path>;
  for (const auto& file : io::files_below(root_).value_or(Files{})) {
    if (file.extension() != io::kTemporarySuffix) continue;
    std::error_code ignored;  // then it stays until the next start
    std::filesystem::remove(file, ignored);
  }
}

agent::HostFacts host_facts() {
  utsname name{};
  uname(&name);
  return {name.nodename, system_name() + ", " + name.sysname + " " + name.release, RAP_VERSION};
}

std::int64_t host_uptime_s() {
  struct sysinfo info{};
  return sysinfo(&info) == 0 ? info.uptime : 0;
}

}  // namespace rap::host
