// Access sessions (DP-1, DP-2, DP-4): a person asks for a resource they were granted and gets entry
// candidates, each with a token of its own.
#include <algorithm>

#include "control/access/blocklist.hpp"
#include "control/entrance/routes.hpp"
#include "control/http/json_reply.hpp"
#include "control/people/organization_access.hpp"
#include "control/pki/public_deny_list.hpp"
#include "control/sessions/session_ending.hpp"
#include "crypto/tokens/data_plane_token.hpp"
#include "snapshot/config_types.hpp"
#include "wire/data_plane.hpp"
#include "wire/fallback_cause.hpp"

namespace rap::control {
namespace {

constexpr std::size_t kMaxCandidates = 8;
constexpr std::int64_t kMaxFallbacks = 64;  // of one report

// What a protocol may send over the data plane.
wire::TrafficClassSet classes_of(std::string_view protocol) {
  using enum wire::TrafficClass;
  if (protocol == "ssh" || protocol == "tcp") return {input, file_transfer};
  return {};
}

Json names_of(wire::TrafficClassSet classes) {
  Json out = Json::array();
  for (std::uint8_t i = 0; i < wire::kTrafficClassCount; ++i) {
    const auto c = static_cast<wire::TrafficClass>(i);
    if (classes.contains(c)) out.push_back(to_string(c));
  }
  return out;
}

// The same words whether the resource does not exist or is not the caller's to use.
std::unexpected<Problem> no_resource(const std::string& key) {
  return refuse(ProblemCode::resource_not_found,
                "There is no resource '" + key +
                    "' that you may use. List yours with 'rap resources', or ask for access.");
}

std::unexpected<Problem> no_session() {
  return refuse(ProblemCode::session_not_found,
                "There is no such session of yours. List them with 'rap sessions'.");
}

// The one resource the caller means among those they were granted.
Outcome<Resource> find_resource(Services& s, const Call& call) {
  const std::string key = call.text("resource");
  const std::string organization_key = call.text("organization");
  return transact(s.database, Scope::user(call.caller->id),
                  [&](Transaction& tx) -> Outcome<Resource> {
                    auto found = tx.resources().find_granted(call.caller->id, key);
                    if (!organization_key.empty()) {
                      const auto organization = tx.organizations().find(organization_key);
                      std::erase_if(found, [&](const Resource& r) {
                        return !organization || r.organization != organization->id;
                      });
                    }
                    if (found.empty()) return no_resource(key);
                    if (found.size() > 1) {
                      return refuse(ProblemCode::organization_required,
                                    "Several of your organizations have a resource '" + key +
                                        "'; name the organization too.");
                    }
                    return found.front();
                  });
}

// What the organization lets its sessions do.
snapshot::AppPolicy policy_of(Transaction& tx, OrganizationId organization) {
  const auto found = tx.configs().find(snapshot::kAppPolicy, organization);
  if (!found) return {};
  return snapshot::app_policy_from({wire::JsonValue::of(found->value)});
}

// The classes of a session, or why there is none.
Outcome<wire::TrafficClassSet> classes_allowed(Transaction& tx, const Session& session,
                                               WallTime now) {
  const snapshot::AppPolicy policy = policy_of(tx, session.organization);
  const wire::TrafficClassSet classes = classes_of(session.protocol).intersect(policy.classes);
  if (!policy.allows_protocol(session.protocol) || classes.empty()) {
    return refuse(ProblemCode::policy_denied, "Your organization's policy does not allow " +
                                                  session.protocol +
                                                  " at the moment; ask its administrator.");
  }
  if (policy.max_session && session.created_at + *policy.max_session <= now) {
    return refuse(ProblemCode::session_terminated,
                  "This session lasted as long as your organization allows; start a new one.");
  }
  return classes;
}

crypto::DataPlaneToken token_for(Services& s, const Call& call, const Session& session,
                                 AttachmentId attachment, wire::TrafficClassSet classes,
                                 NodeId entry, std::uint64_t auth_epoch) {
  crypto::DataPlaneToken token;
  token.id = TokenId::random(s.rng);
  token.cluster = s.authority->cluster;
  token.session = session.id;
  token.attachment = attachment;
  token.user = session.user;
  token.auth_epoch = auth_epoch;
  token.device = DeviceId::parse(call.text("device")).value_or(DeviceId{});
  token.organization = session.organization;
  token.resource = session.resource;
  token.egress_pool = session.egress_pool;
  token.entry = entry;
  token.classes = classes;
  token.session_began = session.created_at;
  token.issued_at = call.now;
  token.expires_at = call.now + crypto::kMaxTokenLifetime;
  return token;
}

// Records a new attachment and makes what the client needs to connect. Runs in the organization's
// transaction, with a session that is not terminated.
Outcome<Reply> attach(Services& s, Transaction& tx, const Call& call, const Session& session,
                      const Resource& resource) {
  const auto classes = classes_allowed(tx, session, call.now);
  if (!classes) return std::unexpected(classes.error());
  const AttachmentId attachment = AttachmentId::random(s.rng);
  std::vector<Node> entries;
  std::uint64_t auth_epoch = 0;
  std::optional<Publication> deny_list;
  const auto have = static_cast<std::uint64_t>(call.integer("deny_list_version"));
  {
    AsPlatform as_platform(tx);  // nodes are no organization's to see; their addresses go out here
    if (auto ok = check_blocklist(tx, call, call.text("device")); !ok) {
      return std::unexpected(ok.error());
    }
    auth_epoch = tx.security().auth_epoch(session.user);
    if (!tx.resources().pool_has_egress(session.egress_pool)) {
      return refuse(ProblemCode::egress_pool_empty,
                    "Nothing serves this resource at the moment; ask your administrator.");
    }
    entries = tx.nodes().entries();
    deny_list = public_deny_list(s, tx, call.now, have);
  }
  if (entries.empty()) {
    return refuse(ProblemCode::no_entry_node,
                  "No entry is available at the moment; ask your administrator.");
  }
  entries.resize(std::min(entries.size(), kMaxCandidates));
  Json candidates = Json::array();
  for (const Node& entry : entries) {
    const auto token = token_for(s, call, session, attachment, *classes, entry.id, auth_epoch);
    candidates.push_back(
        {{"url", "wss://" + entry.data_plane_advertise + std::string(wire::kDataPlanePath)},
         {"token",
          crypto::sign_token(token, s.authority->token_key.key, s.authority->token_key.kid)},
         {"tls_trust_mode", "platform_ca"},
         {"production_trusted", true},
         {"smoke_only", false},
         {"tls_ca_ref", s.authority->ca_ref()},
         {"tls_cluster", s.authority->cluster.str()}});
  }
  tx.sessions().add_attachment(session, attachment, call.request.peer_ip, call.now);
  AuditEntry entry =
      call.audit("session.attached", "session", session.id.str(), session.resource_name);
  entry.organization = session.organization;
  Json detail = {{"attachment", attachment.str()}};
  if (const std::string device = call.text("device"); !device.empty()) detail["device"] = device;
  entry.detail = detail.dump();
  tx.audit(std::move(entry));

  Json shown = to_json(session);
  if (resource.ssh_host_key) shown["resource"]["ssh_host_key"] = *resource.ssh_host_key;
  Json answer = {{"session", std::move(shown)},
                 {"attachment_id", attachment.str()},
                 {"token_expires_at", to_unix(call.now + crypto::kMaxTokenLifetime)},
                 {"classes", names_of(*classes)},
                 {"candidates", std::move(candidates)}};
  if (deny_list && deny_list->version != have) {
    answer["deny_list"] = parse_stored(deny_list->body);
  }
  return reply(answer);
}

Outcome<Reply> create_session(Services& s, const Call& call) {
  const auto found = find_resource(s, call);
  if (!found) return std::unexpected(found.error());
  return transact(
      s.database, Scope::organization(found->organization), [&](Transaction& tx) -> Outcome<Reply> {
        const auto resource = tx.resources().find(found->organization, found->id.str());
        if (!resource || !tx.resources().is_granted(found->id, call.caller->id)) {
          return no_resource(call.text("resource"));
        }
        Session session;
        session.id = SessionId::random(s.rng);
        session.organization = resource->organization;
        if (auto o = tx.organizations().find(resource->organization.str())) {
          session.organization_name = o->name;
        }
        session.user = call.caller->id;
        session.user_email = call.caller->email;
        session.resource = resource->id;
        session.resource_name = resource->name;
        session.protocol = resource->protocol;
        session.egress_pool = resource->egress_pool;
        session.created_at = session.changed_at = call.now;
        tx.sessions().create(session);
        AuditEntry entry =
            call.audit("session.created", "session", session.id.str(), session.resource_name);
        entry.organization = session.organization;
        entry.detail = Json{{"resource", session.resource.str()}}.dump();
        tx.audit(std::move(entry));
        return attach(s, tx, call, session, *resource);
      });
}

// The session the path names, whoever's it is.
Outcome<Session> find_session(Services& s, const Call& call) {
  const auto id = SessionId::parse(call.path("id"));
  if (!id) return no_session();
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Session> {
    auto session = tx.sessions().find(*id);
    if (!session) return no_session();
    return std::move(*session);
  });
}

Outcome<Reply> create_attachment(Services& s, const Call& call) {
  const auto found = find_session(s, call);
  if (!found) return std::unexpected(found.error());
  if (found->user != call.caller->id) return no_session();
  return transact(
      s.database, Scope::organization(found->organization), [&](Transaction& tx) -> Outcome<Reply> {
        const auto session = tx.sessions().find(found->id);
        if (!session) return no_session();
        const auto resource = tx.resources().find(session->organization, session->resource.str());
        if (session->state == SessionState::terminated || !resource ||
            !tx.resources().is_granted(resource->id, call.caller->id)) {
          return refuse(ProblemCode::session_terminated,
                        "This session is terminated; start a new one.");
        }
        return attach(s, tx, call, *session, *resource);
      });
}

// What its client says it met on the way to an entry.
Outcome<Reply> report_fallbacks(Services& s, const Call& call) {
  const auto session = find_session(s, call);
  if (!session) return std::unexpected(session.error());
  if (session->user != call.caller->id) return no_session();
  auto done = transact(s.database, Scope::organization(session->organization),
                       [&](Transaction& tx) -> Outcome<Reply> {
                         AuditEntry entry = call.audit("session.fallback", "session",
                                                       session->id.str(), session->resource_name);
                         entry.organization = session->organization;
                         Json causes =
                             Json::object();  // not the entries: an organization does not see nodes
                         for (const Json& item : call.body.at("items")) {
                           const std::string cause = item.at("cause");
                           causes[cause] = causes.value(cause, 0) + 1;
                         }
                         entry.detail = Json{{"causes", std::move(causes)}}.dump();
                         tx.audit(std::move(entry));
                         return no_content();
                       });
  if (!done) return done;
  for (const Json& item : call.body.at("items")) {
    const auto at = std::ranges::find(wire::kFallbackCauses, item.at("cause").get<std::string>());
    const auto cause = static_cast<wire::FallbackCause>(at - wire::kFallbackCauses.begin());
    s.metrics.count_fallback(cause);
    s.log.warn("client.fallback",
               {{"entry", item.at("entry").get<std::string>()}, {"cause", to_string(cause)}});
  }
  return done;
}

Outcome<Reply> list_sessions(Services& s, const Call& call) {
  const auto key = call.query("organization");
  if (!key) {
    return transact(s.database, Scope::user(call.caller->id),
                    [&](Transaction& tx) -> Outcome<Reply> {
                      return reply_list(tx.sessions().list_of_user(call.caller->id));
                    });
  }
  const auto organization =
      enter_organization(s.database, *call.caller, *key, policy::Access::organization_manager);
  if (!organization) return std::unexpected(organization.error());
  return transact(s.database, Scope::organization(organization->id),
                  [&](Transaction& tx) -> Outcome<Reply> {
                    return reply_list(tx.sessions().list_of_organization(organization->id));
                  });
}

Outcome<Reply> terminate_session(Services& s, const Call& call) {
  const auto session = find_session(s, call);
  if (!session) return std::unexpected(session.error());
  if (session->user != call.caller->id) {
    // Managers of the organization may end anybody's; to all others it does not exist.
    if (!enter_organization(s.database, *call.caller, session->organization.str(),
                            policy::Access::organization_manager)) {
      return no_session();
    }
  }
  return transact(s.database, Scope::organization(session->organization),
                  [&](Transaction& tx) -> Outcome<Reply> {
                    end_sessions(s, tx, call, {.session = session->id}, "terminated_by_user");
                    return no_content();
                  });
}

}  // namespace

