#include "control/link/listener/node_table.hpp"

#include <algorithm>

#include "control/link/node_calls.hpp"
#include "control/link/pulls/config_calls.hpp"
#include "control/link/pulls/deltas.hpp"
#include "control/nodes/notices/incarnations.hpp"
#include "control/pki/csr_policy.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "snapshot/audit_head.hpp"
#include "snapshot/configuration/documents.hpp"
#include "wire/agent/security_events.hpp"
#include "wire/certificate_kind.hpp"
#include "wire/http/node_api_calls.hpp"
#include "wire/node_commands.hpp"

namespace rap::control {
namespace {

using wire::NodeApiCall;

constexpr std::int64_t kMaxErrorBytes = 4096;
constexpr std::int64_t kMaxStatusBytes = 32;  // "ok", or how it failed
// The configuration, trust bundles on the way to it, and its documents.
constexpr std::int64_t kMaxPulled = 64 + snapshot::kMaxDocuments;
constexpr std::int64_t kMaxLayerName = 16;
constexpr std::int64_t kUuidText = 36;
constexpr std::int64_t kSha256Text = 64;
// In base64.
constexpr std::int64_t kMaxOcspRequestText = (crypto::kMaxOcspRequestBytes + 2) / 3 * 4;

// Hints (CP-3), and configurations that need no asking: whatever else they point at is pulled.
Outcome<Reply> open_events(const NodeCallPorts& ports, const NodeCall& call) {
  ports.given.stream_opened(call.node.id, call.request.peer_certificate_serial);
  return Reply{.body = "", .content_type = "", .event_stream = call.node.id.str()};
}

constexpr auto kByCertificate = policy::Access::anyone;  // the certificate is the access

NodeRoute route(NodeApiCall call, std::string_view summary, Fields body, AnswerShape answer,
                NodeExecutor executor, NodeHandler handler) {
  const wire::NodeApiCallKind& kind = kind_of(call);
  return {{.method = kind.method,
           .path = kind.path,
           .operation = kind.operation,
           .summary = summary,
           .access = kByCertificate,
           .query = {},
           .body = std::move(body),
           .answer = std::move(answer)},
          executor,
          handler};
}

// What commands are about: each has one of them.
Fields arguments_of_commands() {
  Fields arguments;
  for (const wire::NodeCommandKind& kind : wire::kNodeCommands) {
    if (std::ranges::find(arguments, kind.argument, &Field::name) == arguments.end()) {
      arguments.push_back(field::uuid(kind.argument));
    }
  }
  if (arguments.size() == 1) return arguments;
  for (Field& argument : arguments) argument.required = false;
  return arguments;
}

}  // namespace

std::vector<NodeRoute> node_listener_routes() {
  using namespace field;
  using enum NodeExecutor;
  const auto object_of_any = [](std::string_view name) { return of(name, FieldType::free_object); };
  const Field type = text("type", snapshot::kMaxTypeName);
  const Field layer = text("layer", kMaxLayerName).optional();
  const Field organization = text("organization", kUuidText).optional();
  const Field resource = text("resource", kUuidText).optional();
  const Field version = integer("version", 0, INT64_MAX);
  constexpr std::int64_t kBatch = 64;
  const auto with_query = [](NodeRoute row, Fields query) {
    row.query = std::move(query);
    return row;
  };
  const auto with_memory = [](NodeRoute row, PollHandler from_memory) {
    row.from_memory = from_memory;
    return row;
  };
  return {
      route(
          NodeApiCall::check_in, "Say what runs, hear what is new",
          {text("incarnation", kMaxIncarnationBytes).optional(), object_of_any("versions"),
           object_of_any("metrics").optional(), object_of_any("metadata").optional(),
           object_of_any("observations").optional(), object_of_any("security_events").optional()},
          {200,
           {count("config_version"), count("commands_seq"),
            of("renew_certificate", FieldType::boolean), of("kept_out", FieldType::boolean),
            time("server_time"),
            text("audit_head", static_cast<std::int64_t>(snapshot::kMaxAuditHeadBytes)).optional(),
            object("security_events_taken",
                   {text("run", static_cast<std::int64_t>(wire::kSecurityRunBytes)), count("seq")})
                .optional()}},
          reports, check_in),
      with_query(route(NodeApiCall::pull_commands, "Commands numbered after 'since'", {},
                       {200,
                        {list("commands", kMaxCommandsPerPull,
                              {count("seq"), uuid("id"), choice("type", wire::kNodeCommandNames),
                               object("payload", arguments_of_commands())})}},
                       pulls, pull_commands),
                 {count("since").optional()}),
      route(NodeApiCall::finish_command, "How a command went",
            {text("status", kMaxStatusBytes), text("detail", kMaxErrorBytes).optional()}, {204, {}},
            reports, finish_command),
      with_memory(
          route(NodeApiCall::pull_configs, "The configuration, if it is newer",
                {integer("have", 0, INT64_MAX), of("refresh", FieldType::boolean).optional(),
                 integer("have_trust_bundle", 0, INT64_MAX).optional(),
                 text("have_sha256", kSha256Text).optional(), time("have_issued_at").optional(),
                 text_list("have_documents", 2 * snapshot::kMaxDocuments).optional()},
                {200,
                 {list("configs", kMaxPulled,
                       {type, version, layer, organization, resource,
                        of("sha256", FieldType::sha256_hex), count("size"),
                        text("envelope", 1 << 22).optional(), text("increment", 1 << 22).optional(),
                        text("object", kSha256Text).optional()}),
                  integer("ack_within_ms", 0, snapshot::kMaxAckSpread.count())}},
                pulls, pull_configs),
          pull_configs_from_memory),
      route(
          NodeApiCall::renew_certificate,
          "A certificate of the same names for a new key, or one to meet clients with",
          {text("csr", kMaxCsrBytes), choice("kind", wire::kNodesCertificateKindNames).optional()},
          {200, {text("certificate_chain", 65536), text("ocsp", 32768).optional()}}, certificates,
          renew_certificate),
      route(NodeApiCall::get_certificate_status,
            "What the OCSP responder says of a certificate of the node",
            {text("ocsp_request", kMaxOcspRequestText)}, {200, {text("ocsp", 32768)}}, statuses,
            get_certificate_status),
      route(NodeApiCall::acknowledge_configs, "These were applied",
            {list("acks", kBatch, {type, version, layer, organization, resource})}, {204, {}}, acks,
            acknowledge_configs),
      route(NodeApiCall::report_config_errors, "These could not be applied",
            {list("errors", kBatch,
                  {type, version, layer, organization, resource, text("error", kMaxErrorBytes)})},
            {204, {}}, reports, report_config_errors),
      delta_route(),
      route(NodeApiCall::get_object, "A document by its hash, whole or a range of it", {},
            {200, {}}, objects, get_object),
      route(NodeApiCall::open_events, "Hints that something is to be pulled, as a stream of events",
            {}, {200, {}}, events, open_events),
  };
}

NodeExecutor executor_of(const std::vector<NodeRoute>& routes, const wire::HttpRequest& request) {
  for (const NodeRoute& row : routes) {
    if (row.method == request.method && fits(row.path, request.path)) return row.executor;
  }
  return NodeExecutor::reports;
}

}  // namespace rap::control
