// Invitations for hosts. A join token pins the platform's root, so that the first contact is
// authenticated in both directions; its secret is stored as a SHA-256 only.
#include <algorithm>

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "control/http/json_reply.hpp"
#include "control/nodes/enrolment/issued_join_token.hpp"
#include "control/nodes/enrolment/routes.hpp"
#include "control/nodes/node.hpp"
#include "control/nodes/told_of_hosts.hpp"
#include "control/organizations/organization.hpp"
#include "control/pki/authority.hpp"
#include "wire/join_token.hpp"

namespace rap::control {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::int64_t kDefaultLifetimeSeconds = 3600;
constexpr std::int64_t kMaxLifetimeSeconds = std::chrono::seconds(std::chrono::days{7}).count();

// Whose host is invited; nullopt: the platform's.
Outcome<std::optional<OrganizationId>> invited_for(Transaction& tx, const Call& call) {
  const std::string key = call.text("organization");
  if (key.empty()) return std::nullopt;
  const auto organization = tx.organizations().find(key);
  if (organization) return organization->id;
  return refuse(
      ProblemCode::organization_not_found,
      "There is no organization '" + key + "'; 'rap admin organizations list' shows all.");
}

// Who has a node decides what it carries: one that serves a pool does not change hands, and one in
// a role that hosts of organizations do not have goes to none. Both sides are told.
Outcome<void> change_hands(Transaction& tx, const Call& call, const Node& node,
                           const std::optional<OrganizationId>& to) {
  if (node.organization == to) return {};
  const auto serves = tx.nodes().pools_of(node.id);
  if (!serves.empty()) {
    const ServedPool& pool = serves.front();
    return refuse(ProblemCode::conflict,
                  "'" + node.name + "' serves the egress pool '" + pool.name +
                      "' of the organization '" + pool.organization_name +
                      "' already, and would be another's host. Take it out first: 'rap admin pools "
                      "remove-node " +
                      pool.organization_name + " " + pool.name + " " + node.name + "'.");
  }
  if (to && std::ranges::any_of(node.roles, [](auto r) { return r != policy::NodeRole::egress; })) {
    return refuse(ProblemCode::conflict,
                  "'" + node.name +
                      "' has roles that hosts of an organization do not have. Leave it 'egress' "
                      "alone first: 'rap admin nodes roles " +
                      node.name + " egress'.");
  }
  tx.nodes().set_organization(node.id, to);
  for (const auto& concerned : {node.organization, to}) {
    if (!concerned) continue;
    AuditEntry entry = call.audit("node.changed_hands", "node", node.id.str(), node.name);
    entry.organization = concerned;
    tx.audit(std::move(entry));
  }
  return {};
}

// The node of that name that still waits to be joined, or a new one.
Outcome<NodeId> invited_node(JoinTokenPorts& ports, Transaction& tx, const Call& call,
                             const std::optional<OrganizationId>& organization) {
  const std::string name = call.text("node_name");
  const auto node_of_name = tx.nodes().find(name);
  if (const auto& node = node_of_name; node && node->state != NodeState::revoked) {
    if (node->state == NodeState::invited || node->state == NodeState::denied) {
      RAP_TRY(change_hands(tx, call, *node, organization));
      if (node->state == NodeState::denied) {
        tx.nodes().set_state(node->id, NodeState::invited, call.now);
      }
      return node->id;
    }
    return refuse(ProblemCode::node_exists, "There is a node '" + name + "' already (" +
                                                std::string(to_string(node->state)) +
                                                "); choose another name.");
  }
  Node node;
  node.id = NodeId::random(ports.rng);
  node.name = name;
  node.organization = organization;
  node.created_at = call.now;
  if (!tx.nodes().create(node)) {
    return refuse(ProblemCode::node_exists,
                  "There is a node '" + name + "' already; choose another name.");
  }
  return node.id;
}

Reply make_token(JoinTokenPorts& ports, Transaction& tx, const Call& call, NodeId node,
                 const std::optional<OrganizationId>& organization, AuditEntry entry) {
  const std::string secret = to_base64url(ports.rng.bytes(kSecretBytes));
  IssuedJoinToken token;
  token.id = JoinTokenId::random(ports.rng);
  token.node = node;
  token.secret_sha256 = crypto::sha256(as_bytes(secret));
  token.created_by = call.caller->id;
  token.created_at = call.now;
  token.expires_at =
      call.now + std::chrono::seconds(call.integer("ttl_s", kDefaultLifetimeSeconds));
  tx.join_tokens().add(token);
  audit_with_organization(tx, std::move(entry), organization);
  return reply(
      {{"id", token.id.str()},
       {"join_token", wire::encode_join_token(ports.public_url, ports.authority->root_fingerprint(),
                                              ports.authority->cluster, node, secret)},
       {"expires_at", to_unix(token.expires_at)}});
}

Outcome<Reply> create_join_token(JoinTokenPorts& ports, const Call& call) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto organization = RAP_TRY(invited_for(tx, call));
    const auto node = RAP_TRY(invited_node(ports, tx, call, organization));
    return make_token(ports, tx, call, node, organization,
                      call.audit("join_token.created", "node", node.str(), call.text("node_name")));
  });
}