std::vector<Route> session_routes() {
  using namespace field;
  const Fields attached = {
      object("session", session_fields()),
      uuid("attachment_id"),
      time("token_expires_at"),
      text_list("classes", 16),
      list("candidates", static_cast<std::int64_t>(kMaxCandidates),
           {text("url"), text("token", 8192),
            choice("tls_trust_mode", {"platform_ca", "public_ca", "smoke_insecure"}),
            of("production_trusted", FieldType::boolean), of("smoke_only", FieldType::boolean),
            text("tls_ca_ref"), uuid("tls_cluster")}),
      object("deny_list", deny_list_fields()).optional()};
  // The client has the list of this version; it is given a newer one only.
  const Field have = count("deny_list_version").optional();
  return {
      {.method = "POST",
       .path = "/api/v1/sessions",
       .operation = "createSession",
       .summary = "Start a session with a granted resource",
       .access = policy::Access::signed_in,
       .query = {},
       .body = {key("organization").optional(), text("resource"), uuid("device").optional(), have},
       .answer = {201, attached},
       .handler = create_session},
      {.method = "POST",
       .path = "/api/v1/sessions/{id}/attachments",
       .operation = "createAttachment",
       .summary = "Attach to one's own session again, with fresh tokens",
       .access = policy::Access::signed_in,
       .query = {},
       .body = {uuid("device").optional(), have},
       .answer = {201, attached},
       .handler = create_attachment},
      {.method = "POST",
       .path = "/api/v1/sessions/{id}/fallbacks",
       .operation = "reportFallbacks",
       .summary = "Say which entries one's client passed over, and why",
       .access = policy::Access::signed_in,
       .query = {},
       .body = {list("items", kMaxFallbacks,
                     {text("entry", 300), choice("cause", {wire::kFallbackCauses.begin(),
                                                           wire::kFallbackCauses.end()})})},
       .answer = {204, {}},
       .handler = report_fallbacks},
      {.method = "GET",
       .path = "/api/v1/sessions",
       .operation = "listSessions",
       .summary = "One's own sessions, or an organization's for who manages it",
       .access = policy::Access::signed_in,
       .query = {key("organization").optional()},
       .body = {},
       .answer = list_of(session_fields()),
       .handler = list_sessions},
      {.method = "DELETE",
       .path = "/api/v1/sessions/{id}",
       .operation = "terminateSession",
       .summary = "End a session and its live flows",
       .access = policy::Access::signed_in,
       .query = {},
       .body = {},
       .answer = {204, {}},
       .handler = terminate_session},
  };
}

}  // namespace rap::control
