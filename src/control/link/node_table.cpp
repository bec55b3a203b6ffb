#include "control/link/node_table.hpp"

#include "control/link/deltas.hpp"
#include "control/link/node_calls.hpp"
#include "control/pki/csr_policy.hpp"
#include "snapshot/documents.hpp"
#include "wire/node_commands.hpp"

namespace rap::control {
namespace {

constexpr std::int64_t kMaxErrorBytes = 4096;
constexpr std::int64_t kMaxStatusBytes = 32;  // "ok", or how it failed
// The configuration, trust bundles on the way to it, and its documents.
constexpr std::int64_t kMaxPulled = 64 + snapshot::kMaxDocuments;
constexpr std::int64_t kMaxLayerName = 16;
constexpr std::int64_t kUuidText = 36;
constexpr std::int64_t kSha256Text = 64;

// Hints only (CP-3): who reads this stream pulls what they point at.
Outcome<Reply> open_events(const NodeCallPorts&, const NodeCall& call) {
  return Reply{.body = "", .content_type = "", .event_stream = call.node.id.str()};
}

constexpr auto kByCertificate = policy::Access::anyone;  // the certificate is the access

NodeRoute post(std::string_view path, std::string_view operation, std::string_view summary,
               Fields body, Answer answer, NodeExecutor executor, NodeHandler handler) {
  return {{.method = "POST",
           .path = path,
           .operation = operation,
           .summary = summary,
           .access = kByCertificate,
           .query = {},
           .body = std::move(body),
           .answer = std::move(answer)},
          executor,
          handler};
}

NodeRoute get(std::string_view path, std::string_view operation, std::string_view summary,
              NodeExecutor executor, NodeHandler handler) {
  return {{.method = "GET",
           .path = path,
           .operation = operation,
           .summary = summary,
           .access = kByCertificate,
           .query = {},
           .body = {},
           .answer = {200, {}}},
          executor,
          handler};
}

}  // namespace

std::vector<NodeRoute> node_link_routes() {
  using namespace field;
  using enum NodeExecutor;
  const auto object_of_any = [](std::string_view name) { return of(name, FieldType::free_object); };
  const Field type = text("type", snapshot::kMaxTypeName);
  const Field layer = text("layer", kMaxLayerName).optional();
  const Field organization = text("organization", kUuidText).optional();
  const Field resource = text("resource", kUuidText).optional();
  const Field version = integer("version", 0, INT64_MAX);
  constexpr std::int64_t kBatch = 64;
  const auto with_query = [](NodeRoute route, Fields query) {
    route.query = std::move(query);
    return route;
  };
  const auto with_memory = [](NodeRoute route, PollHandler from_memory) {
    route.from_memory = from_memory;
    return route;
  };
  return {
      post("/cp/v2/nodes/{id}/checkin", "checkIn", "Say what runs, hear what is new",
           {object_of_any("versions"), object_of_any("metrics").optional(),
            object_of_any("metadata").optional(), object_of_any("observations").optional()},
           {200,
            {count("config_version"), count("commands_seq"),
             of("renew_certificate", FieldType::boolean), time("server_time")}},
           reports, check_in),
      with_query(post("/cp/v2/nodes/{id}/commands/pull", "pullCommands",
                      "Commands numbered after 'since'", {},
                      {200,
                       {list("commands", kMaxCommandsPerPull,
                             {count("seq"), uuid("id"), choice("type", wire::kNodeCommandNames),
                              object("payload", {uuid("session_id")})})}},
                      pulls, pull_commands),
                 {count("since").optional()}),
      post("/cp/v2/nodes/{id}/commands/{command}/result", "finishCommand", "How a command went",
           {text("status", kMaxStatusBytes), text("detail", kMaxErrorBytes).optional()}, {204, {}},
           reports, finish_command),
      with_memory(
          post("/cp/v2/nodes/{id}/configs/pull", "pullConfigs", "The configuration, if it is newer",
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
      post("/cp/v2/nodes/{id}/certificates", "renewCertificate",
           "A certificate of the same names for a new key, or one to meet clients with",
           {text("csr", kMaxCsrBytes), choice("kind", {"node", "worker"}).optional()},
           {200, {text("certificate_chain", 65536), text("ocsp", 32768).optional()}}, certificates,
           renew_certificate),
      post("/cp/v2/nodes/{id}/configs/acks", kAcknowledgeConfigs, "These were applied",
           {list("acks", kBatch, {type, version, layer, organization, resource})}, {204, {}}, acks,
           acknowledge_configs),
      post("/cp/v2/nodes/{id}/configs/errors", "reportConfigErrors", "These could not be applied",
           {list("errors", kBatch,
                 {type, version, layer, organization, resource, text("error", kMaxErrorBytes)})},
           {204, {}}, reports, report_config_errors),
      delta_route(),
      get("/cp/v2/objects/{kind}/{name}", "getObject",
          "A document by its hash, whole or a range of it", objects, get_object),
      get("/cp/v2/nodes/{id}/events", "openEvents",
          "Hints that something is to be pulled, as a stream of events", events, open_events),
  };
}

NodeExecutor executor_of(const std::vector<NodeRoute>& routes, const wire::HttpRequest& request) {
  for (const NodeRoute& route : routes) {
    if (route.method == request.method && fits(route.path, request.path)) return route.executor;
  }
  return NodeExecutor::reports;
}

}  // namespace rap::control
