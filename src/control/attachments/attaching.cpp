#include "control/attachments/attaching.hpp"

#include <algorithm>

#include "base/try.hpp"
#include "control/access/blocklist.hpp"
#include "control/access/egress_pool.hpp"
#include "control/configuration/config_document.hpp"
#include "control/http/json_reply.hpp"
#include "control/nodes/node.hpp"
#include "control/nodes/public_certificate.hpp"
#include "control/people/auth_epoch.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/status/deny_list_publication.hpp"
#include "crypto/tokens/data_plane_token.hpp"
#include "policy/protocols.hpp"
#include "snapshot/values/config_types.hpp"
#include "wire/class_names.hpp"
#include "wire/frames/data_plane_path.hpp"

namespace rap::control {
namespace {

// The policy of an organization for its sessions.
snapshot::AppPolicy policy_of(Transaction& tx, OrganizationId organization) {
  const auto found = tx.configs().find(snapshot::kAppPolicy, organization);
  if (!found) return {};
  return snapshot::app_policy_from({wire::JsonValue::of(found->value)});
}

// The classes of a session, or why there is none.
Outcome<wire::TrafficClassSet> classes_allowed(Transaction& tx, const Session& session,
                                               WallTime now) {
  const snapshot::AppPolicy policy = policy_of(tx, session.organization);
  const wire::TrafficClassSet classes =
      policy::kind_of(session.protocol).classes.intersect(policy.classes);
  if (!policy.allows_protocol(session.protocol) || classes.empty()) {
    return refuse(ProblemCode::policy_denied, "Your organization's policy does not allow " +
                                                  std::string(to_string(session.protocol)) +
                                                  " at the moment; ask its administrator.");
  }
  if (policy.max_session && session.created_at + *policy.max_session <= now) {
    return refuse(ProblemCode::session_terminated,
                  "This session lasted as long as your organization allows; start a new one.");
  }
  return classes;
}

crypto::DataPlaneToken token_for(const AttachmentPorts& ports, const Call& call,
                                 const Session& session, AttachmentId attachment,
                                 wire::TrafficClassSet classes, NodeId entry,
                                 std::uint64_t auth_epoch) {
  crypto::DataPlaneToken token;
  token.id = TokenId::random(ports.rng);
  token.cluster = ports.authority->cluster;
  token.session = session.id;
  token.attachment = attachment;
  token.user = session.user;
  token.auth_epoch = auth_epoch;
  token.device = call.caller->device.value_or(DeviceId{});
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

// What a client verifies the entry's certificate by (PK-4): the platform's own CA, or public
// authorities and the keys that the entry said are its own.
Json trust_in(const Node& entry, const CurrentAuthority& authority) {
  std::vector<std::string> keys;
  if (const auto shown = public_certificate_of(entry)) keys = shown->keys;
  const bool is_public = !keys.empty();
  return {{"tls_trust_mode", is_public ? "public_ca" : "platform_ca"},
          {"production_trusted", true},
          {"smoke_only", false},
          {"tls_ca_ref", is_public ? std::string(kPublicCaRef) : authority->ca_ref()},
          {"tls_keys", std::move(keys)},
          {"tls_cluster", authority->cluster.str()},
          {"tls_worker", entry.id.str()}};
}

}  // namespace

Outcome<Reply> attach(const AttachmentPorts& ports, Transaction& tx, const Call& call,
                      const Session& session, const Resource& resource) {
  if (!call.caller->device && ports.devices != DevicePolicy::any) return device_required();
  const auto classes = RAP_TRY(classes_allowed(tx, session, call.now));
  const AttachmentId attachment = AttachmentId::random(ports.rng);
  std::vector<Node> entries;
  std::uint64_t auth_epoch = 0;
  std::optional<Publication> deny_list;
  const auto have = static_cast<std::uint64_t>(call.integer("deny_list_version"));
  {
    AsPlatform as_platform(tx);  // nodes are no organization's to see; their addresses go out here
    RAP_TRY(check_blocklist(tx, call));
    auth_epoch = tx.auth_epochs().of(session.user);
    if (!tx.egress_pools().has_egress(session.egress_pool)) {
      return refuse(ProblemCode::egress_pool_empty,
                    "Nothing serves this resource at the moment; ask your administrator.");
    }
    entries = tx.nodes().entries();
    deny_list = public_deny_list(ports.authority, ports.log, tx, call.now, have);
  }
  if (entries.empty()) {
    return refuse(ProblemCode::no_entry_node,
                  "No entry is available at the moment; ask your administrator.");
  }
  entries.resize(std::min(entries.size(), kMaxCandidates));
  Json candidates = Json::array();
  const std::int64_t flows = call.integer("flows", 1);
  for (const Node& entry : entries) {
    const auto sign = [&] {
      const auto token = token_for(ports, call, session, attachment, classes, entry.id, auth_epoch);
      return crypto::sign_token(token, ports.authority->token_key.key,
                                ports.authority->token_key.kid);
    };
    Json more = Json::array();
    if (candidates.size() < kCandidatesOfManyFlows) {
      for (std::int64_t i = 1; i < flows; ++i) more.push_back({{"token", sign()}});
    }
    Json candidate = trust_in(entry, ports.authority);
    candidate["url"] = "wss://" + entry.data_plane_advertise + std::string(wire::kDataPlanePath);
    candidate["token"] = sign();
    candidate["more_tokens"] = std::move(more);
    candidates.push_back(std::move(candidate));
  }
  tx.sessions().add_attachment(session, attachment, call.request.peer_ip, call.now);
  AuditEntry entry =
      call.audit("session.attached", "session", session.id.str(), session.resource_name);
  entry.organization = session.organization;
  Json detail = {{"attachment", attachment.str()}};
  if (call.caller->device) detail["device"] = call.caller->device->str();
  if (flows > 1) detail["flows"] = flows;
  entry.detail = detail.dump();
  tx.audit(std::move(entry));

  Json shown = to_json(session);
  shown["resource"].update(settings_of(resource, policy::ToldTo::client));
  Json answer = {{"session", std::move(shown)},
                 {"attachment_id", attachment.str()},
                 {"token_expires_at", to_unix(call.now + crypto::kMaxTokenLifetime)},
                 {"classes", wire::names_of(classes)},
                 {"candidates", std::move(candidates)}};
  if (deny_list && deny_list->version != have) {
    answer["deny_list"] = parse_stored(deny_list->body);
  }
  return reply(answer);
}

Fields attached_fields() {
  using namespace field;
  return {object("session", session_fields()),
          uuid("attachment_id"),
          time("token_expires_at"),
          text_list("classes", 16),
          list("candidates", static_cast<std::int64_t>(kMaxCandidates),
               {text("url"), text("token", 8192),
                list("more_tokens", kMaxFlowsAtOnce - 1, {text("token", 8192)}),
                choice("tls_trust_mode", {"platform_ca", "public_ca", "smoke_insecure"}),
                of("production_trusted", FieldType::boolean), of("smoke_only", FieldType::boolean),
                text("tls_ca_ref"), text_list("tls_keys", kMaxPublicKeys), uuid("tls_cluster"),
                uuid("tls_worker")}),
          object("deny_list", deny_list_fields()).optional()};
}

}  // namespace rap::control
