// The protocols of resources. One line of the table in protocols.cpp says everything there is to
// one: its name, the classes of traffic its flows may have, which adapter at the egress opens it,
// its usual port, and the schema of its settings. Another protocol is one more line, and one more
// name in the constraint of the database, which a test compares with the table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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
};

std::span<const ProtocolKind> protocol_kinds();
const ProtocolKind& kind_of(Protocol protocol);

std::string_view to_string(Protocol protocol);
std::optional<Protocol> protocol_from(std::string_view name);

// The names of all, in the order of the table: the choices of the API and of the command line.
std::span<const std::string_view> protocol_names();

}  // namespace rap::policy
