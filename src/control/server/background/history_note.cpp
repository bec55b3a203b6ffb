#include "control/server/background/history_note.hpp"

#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "io/system/file.hpp"

namespace rap::control::server {
namespace {

constexpr const char* kConfigVersion = "config_version";

}  // namespace

std::uint64_t HistoryNote::config_version() {
  if (std::exchange(read_, true)) return noted_;
  const auto text = io::read_file(file_);
  const auto json = nlohmann::json::parse(text ? *text : "", nullptr, false);
  if (json.is_object() && json.contains(kConfigVersion) &&
      json[kConfigVersion].is_number_unsigned()) {
    noted_ = json[kConfigVersion].get<std::uint64_t>();
  }
  return noted_;
}

std::expected<void, std::string> HistoryNote::write(std::uint64_t config_version) {
  if (config_version == this->config_version()) return {};
  const nlohmann::json json = {{kConfigVersion, config_version}};
  RAP_TRY(io::write_file_atomic(file_, json.dump() + "\n"));
  noted_ = config_version;
  return {};
}

}  // namespace rap::control::server
