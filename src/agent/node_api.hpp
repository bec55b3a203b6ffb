// The bodies of the command channel (CP-1): what this node posts below /cp/v2/nodes/<id>/, and how
// the answers read. Parsers return nullopt for anything but a 2xx answer of the right shape.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/enrolment.hpp"
#include "base/ids.hpp"
#include "snapshot/security_delta.hpp"
#include "wire/http_message.hpp"

namespace rap::agent {

inline constexpr std::size_t kMaxCommandsAPull = 256;  // the rest is asked for again

struct CheckinReport {
  std::uint64_t config_version = 0;
  HostFacts host;
  std::int64_t uptime_s = 0;
  std::uint64_t fabric_starts = 0;
  std::string observations_json;  // empty while rap-fabric is away
};
struct CheckinAnswer {
  std::uint64_t config_version = 0;
  std::uint64_t commands_seq = 0;
  bool renew_certificate = false;
};
wire::HttpRequest checkin_request(NodeId node, const CheckinReport& report);
std::optional<CheckinAnswer> parse_checkin(const wire::HttpResponse& response);

wire::HttpRequest events_request(NodeId node);

struct Command {
  std::uint64_t seq = 0;
  std::string id;
  std::string type;
  std::string session_id;  // of session.terminate
};
wire::HttpRequest pull_commands_request(NodeId node, std::uint64_t since);
std::optional<std::vector<Command>> parse_commands(const wire::HttpResponse& response);
wire::HttpRequest command_result_request(NodeId node, std::string_view command_id,
                                         std::string_view status, std::string_view detail);

// `kind`: "node" or "worker".
wire::HttpRequest renewal_request(NodeId node, std::string_view kind, const std::string& csr);
struct IssuedCertificate {
  std::string chain_pem;
  Bytes staple;  // an OCSP response about it; empty: none came along
};
std::optional<IssuedCertificate> parse_renewal(const wire::HttpResponse& response);

struct DeltaAnswer {
  std::uint64_t since = 0;  // the cursor it reaches on from
  snapshot::SecurityChanges changes;
  bool restart = false;  // the cursor means nothing: build the list anew
  bool more = false;
};
wire::HttpRequest pull_deltas_request(NodeId node, snapshot::DeltaStream stream,
                                      std::uint64_t since);
std::optional<DeltaAnswer> parse_deltas(const wire::HttpResponse& response,
                                        snapshot::DeltaStream stream);

struct PulledConfig {
  std::string type;
  std::uint64_t version = 0;
  std::string envelope;
};
// With `refresh` the control plane issues the configuration anew even when it is the one we have.
wire::HttpRequest pull_configs_request(NodeId node, std::uint64_t have, bool refresh,
                                       std::uint64_t trust_bundle);
std::optional<std::vector<PulledConfig>> parse_configs(const wire::HttpResponse& response);
wire::HttpRequest config_ack_request(NodeId node, std::string_view type, std::uint64_t version);
wire::HttpRequest config_error_request(NodeId node, std::string_view type, std::uint64_t version,
                                       std::string_view error);

}  // namespace rap::agent
