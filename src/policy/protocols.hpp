// The protocols of resources. One line of the table in protocols.cpp says everything there is to
// one: its name, the classes of traffic its flows may have, which adapter at the egress opens it,
// its usual port, and the schema of its settings. Another protocol is one more line, its adapter,
// and one more name in the constraint of the database, which a test compares with the table. A
// setting that none had, beside host and port, is one more line of the table of settings, a column,
// and a member of what carries settings to the adapter: control::Resource,
// snapshot::ConfiguredResource, adapters::ResourceSettings.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wire/traffic_class.hpp"

namespace rap::policy {

enum class Protocol : std::uint8_t { ssh, tcp };
inline constexpr std::size_t kProtocolCount = 2;

// Which kind of adapter an egress opens a resource with.
enum class AdapterKind : std::uint8_t {
  tcp,  // passes the bytes of one connection on as they are
};
inline constexpr std::size_t kAdapterKindCount = 1;

// What an administrator says about a resource beside its name and its pool.
enum class ResourceSetting : std::uint8_t { host, port, ssh_host_key };
inline constexpr std::size_t kResourceSettingCount = 3;

// What a value of a setting has to be.
enum class SettingType : std::uint8_t {
  host,  // check_target_name of policy/addresses/names.hpp
  port,
  ssh_key,  // check_ssh_host_key of policy/addresses/names.hpp
};

// Who is told a setting, beside those who manage the resource.
enum class ToldTo : std::uint8_t { egress, client };

struct SettingKind {
  ResourceSetting setting;
  std::string_view name;  // of its member wherever a resource is written down
  std::string_view removal;  // of the member that takes it away again; empty: none does
  SettingType type;
  ToldTo told_to;
};

struct SettingRule {
  ResourceSetting setting;
  bool required;
};

struct ProtocolKind {
  Protocol protocol;
  std::string_view name;
  wire::TrafficClassSet classes;  // what a token for one of its resources may name
  AdapterKind adapter;
  std::uint16_t usual_port;  // 0: it has none
  std::span<const SettingRule> settings;

  bool takes(ResourceSetting setting) const;
  bool requires_setting(ResourceSetting setting) const;
};

std::span<const ProtocolKind> protocol_kinds();
const ProtocolKind& kind_of(Protocol protocol);

std::span<const SettingKind> setting_kinds();
const SettingKind& kind_of(ResourceSetting setting);

// Whether a resource has it whatever its protocol is.
bool is_required_by_all(ResourceSetting setting);

// Why a resource of the protocol may not have just these settings, as a sentence that names one;
// nullopt when it may. What their values are is the schema's to check.
std::optional<std::string> find_setting_fault(Protocol protocol,
                                              std::span<const ResourceSetting> given);

std::string_view to_string(Protocol protocol);
std::optional<Protocol> protocol_from(std::string_view name);

// The names of all, in the order of the table: the choices of the API and of the command line.
std::span<const std::string_view> protocol_names();

}  // namespace rap::policy
