// The bodies of the command channel (CP-1): what this node posts below /cp/v2/nodes/<id>/, and how
// the answers read. Parsers return nullopt for anything but a 2xx answer of the right shape.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "node/agent/enrolment/enrolment_client.hpp"
#include "node/agent/node_files.hpp"
#include "node/agent/public_credential.hpp"
#include "snapshot/configuration/documents.hpp"
#include "snapshot/security_delta.hpp"
#include "wire/agent/observations.hpp"
#include "wire/agent/security_events.hpp"
#include "wire/certificate_kind.hpp"
#include "wire/http/http_message.hpp"
#include "wire/node_commands.hpp"

namespace rap::agent {

inline constexpr std::size_t kMaxCommandsAPull = 256;  // the rest is asked for again

// Where the node was enrolled to be reached, HOST:PORT: a control plane whose database went back
// has other addresses of it. Empty: not said.
struct AdvertisedTexts {
  std::string data_plane;
  std::string fabric;
};

struct CheckinReport {
  std::uint64_t config_version = 0;  // the newest that was accepted, in force or not
  std::uint64_t commands_seq = 0;    // of the last command that was finished
  std::uint64_t audit_head = 0;      // the newest entry of which the node has a head
  std::string incarnation;           // of this run of the agent
  std::optional<std::chrono::seconds> clock_skew;
  std::optional<DiskFault> disk;
  HostFacts host;
  AdvertisedTexts advertised = {};
  PublicCredential::Told public_certificate = {};  // no keys: none is shown
  std::int64_t uptime_s = 0;
  std::uint64_t fabric_starts = 0;
  wire::JsonValue figures;  // further members of "metrics"
  std::optional<wire::Observations> observations;  // nullopt while rap-fabric is away
  const wire::SecurityEvents* security_events = nullptr;  // none
};
struct CheckinAnswer {
  std::uint64_t config_version = 0;
  std::uint64_t commands_seq = 0;
  bool renew_certificate = false;
  std::optional<WallTime> server_time;
  bool kept_out = false;  // another agent has this node's identity, and is the one that counts
  std::string audit_head = {};  // signed; empty: none that is new
  std::optional<wire::SecurityEventsTaken> security_events_taken = {};
};
wire::HttpRequest checkin_request(NodeId node, const CheckinReport& report);
std::optional<CheckinAnswer> parse_checkin(const wire::HttpResponse& response);

wire::HttpRequest events_request(NodeId node);

struct Command {
  std::uint64_t seq = 0;
  std::string id;
  std::string name;
  std::optional<wire::NodeCommandType> type = {};  // nullopt: this release does not know the name
  std::string about = {};  // the command's argument
};
wire::HttpRequest pull_commands_request(NodeId node, std::uint64_t since);
std::optional<std::vector<Command>> parse_commands(const wire::HttpResponse& response);
wire::HttpRequest command_result_request(NodeId node, std::string_view command_id,
                                         std::string_view status, std::string_view detail);

wire::HttpRequest renewal_request(NodeId node, wire::CertificateKind kind, const std::string& csr);
struct IssuedCertificate {
  std::string chain_pem;
  Bytes staple;  // an OCSP response about it; empty: none came along
};
std::optional<IssuedCertificate> parse_renewal(const wire::HttpResponse& response);

// Asks for the status of a certificate as OCSP, and what is answered to that, in DER.
wire::HttpRequest certificate_status_request(NodeId node, ByteView ocsp_request);
std::optional<std::string> parse_certificate_status(const wire::HttpResponse& response);

struct DeltaAnswer {
  std::uint64_t since = 0;  // the cursor it reaches on from
  snapshot::SecurityChanges changes;
  bool restart = false;  // the cursor means nothing: build the list anew
  bool more = false;
  std::uint64_t newest = 0;  // said when it reaches on from 0
};
// `began`: the newest number there was when the list was begun.
wire::HttpRequest pull_deltas_request(NodeId node, snapshot::DeltaStream stream,
                                      std::uint64_t since, std::uint64_t began);
std::optional<DeltaAnswer> parse_deltas(const wire::HttpResponse& response,
                                        snapshot::DeltaStream stream);

struct PulledConfig {
  std::string type;
  std::uint64_t version = 0;
  std::string envelope;  // empty: it is fetched as an object
  std::string sha256;  // of a document, in lower-case hex: its name as an object
  std::size_t size = 0;  // of its envelope
  std::string increment;  // instead of the envelope
};
// What is here already. With `refresh` the control plane issues the configuration anew even when it
// is the one we have.
struct HaveConfigs {
  std::uint64_t have = 0;
  std::string sha256 = {};  // of the text of that; empty: send the next one whole
  std::int64_t issued_at = 0;
  bool refresh = false;
  std::uint64_t trust_bundle = 0;
  std::vector<std::string> documents = {};  // by hash
};
wire::HttpRequest pull_configs_request(NodeId node, const HaveConfigs& have);
struct PullAnswer {
  std::vector<PulledConfig> configs;
  std::chrono::milliseconds ack_within{0};  // it is wanted at a random moment within this
};
std::optional<PullAnswer> parse_configs(const wire::HttpResponse& response);
// `count` bytes of an object, from `first` on.
wire::HttpRequest object_request(std::string_view kind, std::string_view name, std::size_t first,
                                 std::size_t count);

inline constexpr std::size_t kMaxConfigBatch = 64;
struct ConfigAck {
  std::string type;
  std::optional<snapshot::DocumentScope> scope;  // of documents
  std::uint64_t version = 0;
  crypto::Sha256 sha256{};  // not sent
};
struct ConfigReport {
  std::string type;
  std::optional<snapshot::DocumentScope> scope;
  std::uint64_t version = 0;
  std::string text;
};
wire::HttpRequest config_acks_request(NodeId node, const std::vector<ConfigAck>& acks);
wire::HttpRequest config_errors_request(NodeId node, const std::vector<ConfigReport>& errors);

}  // namespace rap::agent
