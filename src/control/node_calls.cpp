// The calls of the node listener. Pull, apply and acknowledge are separate steps, so that a partial
// failure is retried without repeating the rest.
#include <charconv>

#include "control/csr_policy.hpp"
#include "control/json_reply.hpp"
#include "control/node_link.hpp"
#include "control/renewal.hpp"
#include "crypto/dsse.hpp"
#include "snapshot/build.hpp"

namespace rap::control {
namespace {

constexpr std::size_t kMaxCommandsPerPull = 256;
constexpr std::int64_t kMaxErrorBytes = 4096;
constexpr std::int64_t kMaxStatusBytes = 32;  // "ok", or how it failed
constexpr std::size_t kMaxReportedSessions = 16384;
constexpr std::string_view kNodeConfig = "node_config";
constexpr std::string_view kTrustBundle = "trust_bundle";
constexpr std::int64_t kMaxPulled = 64;  // the configuration, and trust bundles on the way to it
// A session that should be gone is commanded away again, but not on every check-in.
constexpr std::chrono::seconds kRepeatCommandAfter{10};

std::uint64_t unsigned_member(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_number_unsigned() ? it->get<std::uint64_t>() : 0;
}

std::vector<SessionPresence> carried_sessions(const Json& observations) {
  std::vector<SessionPresence> out;
  const auto sessions = observations.find("sessions");
  if (sessions == observations.end() || !sessions->is_array()) return out;
  for (const Json& item : *sessions) {
    if (!item.is_object() || out.size() == kMaxReportedSessions) continue;
    const auto id_text = item.find("session_id");
    if (id_text == item.end() || !id_text->is_string()) continue;
    const auto id = SessionId::parse(id_text->get<std::string>());
    if (!id) continue;
    out.push_back({*id, unsigned_member(item, "flows"), unsigned_member(item, "bytes_up"),
                   unsigned_member(item, "bytes_down")});
  }
  return out;
}

std::string member_text(const Call& call, const char* name) {
  const auto it = call.body.find(name);
  return it == call.body.end() ? "{}" : it->dump();
}

void reconcile_sessions(Services& s, Transaction& tx, const Call& call,
                        const std::vector<SessionPresence>& carried) {
  tx.sessions().record_presence(call.node->id, carried, call.now);
  tx.sessions().settle_states(call.now);
  std::vector<SessionId> ids;
  for (const SessionPresence& p : carried) ids.push_back(p.session);
  for (SessionId ended : tx.sessions().ended_among(ids)) {
    tx.sessions().command_termination(call.node->id, ended, CommandId::random(s.rng), call.now,
                                      call.now - kRepeatCommandAfter);
  }
}

// Under another root than the one that issues now.
bool wants_renewal(Services& s, Transaction& tx, const Call& call) {
  const auto certificate =
      tx.certificates().find_usable(call.node->id, call.request.peer_certificate_serial);
  return certificate && certificate->ca_ref != s.authority->ca_ref();
}

Outcome<Reply> check_in(Services& s, const Call& call) {
  Node report = *call.node;
  report.certificate_serial = call.request.peer_certificate_serial;
  report.versions = member_text(call, "versions");
  report.metrics = member_text(call, "metrics");
  report.metadata = member_text(call, "metadata");
  report.observations = member_text(call, "observations");
  const auto observations = call.body.find("observations");
  const auto carried = observations == call.body.end() ? std::vector<SessionPresence>{}
                                                       : carried_sessions(*observations);
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    tx.nodes().record_check_in(report, call.now);
    reconcile_sessions(s, tx, call, carried);
    return reply({{"config_version", tx.nodes().config_version()},
                  {"commands_seq", tx.sessions().last_command(call.node->id)},
                  {"renew_certificate", wants_renewal(s, tx, call)},
                  {"server_time", to_unix(call.now)}});
  });
}

Outcome<Reply> pull_commands(Services& s, const Call& call) {
  const std::string since = call.query("since").value_or("0");
  std::uint64_t seq = 0;
  std::from_chars(since.data(), since.data() + since.size(), seq);
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    Json commands = Json::array();
    for (const NodeCommand& c :
         tx.sessions().commands_since(call.node->id, seq, kMaxCommandsPerPull)) {
      commands.push_back({{"seq", c.seq},
                          {"id", c.id.str()},
                          {"type", c.type},
                          {"payload", {{"session_id", c.session.str()}}}});
    }
    return reply({{"commands", std::move(commands)}});
  });
}

Outcome<Reply> finish_command(Services& s, const Call& call) {
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    if (!tx.sessions().finish_command(call.node->id, call.path("command"),
                                      call.text("status") == "ok", call.text("detail"), call.now)) {
      return refuse(ProblemCode::command_not_found, "This node was given no such command.");
    }
    return no_content();
  });
}

// From the truth and not from the keys at hand, so that a configuration never says another version
// than it shows.
std::string bundle_pem(const std::vector<StoredBundle>& bundles, std::uint64_t version,
                       Services& s) {
  for (const StoredBundle& bundle : bundles) {
    if (bundle.version == version) return bundle.pem;
  }
  return s.authority->trust_bundle_pem();
}

