// How a host becomes a node: invited by a join token, enrolled with a signing request that its own
// key signed, approved by the platform, or by the organization whose host it is. The key never
// leaves the host.
#include "base/encoding.hpp"
#include "base/try.hpp"
#include "control/http/json_reply.hpp"
#include "control/http/throttle.hpp"
#include "control/nodes/certificate_hosts.hpp"
#include "control/nodes/enrolment/enrolment.hpp"
#include "control/nodes/enrolment/issued_join_token.hpp"
#include "control/nodes/enrolment/routes.hpp"
#include "control/nodes/node.hpp"
#include "control/nodes/revoking.hpp"
#include "control/nodes/told_of_hosts.hpp"
#include "control/organizations/delegation.hpp"
#include "control/organizations/organization.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "control/pki/csr_policy.hpp"
#include "control/pki/issuing.hpp"
#include "policy/addresses/ip_prefix.hpp"
#include "snapshot/certificate_names.hpp"
#include "wire/http/node_api_calls.hpp"

namespace rap::control {
namespace {

constexpr std::int64_t kMaxSecretBytes = 128;
constexpr std::int64_t kMaxMetadataBytes = 256;

Outcome<void> slow_down(EnrolmentPorts& ports, const Call& call) {
  if (auto wait = ports.throttle.take(Throttle::Kind::enrolment_source,
                                      policy::source_network(call.request.peer_ip))) {
    return std::unexpected(too_many_attempts(*wait));
  }
  return {};
}

template <std::size_t N>
std::array<std::uint8_t, N> to_array(const Bytes& bytes) {
  std::array<std::uint8_t, N> out{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), N), out.begin());
  return out;
}

Enrolment enrolment_from(EnrolmentPorts& ports, const Call& call, const IssuedJoinToken& token) {
  Enrolment e;
  e.id = EnrolmentId::random(ports.rng);
  e.cluster = ports.authority->cluster;
  e.node = token.node;
  e.node_name = token.node_name;
  e.join_token = token.id;
  e.csr = call.text("csr");
  e.poll_secret_sha256 = to_array<32>(from_hex(call.text("poll_secret_hash")).value_or(Bytes{}));
  e.seal_key = to_array<32>(from_base64(call.text("seal_key")).value_or(Bytes{}));
  e.data_plane_advertise = call.text("data_plane_advertise");
  e.fabric_advertise = call.text("fabric_advertise");
  e.metadata = call.body["metadata"].dump();
  e.source_ip = call.request.peer_ip;
  e.created_at = call.now;
  return e;
}

crypto::SubjectNames names_of(const Enrolment& e, ClusterId cluster) {
  return snapshot::node_certificate_names(
      cluster, e.node, parse_advertised({e.data_plane_advertise, e.fabric_advertise}));
}

Reply enrolment_reply(const Enrolment& e) {
  return reply({{"id", e.id.str()}, {"state", to_string(e.state)}});
}

// A token that was used answers the same request with the same enrolment: the first answer may have
// been lost on its way.
Outcome<Reply> again(Transaction& tx, const Call& call, const IssuedJoinToken& token) {
  const auto enrolment = tx.enrolments().of_token(token.id);
  if (enrolment && enrolment->csr == call.text("csr")) return enrolment_reply(*enrolment);
  return refuse(
      ProblemCode::join_token_used,
      "This join token has been used. Make a new one with 'rap admin join-tokens create'.");
}

// It was approved before: this is how it is readmitted.
bool is_member(const Node& node) {
  return node.state == NodeState::approved || node.state == NodeState::disabled;
}

