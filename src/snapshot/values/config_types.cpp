#include "snapshot/values/config_types.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "crypto/x509/certificate.hpp"
#include "policy/protocols.hpp"
#include "snapshot/values/channel_policy.hpp"
#include "snapshot/values/node_names.hpp"
#include "snapshot/values/target_ranges.hpp"
#include "wire/json_reader.hpp"

namespace rap::snapshot {
namespace {

using Json = nlohmann::json;
using Fault = std::optional<std::string>;
// What is wrong with one member's value: "must be …".
using Check = std::function<Fault(const Json&)>;

constexpr std::size_t kMaxVariables = 64;
constexpr std::size_t kMaxVariableName = 64;
constexpr std::size_t kMaxVariableText = 1024;
constexpr std::size_t kMaxBundleCertificates = 32;
constexpr std::int64_t kMaxSessionSeconds = std::int64_t{30} * 86'400;

Check number(std::int64_t min, std::int64_t max) {
  return [min, max](const Json& value) -> Fault {
    // The bounds are far from where a signed and an unsigned number differ.
    if (value.is_number_integer() && value >= min && value <= max) return std::nullopt;
    return "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max);
  };
}

// Different strings, each of which `is_one`.
Check names(bool (*is_one)(std::string_view), std::string what) {
  return [is_one, what = std::move(what)](const Json& value) -> Fault {
    if (!value.is_array() || value.empty()) return "must be a list of " + what;
    for (const Json& item : value) {
      if (!item.is_string() || !is_one(item.get_ref<const std::string&>()) ||
          std::ranges::count(value, item) != 1) {
        return "must be a list of different " + what;
      }
    }
    return std::nullopt;
  };
}

struct MemberRule {
  std::string_view name;
  Check check;
  bool required = false;
};

// The one member that is wrong, or nothing. The value is an object.
Fault check_members(const Json& value, const std::vector<MemberRule>& members) {
  for (const auto& [name, item] : value.items()) {
    const auto member = std::ranges::find(members, name, &MemberRule::name);
    if (member == members.end()) return "member \"" + name + "\" is unknown";
    if (const auto what = member->check(item)) return "member \"" + name + "\" " + *what;
  }
  for (const MemberRule& member : members) {
    if (member.required && !value.contains(member.name)) {
      return "member \"" + std::string(member.name) + "\" is missing";
    }
  }
  return std::nullopt;
}

Fault check_runtime_settings(const Json& value) {
  static const std::vector<MemberRule> members = {
      {"max_clients", number(1, 4096)},         {"flows_per_client", number(1, 256)},
      {"client_idle_s", number(1, 30)},         {"handshake_ms", number(500, 5000)},
      {"pending_handshakes", number(16, 1024)}, {"pending_per_address", number(1, 256)}};
  return check_members(value, members);
}

Fault check_agent_runtime(const Json& value) {
  static const std::vector<MemberRule> members = {{"checkin_interval_ms", number(500, 300'000)},
                                                  {"degraded_checkin_ms", number(200, 5'000)}};
  return check_members(value, members);
}

// "ssh, tcp"
std::string protocols_in_words() {
  std::string words;
  for (const auto name : policy::protocol_names()) {
    if (!words.empty()) words += ", ";
    words += name;
  }
  return words;
}

Fault check_policy(const Json& value) {
  static const std::vector<MemberRule> members = {
      {"protocols", names([](std::string_view p) { return policy::protocol_from(p).has_value(); },
                          "protocols (" + protocols_in_words() + ")")},
      {"classes", names([](std::string_view c) { return wire::traffic_class_from(c).has_value(); },
                        "traffic classes")},
      {"max_session_s", number(10, kMaxSessionSeconds)},
      {"flow_hold_s", number(0, kMaxFlowHold.count())}};
  return check_members(value, members);
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxVariableName && std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

Fault check_variables(const Json& value) {
  if (value.size() > kMaxVariables) {
    return "there may be " + std::to_string(kMaxVariables) + " variables at most";
  }
  for (const auto& [name, item] : value.items()) {
    if (!is_variable_name(name)) {
      return "member \"" + name + "\" must be named with up to " +
             std::to_string(kMaxVariableName) + " letters, digits, '_', '.' and '-'";
    }
    if (!item.is_string() || item.get_ref<const std::string&>().size() > kMaxVariableText) {
      return "member \"" + name + "\" must be a string of at most " +
             std::to_string(kMaxVariableText) + " bytes";
    }
  }
  return std::nullopt;
}

Fault check_pem(const Json& value) {
  if (!value.is_string()) return "must be certificates in PEM";
  const auto chain = crypto::Certificate::chain_from_pem(value.get_ref<const std::string&>());
  if (!chain || chain->empty() || chain->size() > kMaxBundleCertificates) {
    return "must be 1 to " + std::to_string(kMaxBundleCertificates) + " certificates in PEM";
  }
  for (std::size_t i = 0; i < chain->size(); ++i) {
    if (!(*chain)[i].is_ca()) {
      return "must hold certificates of authorities only; number " + std::to_string(i + 1) +
             " is none";
    }
  }
  return std::nullopt;
}

Fault check_bundle(const Json& value) {
  static const std::vector<MemberRule> members = {{"pem", check_pem, true}};
  return check_members(value, members);
}

std::string too_large(const ConfigType& type) {
  return "the value must have " + std::to_string(type.max_bytes) + " bytes at most";
}

// Member by member, the narrower over the wider.
Json merged(const std::vector<wire::JsonValue>& values) {
  Json out = Json::object();
  for (const wire::JsonValue& value : values) out.update(value.get());
  return out;
}

template <class T>
void take(const Json& from, const char* name, T& into) {
  if (const auto it = from.find(name); it != from.end()) {
    into = static_cast<T>(it->get<std::int64_t>());
  }
}

template <class Rep, class Period>
void take(const Json& from, const char* name, std::chrono::duration<Rep, Period>& into) {
  if (const auto it = from.find(name); it != from.end()) {
    into = std::chrono::duration<Rep, Period>{it->get<std::int64_t>()};
  }
}

}  // namespace

bool ConfigType::has_layer(Layer layer) const {
  return std::ranges::find(layers, layer) != layers.end();
}

std::span<const ConfigType> config_types() {
  using enum Layer;
  static const std::vector<ConfigType> types = {
      {kServerRuntimeSettings,
       {platform, cluster},
       4096,
       Audience::every_node,
       "rap-fabric: its limits, at once",
       check_runtime_settings},
      {kAgentRuntime,
       {platform, cluster},
       4096,
       Audience::every_node,
       "rap-node-agent: how often it checks in, at once",
       check_agent_runtime},
      {kAppPolicy,
       {organization},
       4096,
       Audience::entries_and_egresses,
       "rap-control for new sessions; entry and egress for new flows",
       check_policy},
      {kAppVariables,
       {organization},
       kMaxConfigValue,
       Audience::egresses,
       "people of the organization, with 'rap variables'; services beside an egress, as a file "
       "that "
       "the rap-node-agent keeps",
       check_variables},
      {kAppClientCaBundle,
       {platform, organization},
       kMaxConfigValue,
       Audience::entries,
       "services beside an entry, as files that the rap-node-agent keeps",
       check_bundle},
      {kAppMtlsTrustBundle,
       {organization, service},
       kMaxConfigValue,
       Audience::egresses,
       "services beside an egress, as files that the rap-node-agent keeps",
       check_bundle},
      {kEgressTargetRanges,
       {platform, cluster},
       kMaxConfigValue,
       Audience::egresses,
       "egress for new flows; rap-control for new resources",
       find_ranges_fault},
      {kNodeNames,
       {platform, cluster},
       kMaxConfigValue,
       Audience::nobody,
       "rap-control when a host asks for a certificate, and when one is approved or renewed",
       find_node_names_fault},
      {kChannelPolicy,
       {platform, cluster},
       4096,
       Audience::every_node,
       "rap-fabric: its channels, at once",
       find_channel_policy_fault},
  };
  return types;
}

const ConfigType* find_config_type(std::string_view name) {
  const auto types = config_types();
  const auto it = std::ranges::find(types, name, &ConfigType::name);
  return it == types.end() ? nullptr : &*it;
}

std::optional<std::string> find_value_fault(const ConfigType& type, std::string_view json) {
  if (json.size() > type.max_bytes) return too_large(type);
  const auto value = wire::parse_strict_json(json);
  if (!value || !value->is_object()) return "the value must be a JSON object without duplicates";
  return type.find_fault(*value);
}

std::optional<std::string> find_value_fault(const ConfigType& type, const wire::JsonValue& value) {
  if (!value.get().is_object()) return "the value must be a JSON object without duplicates";
  if (value.dump().size() > type.max_bytes) return too_large(type);
  return type.find_fault(value.get());
}

bool AppPolicy::allows_protocol(policy::Protocol protocol) const {
  return !protocols || std::ranges::find(*protocols, protocol) != protocols->end();
}

RuntimeSettings runtime_settings_from(const std::vector<wire::JsonValue>& values) {
  const Json all = merged(values);
  RuntimeSettings out;
  take(all, "max_clients", out.max_clients);
  take(all, "flows_per_client", out.flows_per_client);
  take(all, "client_idle_s", out.client_idle);
  take(all, "handshake_ms", out.handshake);
  take(all, "pending_handshakes", out.pending_handshakes);
  take(all, "pending_per_address", out.pending_per_address);
  return out;
}

AgentRuntime agent_runtime_from(const std::vector<wire::JsonValue>& values) {
  const Json all = merged(values);
  AgentRuntime out;
  if (const auto it = all.find("checkin_interval_ms"); it != all.end()) {
    out.checkin_interval = std::chrono::milliseconds{it->get<std::int64_t>()};
  }
  take(all, "degraded_checkin_ms", out.degraded_checkin);
  return out;
}

AppPolicy app_policy_from(const std::vector<wire::JsonValue>& values) {
  const Json all = merged(values);
  AppPolicy out;
  if (const auto it = all.find("protocols"); it != all.end()) {
    out.protocols.emplace();
    for (const Json& name : *it) {
      if (const auto p = policy::protocol_from(name.get_ref<const std::string&>())) {
        out.protocols->push_back(*p);
      }
    }
  }
  if (const auto it = all.find("classes"); it != all.end()) {
    out.classes = {};
    for (const Json& name : *it) {
      if (const auto c = wire::traffic_class_from(name.get_ref<const std::string&>())) {
        out.classes.add(*c);
      }
    }
  }
  if (const auto it = all.find("max_session_s"); it != all.end()) {
    out.max_session = std::chrono::seconds{it->get<std::int64_t>()};
  }
  take(all, "flow_hold_s", out.flow_hold);
  return out;
}

std::string bundle_pem_from(const wire::JsonValue& value) {
  return value.get().is_object() ? value.get().value("pem", "") : "";
}

}  // namespace rap::snapshot