Outcome<Reply> pull_configs(Services& s, const Call& call) {
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    Json configs = Json::array();
    snapshot::ClusterModel model = tx.nodes().cluster_model(call.now);
    const auto bundles = tx.trust().bundles();
    // First the roots, each signed by one before it, then the configuration that names them.
    const auto known = static_cast<std::uint64_t>(
        call.integer("have_trust_bundle", static_cast<std::int64_t>(model.trust_bundle_version)));
    for (const StoredBundle& bundle : bundles) {
      if (bundle.version <= known) continue;
      configs.push_back(
          {{"type", kTrustBundle}, {"version", bundle.version}, {"envelope", bundle.envelope}});
    }
    // A node asks for the one it has, too: so that it is freshly issued.
    const bool refresh = call.body.value("refresh", false);
    if (refresh || model.version != static_cast<std::uint64_t>(call.integer("have"))) {
      model.valid_for_s = s.settings.config_valid_for.count();
      model.trust_bundle_pem = bundle_pem(bundles, model.trust_bundle_version, s);
      model.token_keys = {
          {s.authority->token_key.kid, s.authority->token_key.key.public_key().pem()}};
      const auto config = snapshot::build_node_config(model, call.node->id, call.now);
      if (config) {
        const std::string payload = snapshot::to_json(*config);
        configs.push_back(
            {{"type", kNodeConfig},
             {"version", config->version},
             {"envelope",
              crypto::seal_envelope(s.authority->config_key.key, s.authority->config_key.kid,
                                    snapshot::kNodeConfigType, as_bytes(payload))}});
      }
    }
    return reply({{"configs", std::move(configs)}});
  });
}

Outcome<Reply> acknowledge_configs(Services& s, const Call& call) {
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    for (const Json& ack : call.body["acks"]) {
      if (ack["type"] != kNodeConfig) continue;  // which names the bundle it came with
      tx.nodes().record_ack(call.node->id, unsigned_member(ack, "version"), call.now);
    }
    return no_content();
  });
}

Outcome<Reply> report_config_errors(Services& s, const Call& call) {
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    for (const Json& error : call.body["errors"]) {
      const std::string text = "version " + std::to_string(unsigned_member(error, "version")) +
                               ": " + error["error"].get<std::string>();
      tx.nodes().record_config_error(call.node->id, text, call.now);
      s.log.warn("node.config_error", {{"node", call.node->name}, {"error", text}});
    }
    return no_content();
  });
}

// Hints only (CP-3): who reads this stream pulls what they point at.
Outcome<Reply> open_events(Services&, const Call& call) {
  return Reply{.body = "", .content_type = "", .event_stream = call.node->id.str()};
}

Route post(std::string_view path, std::string_view operation, std::string_view summary, Fields body,
           Answer answer, Handler handler) {
  return {.method = "POST",
          .path = path,
          .operation = operation,
          .summary = summary,
          .access = policy::Access::anyone,  // the certificate is the access
          .query = {},
          .body = std::move(body),
          .answer = std::move(answer),
          .handler = handler};
}

}  // namespace

std::vector<Route> node_link_routes() {
  using namespace field;
  const auto object_of_any = [](std::string_view name) { return of(name, FieldType::free_object); };
  const Field type = choice("type", {kNodeConfig, kTrustBundle});
  const Field version = integer("version", 0, INT64_MAX);
  constexpr std::int64_t kBatch = 64;
  const auto with_query = [](Route route, Fields query) {
    route.query = std::move(query);
    return route;
  };
  return {
      post("/cp/v2/nodes/{id}/checkin", "checkIn", "Say what runs, hear what is new",
           {object_of_any("versions"), object_of_any("metrics").optional(),
            object_of_any("metadata").optional(), object_of_any("observations").optional()},
           {200,
            {count("config_version"), count("commands_seq"),
             of("renew_certificate", FieldType::boolean), time("server_time")}},
           check_in),
      with_query(post("/cp/v2/nodes/{id}/commands/pull", "pullCommands",
                      "Commands numbered after 'since'", {},
                      {200,
                       {list("commands", kMaxCommandsPerPull,
                             {count("seq"), uuid("id"), choice("type", {"session.terminate"}),
                              object("payload", {uuid("session_id")})})}},
                      pull_commands),
                 {count("since").optional()}),
      post("/cp/v2/nodes/{id}/commands/{command}/result", "finishCommand", "How a command went",
           {text("status", kMaxStatusBytes), text("detail", kMaxErrorBytes).optional()}, {204, {}},
           finish_command),
      post("/cp/v2/nodes/{id}/configs/pull", "pullConfigs", "The configuration, if it is newer",
           {integer("have", 0, INT64_MAX), of("refresh", FieldType::boolean).optional(),
            integer("have_trust_bundle", 0, INT64_MAX).optional()},
           {200, {list("configs", kMaxPulled, {type, version, text("envelope", 1 << 22)})}},
           pull_configs),
      post("/cp/v2/nodes/{id}/certificates", "renewCertificate",
           "A certificate of the same names for a new key", {text("csr", kMaxCsrBytes)},
           {200, {text("certificate_chain", 65536)}}, renew_certificate),
      post("/cp/v2/nodes/{id}/configs/acks", "acknowledgeConfigs", "These were applied",
           {list("acks", kBatch, {type, version})}, {204, {}}, acknowledge_configs),
      post("/cp/v2/nodes/{id}/configs/errors", "reportConfigErrors", "These could not be applied",
           {list("errors", kBatch, {type, version, text("error", kMaxErrorBytes)})}, {204, {}},
           report_config_errors),
      {.method = "GET",
       .path = "/cp/v2/nodes/{id}/events",
       .operation = "openEvents",
       .summary = "Hints that something is to be pulled, as a stream of events",
       .access = policy::Access::anyone,
       .query = {},
       .body = {},
       .answer = {200, {}},
       .handler = open_events},
  };
}

}  // namespace rap::control