Outcome<Reply> enrol(EnrolmentPorts& ports, const Call& call) {
  RAP_TRY(slow_down(ports, call));
  const auto node = NodeId::parse(call.text("node_id"));
  const crypto::Sha256 secret = crypto::sha256(as_bytes(call.text("secret")));
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto token = tx.join_tokens().find_and_lock(node.value_or(NodeId{}), secret);
    if (!token) {
      return refuse(ProblemCode::join_token_invalid,
                    "This join token is not known here. Make one with 'rap admin join-tokens "
                    "create' on the control plane it names.");
    }
    if (token->used_at) return again(tx, call, *token);
    if (call.now >= token->expires_at) {
      return refuse(
          ProblemCode::join_token_expired,
          "This join token has expired. Make a new one with 'rap admin join-tokens create'.");
    }
    const auto invited = tx.nodes().find(token->node.str());
    if (!invited || invited->state == NodeState::revoked) {
      return refuse(ProblemCode::join_token_invalid,
                    "The node this join token was made for is revoked; make a new token.");
    }
    const Enrolment enrolment = enrolment_from(ports, call, *token);
    const auto organization = invited->organization;
    const auto names = names_of(enrolment, ports.authority->cluster);
    RAP_TRY(accept_request(enrolment.csr, names));
    RAP_TRY(check_certificate_hosts(tx, ports.issuing, enrolment.cluster, names));
    RAP_TRY(check_hosts_of_others(tx, enrolment.cluster, organization, names));
    tx.join_tokens().use(token->id, call.now);
    tx.enrolments().create(enrolment);
    // A node that is readmitted stays what it is until that is decided.
    if (!is_member(*invited)) {
      tx.nodes().set_state(token->node, NodeState::pending, call.now);
    }
    AuditEntry entry =
        call.audit("enrolment.requested", "node", token->node.str(), token->node_name);
    entry.detail = Json{{"enrolment", enrolment.id.str()},
                        {"data_plane_advertise", enrolment.data_plane_advertise},
                        {"fabric_advertise", enrolment.fabric_advertise},
                        {"certificate_names", certificate_names(enrolment)}}
                       .dump();
    audit_with_organization(tx, std::move(entry), organization);
    return enrolment_reply(enrolment);
  });
}

// A certificate is kept with its issuer, for another may have taken over since; older rows are
// without, and get the one that issues now.
std::string whole_chain(const std::string& kept, const Authority& authority) {
  const auto chain = crypto::Certificate::chain_from_pem(kept);
  return chain && chain->size() == 1 ? kept + authority.intermediate.certificate.pem() : kept;
}

// The staple for the first handshake; empty unless the certificate is still in good standing.
std::string staple_of(EnrolmentPorts& ports, Transaction& tx, const Enrolment& e, WallTime now) {
  const auto leaf = crypto::Certificate::from_pem(e.certificate_pem);
  const auto good = leaf ? tx.certificates().find_usable(e.node, leaf->serial_hex()) : std::nullopt;
  const auto authority = ports.authority.get();
  if (!good || good->ca_ref != authority->ca_ref()) return {};
  return first_staple(ports.issuing, *authority, *good, now);
}

Outcome<Reply> enrolment_status(EnrolmentPorts& ports, const Call& call) {
  RAP_TRY(slow_down(ports, call));
  const crypto::Sha256 secret = crypto::sha256(as_bytes(call.text("poll_secret")));
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto e = tx.enrolments().find_and_lock(call.path("id"));
    // Whoever does not know the secret is not to learn whether the enrolment exists.
    if (!e || !crypto::equal_constant_time(e->poll_secret_sha256, secret)) {
      return refuse(ProblemCode::enrolment_not_found,
                    "There is no such enrolment, or the poll secret is not its own.");
    }
    Json body = {{"state", to_string(e->state)}};
    if (e->state == EnrolmentState::approved) {
      body["certificate_chain"] = whole_chain(e->certificate_pem, *ports.authority.get());
      if (auto staple = staple_of(ports, tx, *e, call.now); !staple.empty()) body["ocsp"] = staple;
      body["trust_bundles"] = ports.authority->bundles;
      body["config_keys"] = {
          {{"kid", ports.authority->config_key.kid},
           {"public_key_pem", ports.authority->config_key.key.public_key().pem()}}};
      body["node_url"] = ports.node_url;
    }
    return reply(body);
  });
}

Outcome<Reply> list_enrolments(EnrolmentPorts& ports, const Call& call) {
  const auto state = wire::enrolment_state_from(call.query("state").value_or(""));
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    return reply_list(tx.enrolments().list(state, std::nullopt));
  });
}

// The list is read under the organization's scope: the wall shows it its own hosts alone.
Outcome<Reply> list_of_organization(EnrolmentPorts& ports, const Call& call) {
  const auto state = wire::enrolment_state_from(call.query("state").value_or(""));
  return transact(ports.database, call.organization_scope().in(call.cluster),
                  [&](Transaction& tx) -> Outcome<Reply> {
                    return reply_list(tx.enrolments().list(state, call.organization->id));
                  });
}

