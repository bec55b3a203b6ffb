// The calls that a node makes of the control plane: the first three on people's API while it has no
// identity yet, the others on the listener of nodes (CP-1). Both ends go by this table.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace rap::wire {

enum class NodeApiCall : std::uint8_t {
  get_trust_bundle,
  enrol,
  get_enrolment_status,
  check_in,
  pull_commands,
  finish_command,
  pull_configs,
  renew_certificate,
  get_certificate_status,
  acknowledge_configs,
  report_config_errors,
  pull_deltas,
  get_object,
  open_events,
};

struct NodeApiCallKind {
  NodeApiCall call;
  std::string_view operation;  // its name in descriptions and metrics
  std::string_view method;
  std::string_view path;  // {…} stands for one segment, percent-encoded
};

inline constexpr std::array<NodeApiCallKind, 14> kNodeApiCalls = {{
    {NodeApiCall::get_trust_bundle, "getTrustBundle", "GET", "/api/v1/trust-bundle"},
    {NodeApiCall::enrol, "enrol", "POST", "/api/v1/enrolments"},
    {NodeApiCall::get_enrolment_status, "getEnrolmentStatus", "POST",
     "/api/v1/enrolments/{id}/status"},
    {NodeApiCall::check_in, "checkIn", "POST", "/cp/v2/nodes/{id}/checkin"},
    {NodeApiCall::pull_commands, "pullCommands", "POST", "/cp/v2/nodes/{id}/commands/pull"},
    {NodeApiCall::finish_command, "finishCommand", "POST",
     "/cp/v2/nodes/{id}/commands/{command}/result"},
    {NodeApiCall::pull_configs, "pullConfigs", "POST", "/cp/v2/nodes/{id}/configs/pull"},
    {NodeApiCall::renew_certificate, "renewCertificate", "POST", "/cp/v2/nodes/{id}/certificates"},
    {NodeApiCall::get_certificate_status, "getCertificateStatus", "POST",
     "/cp/v2/nodes/{id}/certificates/status"},
    {NodeApiCall::acknowledge_configs, "acknowledgeConfigs", "POST",
     "/cp/v2/nodes/{id}/configs/acks"},
    {NodeApiCall::report_config_errors, "reportConfigErrors", "POST",
     "/cp/v2/nodes/{id}/configs/errors"},
    {NodeApiCall::pull_deltas, "pullDeltas", "POST", "/cp/v2/nodes/{id}/deltas/pull"},
    {NodeApiCall::get_object, "getObject", "GET", "/cp/v2/objects/{kind}/{name}"},
    {NodeApiCall::open_events, "openEvents", "GET", "/cp/v2/nodes/{id}/events"},
}};

// A call is found by its number.
static_assert([] {
  for (std::size_t i = 0; i < kNodeApiCalls.size(); ++i) {
    if (static_cast<std::size_t>(kNodeApiCalls[i].call) != i) return false;
  }
  return true;
}());

constexpr const NodeApiCallKind& kind_of(NodeApiCall call) {
  return kNodeApiCalls[static_cast<std::size_t>(call)];
}

// The kinds of objects that are fetched by their hash.
inline constexpr std::string_view kConfigObjects = "configs";

// The path of a call with a value for each of its {…}, in their order.
std::string path_of(NodeApiCall call, std::initializer_list<std::string_view> values);

}  // namespace rap::wire
