#include "policy/protocols.hpp"

#include <algorithm>
#include <array>

namespace rap::policy {
namespace {

using enum wire::TrafficClass;

constexpr std::array<SettingKind, kResourceSettingCount> kSettings = {
    SettingKind{.setting = ResourceSetting::host,
                .name = "host",
                .removal = "",
                .type = SettingType::host,
                .told_to = ToldTo::egress},
    SettingKind{.setting = ResourceSetting::port,
                .name = "port",
                .removal = "",
                .type = SettingType::port,
                .told_to = ToldTo::egress},
    SettingKind{.setting = ResourceSetting::ssh_host_key,
                .name = "ssh_host_key",
                .removal = "remove_ssh_host_key",
                .type = SettingType::ssh_key,
                .told_to = ToldTo::client}};

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

// A setting and a protocol are found by their numbers.
static_assert([] {
  for (std::size_t i = 0; i < kResourceSettingCount; ++i) {
    if (static_cast<std::size_t>(kSettings[i].setting) != i) return false;
  }
  for (std::size_t i = 0; i < kProtocolCount; ++i) {
    if (static_cast<std::size_t>(kProtocols[i].protocol) != i) return false;
  }
  return true;
}());

const SettingRule* rule_of(const ProtocolKind& kind, ResourceSetting setting) {
  const auto it = std::ranges::find(kind.settings, setting, &SettingRule::setting);
  return it == kind.settings.end() ? nullptr : &*it;
}

// "ssh or sftp"
std::string names_of_those_that_take(ResourceSetting setting) {
  std::string names;
  for (const ProtocolKind& kind : kProtocols) {
    if (!kind.takes(setting)) continue;
    if (!names.empty()) names += " or ";
    names += kind.name;
  }
  return names;
}

}  // namespace

bool ProtocolKind::takes(ResourceSetting setting) const {
  return rule_of(*this, setting) != nullptr;
}

bool ProtocolKind::requires_setting(ResourceSetting setting) const {
  const SettingRule* rule = rule_of(*this, setting);
  return rule != nullptr && rule->required;
}

std::span<const ProtocolKind> protocol_kinds() { return kProtocols; }

const ProtocolKind& kind_of(Protocol protocol) {
  return kProtocols.at(static_cast<std::size_t>(protocol));
}

std::span<const SettingKind> setting_kinds() { return kSettings; }

const SettingKind& kind_of(ResourceSetting setting) {
  return kSettings.at(static_cast<std::size_t>(setting));
}

bool is_required_by_all(ResourceSetting setting) {
  return std::ranges::all_of(
      kProtocols, [&](const ProtocolKind& kind) { return kind.requires_setting(setting); });
}

std::optional<std::string> find_setting_fault(Protocol protocol,
                                              std::span<const ResourceSetting> given) {
  const ProtocolKind& kind = kind_of(protocol);
  for (const SettingKind& s : kSettings) {
    const std::string name = "'" + std::string(s.name) + "'";
    const bool is_given = std::ranges::find(given, s.setting) != given.end();
    if (is_given && !kind.takes(s.setting)) {
      return name + " is for resources of protocol " + names_of_those_that_take(s.setting) + ".";
    }
    if (!is_given && kind.requires_setting(s.setting)) {
      return name + " is needed for a resource of protocol " + std::string(kind.name) + ".";
    }
  }
  return std::nullopt;
}

std::string_view to_string(Protocol protocol) { return kind_of(protocol).name; }

std::optional<Protocol> protocol_from(std::string_view name) {
  const auto it = std::ranges::find(kProtocols, name, &ProtocolKind::name);
  return it == kProtocols.end() ? std::nullopt : std::optional(it->protocol);
}

std::span<const std::string_view> protocol_names() { return kNames; }

}  // namespace rap::policy