// Issues the certificate of an approved enrolment.
Outcome<NodeCertificate> issue(EnrolmentPorts& ports, Transaction& tx, Enrolment& enrolment,
                               WallTime now) {
  const auto authority = ports.authority.get();
  const auto names = names_of(enrolment, authority->cluster);
  auto request = RAP_TRY(accept_request(enrolment.csr, names));
  RAP_TRY(check_certificate_hosts(tx, ports.issuing, authority->cluster, names));
  RAP_TRY(check_hosts_of_others(tx, authority->cluster, enrolment.organization, names));
  const auto leaf =
      issue_certificate(ports.issuing, *authority, CertificateKind::node, request.key, names, now);
  NodeCertificate entry =
      inventory_entry(enrolment.node, CertificateKind::node,
                      {leaf, authority->intermediate.certificate}, authority->ca_ref());
  enrolment.certificate_pem = entry.pem;
  return entry;
}

bool may(Transaction& tx, const Call& call, policy::Access access, OrganizationId organization) {
  const Caller& caller = *call.caller;
  return policy::authorize(access, caller.platform_role,
                           tx.organizations().role_of(organization, caller.id),
                           tx.delegations().rights_of(organization, caller.id, call.now)) ==
         policy::Decision::allow;
}

// A host of an organization is that one's to approve. A host that takes the place of a node comes
// into the path of every organization which that node serves.
Outcome<void> check_approver(Transaction& tx, const Call& call, const Enrolment& e,
                             const std::vector<ServedPool>& serves) {
  if (e.organization && !may(tx, call, policy::Access::organization_approver, *e.organization)) {
    return refuse(ProblemCode::forbidden,
                  "'" + e.node_name + "' is a host of the organization '" + e.organization_name +
                      "': its owner decides. Ask one for 'rap admin enrolments approve " +
                      e.node_name + " --organization " + e.organization_name + "'.");
  }
  for (const ServedPool& pool : serves) {
    if (may(tx, call, policy::Access::nodes_into_path, pool.organization)) continue;
    return refuse(ProblemCode::forbidden,
                  "'" + e.node_name + "' serves the egress pool '" + pool.name +
                      "' of the organization '" + pool.organization_name +
                      "', whose owner decides who does. Ask one to delegate that to you with 'rap "
                      "admin delegations add', or take the node out of the pool first.");
  }
  return {};
}

// Those are all that there are of an organization's own hosts, and through the organization.
bool is_hidden(const Call& call, const Enrolment& e) {
  return call.organization && e.organization != call.organization->id;
}

void tell_of_readmission(Transaction& tx, const Call& call, const std::vector<ServedPool>& serves) {
  for (const ServedPool& pool : serves) {
    AuditEntry entry =
        call.audit("egress_pool.node_readmitted", "egress_pool", pool.id.str(), pool.name);
    entry.organization = pool.organization;
    tx.audit(std::move(entry));
  }
}

Outcome<Reply> decide(EnrolmentPorts& ports, const Call& call, EnrolmentState decision) {
  const bool approved = decision == EnrolmentState::approved;
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    auto e = tx.enrolments().find_and_lock(call.path("id"));
    if (!e || is_hidden(call, *e)) {
      return refuse(ProblemCode::enrolment_not_found,
                    "There is no enrolment '" + call.path("id") +
                        "'; list those that wait with '?state=pending'.");
    }
    if (e->state == decision) return reply(to_json(*e));
    if (e->state != EnrolmentState::pending) {
      return refuse(ProblemCode::enrolment_decided,
                    "This enrolment is " + std::string(to_string(e->state)) +
                        " already; a new join token starts another one.");
    }
    const auto node = tx.nodes().find(e->node.str());
    if (!node || node->state == NodeState::revoked) {
      return refuse(ProblemCode::node_revoked,
                    "This node was revoked since it asked; invite the host as a new node.");
    }
    const auto serves = tx.nodes().pools_of(e->node);
    if (approved) RAP_TRY(check_approver(tx, call, *e, serves));
    e->state = decision;
    e->decided_at = call.now;
    AuditEntry entry = call.audit(approved ? "enrolment.approved" : "enrolment.denied", "node",
                                  e->node.str(), e->node_name);
    if (approved) {
      RAP_TRY(supersede_certificates(tx, call, e->node));  // when it is readmitted
      const auto certificate = RAP_TRY(issue(ports, tx, *e, call.now));
      tx.enrolments().adopt(*e);
      tell_of_readmission(tx, call, serves);
      if (e->organization) tx.nodes().set_roles(e->node, {policy::NodeRole::egress});
      tx.certificates().add(certificate);
      entry.detail = Json{{"enrolment", e->id.str()},
                          {"serial", certificate.serial},
                          {"fingerprint", certificate.fingerprint}}
                         .dump();
    }
    if (approved) {
      tx.nodes().set_state(e->node, NodeState::approved, call.now);
    } else if (!is_member(*node)) {
      tx.nodes().set_state(e->node, NodeState::denied, call.now);
    }
    tx.enrolments().decide(*e, call.caller->id);
    audit_with_organization(tx, std::move(entry), e->organization);
    return reply(to_json(*e));
  });
}

