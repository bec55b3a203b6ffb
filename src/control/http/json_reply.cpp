#include "control/http/json_reply.hpp"

#include "base/encoding.hpp"

namespace rap::control {
namespace {

using namespace field;

const std::vector<std::string_view> kPlatformRoles = {"none", "platform_admin", "platform_owner"};
const std::vector<std::string_view> kOrganizationRoles = {"organization_user", "organization_admin",
                                                          "organization_owner"};
const std::vector<std::string_view> kNodeRoles = {"entry", "relay", "egress"};

}  // namespace

Reply reply(const Json& body) {
  return {body.dump(-1, ' ', false, Json::error_handler_t::replace), "application/json"};
}

Reply reply_items(Json items) {
  Json body = Json::object();
  body["items"] = std::move(items);
  return reply(body);
}

Json parse_stored(const std::string& json_text) {
  Json value = Json::parse(json_text, nullptr, false);
  return value.is_discarded() ? Json::object() : value;
}

Fields user_fields() {
  return {uuid("id"), email("email"), choice("platform_role", kPlatformRoles), time("created_at"),
          of("disabled", FieldType::boolean)};
}
Json to_json(const User& u) {
  return {{"id", u.id.str()},
          {"email", u.email},
          {"platform_role", to_string(u.platform_role)},
          {"created_at", to_unix(u.created_at)},
          {"disabled", u.disabled}};
}

Fields organization_fields() { return {uuid("id"), field::name("name"), time("created_at")}; }
Json to_json(const Organization& o) {
  return {{"id", o.id.str()}, {"name", o.name}, {"created_at", to_unix(o.created_at)}};
}

Fields member_fields() {
  return {uuid("user_id"), email("email"), choice("role", kOrganizationRoles), time("created_at")};
}
Json to_json(const Member& m) {
  return {{"user_id", m.user.str()},
          {"email", m.email},
          {"role", to_string(m.role)},
          {"created_at", to_unix(m.created_at)}};
}

Fields pool_fields() {
  return {uuid("id"), field::name("name"), time("created_at"),
          list("nodes", static_cast<std::int64_t>(kMaxListed), {uuid("id"), field::name("name")})
              .optional()};
}
Json to_json(const EgressPool& p) {
  Json out = {{"id", p.id.str()}, {"name", p.name}, {"created_at", to_unix(p.created_at)}};
  for (const NodeName& n : p.nodes) out["nodes"].push_back({{"id", n.id.str()}, {"name", n.name}});
  return out;
}

Fields resource_fields() {
  return {uuid("id"),
          field::name("name"),
          choice("protocol", {"ssh", "tcp"}),
          of("host", FieldType::host).optional(),
          port("port").optional(),
          object("egress_pool", {uuid("id"), field::name("name")}).optional(),
          of("ssh_host_key", FieldType::ssh_key).optional(),
          time("created_at").optional()};
}
Json to_tenant_json(const Resource& r) {
  return {{"id", r.id.str()}, {"name", r.name}, {"protocol", r.protocol}};
}
Json to_json(const Resource& r) {
  Json out = to_tenant_json(r);
  out["host"] = r.host;
  out["port"] = r.port;
  out["egress_pool"] = {{"id", r.egress_pool.str()}, {"name", r.egress_pool_name}};
  if (r.ssh_host_key) out["ssh_host_key"] = *r.ssh_host_key;
  out["created_at"] = to_unix(r.created_at);
  return out;
}

Fields grant_fields() { return {uuid("user_id"), email("email"), time("created_at")}; }
Json to_json(const Grant& g) {
  return {{"user_id", g.user.str()}, {"email", g.email}, {"created_at", to_unix(g.created_at)}};
}

Fields join_token_fields() {
  return {uuid("id"),         uuid("node_id"),    field::name("node_name"),
          time("created_at"), time("expires_at"), time("used_at").optional()};
}
Json to_json(const JoinToken& t) {
  Json out = {{"id", t.id.str()},
              {"node_id", t.node.str()},
              {"node_name", t.node_name},
              {"created_at", to_unix(t.created_at)},
              {"expires_at", to_unix(t.expires_at)}};
  if (t.used_at) out["used_at"] = to_unix(*t.used_at);
  return out;
}

Fields enrolment_fields() {
  return {uuid("id"),
          uuid("node_id"),
          field::name("node_name"),
          choice("state", {"pending", "approved", "denied"}),
          text("data_plane_advertise"),
          text("fabric_advertise"),
          of("metadata", FieldType::free_object),
          text("source_ip"),
          time("created_at"),
          time("decided_at").optional()};
}
Json to_json(const Enrolment& e) {
  Json out = {{"id", e.id.str()},
              {"node_id", e.node.str()},
              {"node_name", e.node_name},
              {"state", to_string(e.state)},
              {"data_plane_advertise", e.data_plane_advertise},
              {"fabric_advertise", e.fabric_advertise},
              {"metadata", parse_stored(e.metadata)},
              {"source_ip", e.source_ip},
              {"created_at", to_unix(e.created_at)}};
  if (e.decided_at) out["decided_at"] = to_unix(*e.decided_at);
  return out;
}

// The node says so itself, of a drain it knows of.
static bool is_drained(const Node& n) {
  if (!n.draining) return false;
  const Json observations = parse_stored(n.observations);
  const auto said = [&](const char* name) {
    const auto it = observations.find(name);
    return it != observations.end() && it->is_boolean() && it->get<bool>();
  };
  return said("draining") && said("drained");
}

Fields node_fields() {
  return {uuid("id"),
          field::name("name"),
          choice("state", {"invited", "pending", "approved", "denied", "disabled", "revoked"}),
          text_list("roles", 3, kNodeRoles),
          text("data_plane_advertise"),
          text("fabric_advertise"),
          time("created_at"),
          of("draining", FieldType::boolean),
          time("drain_deadline").optional(),
          of("drained", FieldType::boolean),
          time("last_seen_at").optional(),
          of("versions", FieldType::free_object),
          of("metrics", FieldType::free_object),
          of("metadata", FieldType::free_object),
          count("config_version"),
          count("wanted_config_version"),
          text("config_error", 4096).optional()};
}
Json to_json(const Node& n) {
  Json roles = Json::array();
  for (policy::NodeRole role : n.roles) roles.push_back(to_string(role));
  Json out = {{"id", n.id.str()},
              {"name", n.name},
              {"state", to_string(n.state)},
              {"roles", std::move(roles)},
              {"data_plane_advertise", n.data_plane_advertise},
              {"fabric_advertise", n.fabric_advertise},
              {"created_at", to_unix(n.created_at)},
              {"draining", n.draining},
              {"drained", is_drained(n)},
              {"versions", parse_stored(n.versions)},
              {"metrics", parse_stored(n.metrics)},
              {"metadata", parse_stored(n.metadata)},
              {"config_version", n.acked_config_version},
              {"wanted_config_version", n.wanted_config_version}};
  if (n.drain_deadline) out["drain_deadline"] = to_unix(*n.drain_deadline);
  if (n.checked_in_at > WallTime{}) out["last_seen_at"] = to_unix(n.checked_in_at);
  if (!n.config_error.empty()) out["config_error"] = n.config_error;
  return out;
}

Fields certificate_fields() {
  return {uuid("node"),
          field::name("node_name"),
          choice("kind", {"node", "worker"}),
          text("serial"),
          of("fingerprint", FieldType::sha256_hex),
          text("ca_ref"),
          time("not_before"),
          time("not_after"),
          choice("status", {"active", "retiring", "revoked", "expired"}),
          time("revoked_at").optional()};
}
Json to_json(const NodeCertificate& c) {
  Json out = {{"node", c.node.str()},
              {"node_name", c.node_name},
              {"kind", to_string(c.kind)},
              {"serial", c.serial},
              {"fingerprint", c.fingerprint},
              {"ca_ref", c.ca_ref},
              {"not_before", to_unix(c.not_before)},
              {"not_after", to_unix(c.not_after)},
              {"status", c.status}};
  if (c.revoked_at) out["revoked_at"] = to_unix(*c.revoked_at);
  return out;
}

Fields session_fields() {
  return {uuid("id"),
          object("organization", {uuid("id"), field::name("name")}),
          object("user", {uuid("id"), email("email")}),
          object("resource", {uuid("id"), field::name("name"), choice("protocol", {"ssh", "tcp"}),
                              of("ssh_host_key", FieldType::ssh_key).optional()}),
          choice("state", {"pending", "active", "detached", "terminated"}),
          time("created_at"),
          time("changed_at"),
          text("ended_because").optional()};
}
Json to_json(const Session& s) {
  Json out = {
      {"id", s.id.str()},
      {"organization", {{"id", s.organization.str()}, {"name", s.organization_name}}},
      {"user", {{"id", s.user.str()}, {"email", s.user_email}}},
      {"resource", {{"id", s.resource.str()}, {"name", s.resource_name}, {"protocol", s.protocol}}},
      {"state", to_string(s.state)},
      {"created_at", to_unix(s.created_at)},
      {"changed_at", to_unix(s.changed_at)}};
  if (s.ended_because) out["ended_because"] = *s.ended_because;
  return out;
}

Fields blocklist_fields() {
  using namespace field;
  return {choice("kind", {"ip", "device", "user"}), text("value"), time("expires_at").optional(),
          text("reason", kMaxBlocklistReason), time("changed_at")};
}

Json to_json(const BlocklistEntry& e) {
  Json out = {{"kind", to_string(e.kind)},
              {"value", e.value},
              {"reason", e.reason},
              {"changed_at", to_unix(e.changed_at)}};
  if (e.expires_at) out["expires_at"] = to_unix(*e.expires_at);
  return out;
}

Fields audit_fields() {
  return {count("seq"),
          time("at"),
          uuid("organization_id").optional(),
          object("actor", {choice("kind", {"user", "node", "system", "anonymous"}), text("id"),
                           text("name")}),
          text("action"),
          object("target", {text("kind"), text("id"), text("name")}),
          choice("outcome", {"ok", "denied"}),
          text("source_ip"),
          of("detail", FieldType::free_object),
          of("hash", FieldType::sha256_hex)};
}
Json to_json(const AuditEntry& e) {
  Json out = {{"seq", e.seq},
              {"at", to_unix(e.at)},
              {"actor", {{"kind", e.actor_kind}, {"id", e.actor_id}, {"name", e.actor_name}}},
              {"action", e.action},
              {"target", {{"kind", e.target_kind}, {"id", e.target_id}, {"name", e.target_name}}},
              {"outcome", e.outcome},
              {"source_ip", e.source_ip},
              {"detail", parse_stored(e.detail)},
              {"hash", to_hex(e.hash)}};
  if (e.organization) out["organization_id"] = e.organization->str();
  return out;
}

}  // namespace rap::control
