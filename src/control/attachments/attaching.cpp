#include "control/attachments/attaching.hpp"

#include <algorithm>

#include "base/try.hpp"
#include "control/access/blocklist.hpp"
#include "control/access/egress_pool.hpp"
#include "control/attachments/resuming.hpp"
#include "control/configuration/config_document.hpp"
#include "control/http/json_reply.hpp"
#include "control/nodes/node.hpp"
#include "control/nodes/public_certificate.hpp"
#include "control/people/auth_epoch.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/status/deny_list_publication.hpp"
#include "crypto/tokens/data_plane_token.hpp"
#include "crypto/tokens/resume_grant.hpp"
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
Outcome<wire::TrafficClassSet> classes_allowed(const snapshot::AppPolicy& policy,
                                               const Session& session, WallTime now) {
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

// A grant lasts as long as the session may, and a day at most.
WallTime grants_end(const snapshot::AppPolicy& policy, const Session& session, WallTime now) {
  const WallTime longest = now + crypto::kMaxGrantLifetime;
  if (!policy.max_session) return longest;
  return std::min(longest, session.created_at + *policy.max_session);
}

// What all tokens of an attachment say: all but the entry, and the id of each.
crypto::DataPlaneToken token_of(const AttachmentPorts& ports, const Call& call,
                                const Session& session) {
  crypto::DataPlaneToken token;
  token.cluster = ports.authority->cluster;
  token.session = session.id;
  token.attachment = AttachmentId::random(ports.rng);
  token.user = session.user;
  token.device = call.caller->device.value_or(DeviceId{});
  token.organization = session.organization;
  token.resource = session.resource;
  token.egress_pool = session.egress_pool;
  token.session_began = session.created_at;
  token.issued_at = call.now;
  token.expires_at = call.now + crypto::kMaxTokenLifetime;
  return token;
}

std::string sign_for(const AttachmentPorts& ports, crypto::DataPlaneToken token, NodeId entry) {
  token.id = TokenId::random(ports.rng);
  token.entry = entry;
  const auto authority = ports.authority.get();
  return crypto::sign_token(token, authority->token_key.key, authority->token_key.kid);
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

// The first of the entries, each with its tokens.
Json candidates_for(const AttachmentPorts& ports, const crypto::DataPlaneToken& token,
                    const std::vector<Node>& entries, std::int64_t flows) {
  Json candidates = Json::array();
  for (const Node& entry : entries) {
    if (candidates.size() == kMaxCandidates) break;
    Json more = Json::array();
    if (candidates.size() < kCandidatesOfManyFlows) {
      for (std::int64_t i = 1; i < flows; ++i) {
        more.push_back({{"token", sign_for(ports, token, entry.id)}});
      }
    }
    Json candidate = trust_in(entry, ports.authority);
    candidate["url"] = "wss://" + entry.data_plane_advertise + std::string(wire::kDataPlanePath);
    candidate["token"] = sign_for(ports, token, entry.id);
    candidate["more_tokens"] = std::move(more);
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

}  // namespace

Outcome<Reply> attach(const AttachmentPorts& ports, Transaction& tx, const Call& call,
                      const Session& session, const Resource& resource) {
  if (!call.caller->device && ports.devices != DevicePolicy::any) return device_required();
  const snapshot::AppPolicy policy = policy_of(tx, session.organization);
  crypto::DataPlaneToken token = token_of(ports, call, session);
  token.classes = RAP_TRY(classes_allowed(policy, session, call.now));
  const GivenClientKeys client_keys = client_keys_of(call);
  token.flow_key = client_keys.flow_key;
  std::vector<FlowEgress> egresses;
  std::vector<Node> entries;
  std::optional<Publication> deny_list;
  const auto have = static_cast<std::uint64_t>(call.integer("deny_list_version"));
  {
    AsPlatform as_platform(tx);  // nodes are no organization's to see; their addresses go out here
    RAP_TRY(check_blocklist(tx, call));
    token.auth_epoch = tx.auth_epochs().of(session.user);
    egresses = tx.egress_pools().egresses(session.egress_pool);
    if (egresses.empty()) {
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
  const std::int64_t flows = call.integer("flows", 1);
  Json candidates = candidates_for(ports, token, entries, flows);
  tx.sessions().add_attachment(session, token.attachment, call.request.peer_ip, call.now);
  AuditEntry entry =
      call.audit("session.attached", "session", session.id.str(), session.resource_name);
  entry.organization = session.organization;
  const WallTime until = grants_end(policy, session, call.now);
  Json detail = {{"attachment", token.attachment.str()}, {"resumable_until", to_unix(until)}};
  if (call.caller->device) detail["device"] = call.caller->device->str();
  if (flows > 1) detail["flows"] = flows;
  entry.detail = detail.dump();
  tx.audit(std::move(entry));

  Json shown = to_json(session);
  shown["resource"].update(settings_of(resource, policy::ToldTo::client));
  Json answer = {{"session", std::move(shown)},
                 {"attachment_id", token.attachment.str()},
                 {"token_expires_at", to_unix(token.expires_at)},
                 {"classes", wire::names_of(token.classes)},
                 {"candidates", std::move(candidates)},
                 {"resume", resume_of(ports, token,
                                      {.keys = client_keys,
                                       .egresses = std::move(egresses),
                                       .until = until,
                                       .hold = policy.flow_hold})}};
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
          resume_field(),
          object("deny_list", deny_list_fields()).optional()};
}

}  // namespace rap::control