// A way back for a node that cannot prove itself any more, or is reached somewhere else: a token
// for this very node, which keeps its name, roles and pools. It is approved like any enrolment, and
// what it had before is then superseded.
Outcome<Reply> readmit_node(JoinTokenPorts& ports, const Call& call) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto node = tx.nodes().find(call.path("node"));
    if (!node) {
      return refuse(ProblemCode::node_not_found,
                    "There is no node '" + call.path("node") +
                        "'; 'rap admin nodes list' shows which there are.");
    }
    if (node->state != NodeState::approved && node->state != NodeState::disabled) {
      return refuse(node->state == NodeState::revoked ? ProblemCode::node_revoked
                                                      : ProblemCode::node_not_approved,
                    "'" + node->name + "' is " + std::string(to_string(node->state)) +
                        "; its host comes in with 'rap admin join-tokens create'.");
    }
    return make_token(ports, tx, call, node->id, node->organization,
                      call.audit("node.readmitted", "node", node->id.str(), node->name));
  });
}

Outcome<Reply> list_join_tokens(JoinTokenPorts& ports, const Call& call) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    return reply_list(tx.join_tokens().list());
  });
}

// The name that the token invited may be invited anew.
Outcome<Reply> withdraw_join_token(JoinTokenPorts& ports, const Call& call) {
  const auto id = JoinTokenId::parse(call.path("id"));
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto token = id ? tx.join_tokens().find_and_lock(*id) : std::nullopt;
    if (!token) {
      return refuse(ProblemCode::join_token_not_found,
                    "There is no join token '" + call.path("id") +
                        "'; 'rap admin join-tokens list' shows the ids.");
    }
    if (token->used_at) {
      return refuse(ProblemCode::join_token_used,
                    "This join token has been used: turn the node away with 'rap admin "
                    "enrolments deny', or take it out with 'rap admin nodes revoke'.");
    }
    tx.join_tokens().withdraw(token->id, call.now);
    const auto node = tx.nodes().find(token->node.str());
    if (node && node->state == NodeState::invited) {
      tx.nodes().set_state(token->node, NodeState::denied, call.now);
    }
    audit_with_organization(
        tx, call.audit("join_token.withdrawn", "node", token->node.str(), token->node_name),
        node ? node->organization : std::nullopt);
    return no_content();
  });
}

}  // namespace

std::vector<RouteOf<JoinTokenPorts>> join_token_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/join-tokens",
        .operation = "listJoinTokens",
        .summary = "Invitations for hosts, without their secrets",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = list_of(join_token_fields())},
       list_join_tokens},
      {{.method = "POST",
        .path = "/api/v1/join-tokens",
        .operation = "createJoinToken",
        .summary = "Invite a host to become a node; the token works once",
        .access = policy::Access::platform,
        .query = {},
        .body = {field::name("node_name"), key("organization").optional(),
                 integer("ttl_s", 1, kMaxLifetimeSeconds).optional()},
        .answer = {201, {uuid("id"), text("join_token", 4096), time("expires_at")}}},
       create_join_token},
      {{.method = "DELETE",
        .path = "/api/v1/join-tokens/{id}",
        .operation = "withdrawJoinToken",
        .summary = "Withdraw an invitation that was not used",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       withdraw_join_token},
      {{.method = "POST",
        .path = "/api/v1/nodes/{node}/readmit",
        .operation = "readmitNode",
        .summary = "Invite a node's host to enrol again as the same node; the token works once",
        .access = policy::Access::platform,
        .query = {},
        .body = {integer("ttl_s", 1, kMaxLifetimeSeconds).optional()},
        .answer = {201, {uuid("id"), text("join_token", 4096), time("expires_at")}}},
       readmit_node},
  };
}

}  // namespace rap::control