Outcome<Reply> approve(EnrolmentPorts& ports, const Call& call) {
  return decide(ports, call, EnrolmentState::approved);
}
Outcome<Reply> deny(EnrolmentPorts& ports, const Call& call) {
  return decide(ports, call, EnrolmentState::denied);
}

}  // namespace

std::vector<RouteOf<EnrolmentPorts>> enrolment_routes() {
  using namespace field;
  const Field state = choice("state", wire::kEnrolmentStateNames);
  const auto address = [&](std::string_view name) { return of(name, FieldType::host_port); };
  const auto note = [](std::string_view name) { return text(name, kMaxMetadataBytes).optional(); };
  return {
      {{.method = kind_of(wire::NodeApiCall::enrol).method,
        .path = kind_of(wire::NodeApiCall::enrol).path,
        .operation = kind_of(wire::NodeApiCall::enrol).operation,
        .summary = "Ask to become a node, with a join token and a signing request",
        .access = policy::Access::anyone,
        .query = {},
        .body = {uuid("node_id"), text("secret", kMaxSecretBytes), text("csr", kMaxCsrBytes),
                 of("poll_secret_hash", FieldType::sha256_hex),
                 of("seal_key", FieldType::base64_32), address("data_plane_advertise"),
                 address("fabric_advertise"),
                 object("metadata", {note("hostname"), note("os"), note("software_version")})},
        .answer = {202, {uuid("id"), state}}},
       enrol},
      {{.method = kind_of(wire::NodeApiCall::get_enrolment_status).method,
        .path = kind_of(wire::NodeApiCall::get_enrolment_status).path,
        .operation = kind_of(wire::NodeApiCall::get_enrolment_status).operation,
        .summary = "How an enrolment stands, for who knows its poll secret",
        .access = policy::Access::anyone,
        .query = {},
        .body = {text("poll_secret", kMaxSecretBytes)},
        .answer = {200,
                   {state, text("certificate_chain", 65536).optional(),
                    text("ocsp", 32768).optional(), text_list("trust_bundles", 64).optional(),
                    list("config_keys", 8, {text("kid"), text("public_key_pem")}).optional(),
                    text("node_url").optional()}}},
       enrolment_status},
      {{.method = "GET",
        .path = "/api/v1/enrolments",
        .operation = "listEnrolments",
        .summary = "Hosts that asked to become nodes",
        .access = policy::Access::platform,
        .query = {state.optional()},
        .body = {},
        .answer = list_of(enrolment_fields())},
       list_enrolments},
      {{.method = "POST",
        .path = "/api/v1/enrolments/{id}/approve",
        .operation = "approveEnrolment",
        .summary = "Make the host a node: its certificate is issued",
        .access = policy::Access::node_approver,
        .query = {},
        .body = {},
        .answer = {200, enrolment_fields()}},
       approve},
      {{.method = "POST",
        .path = "/api/v1/enrolments/{id}/deny",
        .operation = "denyEnrolment",
        .summary = "Turn the host away",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200, enrolment_fields()}},
       deny},
  };
}

std::vector<RouteOf<EnrolmentPorts>> organization_enrolment_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/organizations/{org}/enrolments",
        .operation = "listOrganizationEnrolments",
        .summary = "The organization's hosts that asked to become nodes",
        .access = policy::Access::organization_manager,
        .query = {choice("state", wire::kEnrolmentStateNames).optional()},
        .body = {},
        .answer = list_of(enrolment_fields())},
       list_of_organization},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/enrolments/{id}/approve",
        .operation = "approveOrganizationEnrolment",
        .summary = "Make the organization's host a node, an egress for the organization alone",
        .access = policy::Access::organization_approver,
        .query = {},
        .body = {},
        .answer = {200, enrolment_fields()}},
       approve},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/enrolments/{id}/deny",
        .operation = "denyOrganizationEnrolment",
        .summary = "Turn the organization's host away",
        .access = policy::Access::organization_approver,
        .query = {},
        .body = {},
        .answer = {200, enrolment_fields()}},
       deny},
  };
}

}  // namespace rap::control
