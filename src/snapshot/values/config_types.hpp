// The registered types of configuration (CP-7). One entry says everything there is to a type: its
// name, at which layers it is set, what a value may hold and how large it is, which nodes are given
// it, and who acts on it. Registering another is one entry in config_types.cpp.
//
// A value is a JSON object. It is checked where it is edited and again where it is used; an error
// is a sentence that names the member.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/name_table.hpp"
#include "base/time.hpp"
#include "policy/protocols.hpp"
#include "wire/json_value.hpp"
#include "wire/traffic_class.hpp"

namespace rap::snapshot {

// The layers from the widest to the narrowest (SN-1); what is narrower goes before what is wider.
enum class Layer : std::uint8_t { platform, cluster, organization, service };
inline constexpr std::array<std::string_view, 4> kLayerNames = {"platform", "cluster",
                                                                "organization", "service"};
// The layers that no organization owns.
inline constexpr std::span<const std::string_view> kPlatformLayerNames =
    std::span(kLayerNames).first<2>();

constexpr std::string_view to_string(Layer layer) { return name_in(kLayerNames, layer); }
constexpr std::optional<Layer> layer_from(std::string_view name) {
  return value_in<Layer>(kLayerNames, name);
}

// Which nodes are given values of a type. An organization's or a service's go only to nodes that
// serve it: an egress of its resources, or an entry from where one of them can be reached.
enum class Audience : std::uint8_t { nobody, every_node, entries, egresses, entries_and_egresses };

struct ConfigType {
  std::string_view name;
  std::vector<Layer> layers;
  std::size_t max_bytes;
  Audience audience;
  std::string_view consumer;  // who acts on it, for people; empty: nobody yet
  // What is wrong with a value; nullopt when it fits.
  std::optional<std::string> (*find_fault)(const nlohmann::json& value);

  bool has_layer(Layer layer) const;
};

inline constexpr std::string_view kServerRuntimeSettings = "server_runtime_settings";
inline constexpr std::string_view kAppPolicy = "app_policy";
inline constexpr std::string_view kAppVariables = "app_variables";
inline constexpr std::string_view kAppClientCaBundle = "app_client_ca_bundle";
inline constexpr std::string_view kAppMtlsTrustBundle = "app_mtls_trust_bundle";
inline constexpr std::string_view kAgentRuntime = "cp_agent_runtime";

inline constexpr std::size_t kMaxConfigValue = std::size_t{64} * 1024;

// Those that are set by people. The fabric's own (node_config, trust_bundle) are made by
// rap-control.
std::span<const ConfigType> config_types();
const ConfigType* find_config_type(std::string_view name);  // nullptr: no such type

// The size first, then the value.
std::optional<std::string> find_value_fault(const ConfigType& type, std::string_view json);
std::optional<std::string> find_value_fault(const ConfigType& type, const wire::JsonValue& value);

// --- what consumers read; members that are not set keep what is compiled in ---

// The settings of rap-fabric. Nothing here can exceed what is compiled in, which is the default.
struct RuntimeSettings {
  std::size_t max_clients = 4096;
  std::size_t flows_per_client = 256;
  std::chrono::seconds client_idle{30};  // a client without a flow
  std::chrono::milliseconds handshake{5000};  // from a connection to a proven peer
  std::size_t pending_handshakes = 1024;  // at a listener
  std::size_t pending_per_address = 256;
  bool operator==(const RuntimeSettings&) const = default;
};

// The settings of the node-agent.
struct AgentRuntime {
  std::optional<std::chrono::milliseconds> checkin_interval;  // while hints arrive
  std::chrono::milliseconds degraded_checkin{800};  // while they do not
  bool operator==(const AgentRuntime&) const = default;
};

// How long an egress may hold a flow without a path, whatever is set.
inline constexpr std::chrono::seconds kMaxFlowHold = std::chrono::hours{1};

// What an organization's sessions and flows must keep to.
struct AppPolicy {
  std::optional<std::vector<policy::Protocol>> protocols;  // any when not set
  wire::TrafficClassSet classes = wire::TrafficClassSet::all();
  std::optional<std::chrono::seconds> max_session;
  std::chrono::seconds flow_hold{300};  // that an egress holds a flow without a path
  bool operator==(const AppPolicy&) const = default;

  bool allows_protocol(policy::Protocol protocol) const;
};

// Each takes values that were checked, widest layer first; a narrower one overrides member by
// member.
RuntimeSettings runtime_settings_from(const std::vector<wire::JsonValue>& values);
AgentRuntime agent_runtime_from(const std::vector<wire::JsonValue>& values);
AppPolicy app_policy_from(const std::vector<wire::JsonValue>& values);
// The value of either bundle: certificates of authorities, in PEM.
std::string bundle_pem_from(const wire::JsonValue& value);

}  // namespace rap::snapshot
