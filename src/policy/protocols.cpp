#include "policy/protocols.hpp"

#include <algorithm>
#include <array>

namespace rap::policy {
namespace {

using enum wire::TrafficClass;

constexpr std::array kSshSettings = {SettingRule{ResourceSetting::host, true},
                                     SettingRule{ResourceSetting::port, true},
                                     SettingRule{ResourceSetting::ssh_host_key, false}};
constexpr std::array kTcpSettings = {SettingRule{ResourceSetting::host, true},
                                     SettingRule{ResourceSetting::port, true}};

constexpr std::array<ProtocolKind, kProtocolCount> kProtocols = {
    ProtocolKind{.protocol = Protocol::ssh,
                 .name = "ssh",
                 .classes = {input, file_transfer},
                 .adapter = AdapterKind::tcp,
                 .usual_port = 22,
                 .settings = kSshSettings},
    ProtocolKind{.protocol = Protocol::tcp,
                 .name = "tcp",
                 .classes = {input, file_transfer},
                 .adapter = AdapterKind::tcp,
                 .usual_port = 0,
                 .settings = kTcpSettings}};

constexpr auto kNames = [] {
  std::array<std::string_view, kProtocolCount> names;
  for (std::size_t i = 0; i < kProtocolCount; ++i) names[i] = kProtocols[i].name;
  return names;
}();

// A protocol is found by its number.
static_assert([] {
  for (std::size_t i = 0; i < kProtocolCount; ++i) {
    if (static_cast<std::size_t>(kProtocols[i].protocol) != i) return false;
  }
  return true;
}());

}  // namespace

bool ProtocolKind::takes(ResourceSetting setting) const {
  return std::ranges::find(settings, setting, &SettingRule::setting) != settings.end();
}

std::span<const ProtocolKind> protocol_kinds() { return kProtocols; }

const ProtocolKind& kind_of(Protocol protocol) {
  return kProtocols.at(static_cast<std::size_t>(protocol));
}

std::string_view to_string(Protocol protocol) { return kind_of(protocol).name; }

std::optional<Protocol> protocol_from(std::string_view name) {
  const auto it = std::ranges::find(kProtocols, name, &ProtocolKind::name);
  return it == kProtocols.end() ? std::nullopt : std::optional(it->protocol);
}

std::span<const std::string_view> protocol_names() { return kNames; }

}  // namespace rap::policy
