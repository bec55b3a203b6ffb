// The platform gives nodes their roles, drains them, and takes them out.
#include <algorithm>

#include "base/try.hpp"
#include "control/core/listing.hpp"
#include "control/http/json_reply.hpp"
#include "control/nodes/administration/node_reply.hpp"
#include "control/nodes/administration/routes.hpp"
#include "control/nodes/disabling.hpp"
#include "control/nodes/node.hpp"
#include "control/nodes/notices/outage_notice.hpp"
#include "control/nodes/revoking.hpp"
#include "control/nodes/told_of_hosts.hpp"
#include "policy/roles.hpp"
#include "wire/severity.hpp"

namespace rap::control {
namespace {

constexpr std::int64_t kMaxDrainSeconds = std::chrono::seconds(std::chrono::days{30}).count();

template <class Use>
Outcome<Reply> with_node(NodePorts& ports, const Call& call, Use use) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto node = tx.nodes().find(call.path("node"));
    if (!node) {
      return refuse(ProblemCode::node_not_found,
                    "There is no node '" + call.path("node") +
                        "'; 'rap admin nodes list' shows which there are.");
    }
    RAP_TRY(use(tx, *node));
    return reply(to_json(tx.nodes().find(node->id.str()).value_or(*node), call.now));
  });
}

Outcome<Reply> list_nodes(NodePorts& ports, const Call& call) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    Json items = Json::array();
    for (const Node& node : tx.nodes().list()) {
      items.push_back(to_json(node, call.now));
    }
    const auto outages = tx.audit_log().outages(call.now - kOutageSpokenOf, kOutagesSpokenOf);
    return reply({{"items", std::move(items)}, {"outages", to_json(outage_notices(outages))}});
  });
}

Outcome<Reply> set_roles(NodePorts& ports, const Call& call) {
  std::vector<policy::NodeRole> roles;
  for (const Json& role : call.body["roles"]) {
    if (auto parsed = policy::node_role_from(role.get<std::string>())) roles.push_back(*parsed);
  }
  std::ranges::sort(roles);
  roles.erase(std::ranges::unique(roles).begin(), roles.end());
  return with_node(ports, call, [&](Transaction& tx, const Node& node) -> Outcome<void> {
    if (node.roles == roles) return {};
    const std::vector<policy::NodeRole> egress = {policy::NodeRole::egress};
    if (node.organization && !roles.empty() && roles != egress) {
      return refuse(ProblemCode::node_of_organization,
                    "'" + node.name + "' is a host of the organization '" + node.organization_name +
                        "': it serves that one as an egress, and carries nothing of others.");
    }
    tx.nodes().set_roles(node.id, roles);
    AuditEntry entry = call.audit("node.roles_changed", "node", node.id.str(), node.name);
    entry.detail = Json{{"roles", call.body["roles"]}}.dump();
    audit_with_organization(tx, std::move(entry), node.organization);
    return {};
  });
}

// Certificates name a node by its id and hosts, and nothing that it carries ends.
Outcome<Reply> rename_node(NodePorts& ports, const Call& call) {
  const std::string name = call.text("name");
  return with_node(ports, call, [&](Transaction& tx, const Node& node) -> Outcome<void> {
    if (node.name == name) return {};
    if (node.state == NodeState::revoked) {
      return refuse(ProblemCode::node_revoked,
                    "'" + node.name + "' is revoked; its name is free for another node already.");
    }
    const auto other = tx.nodes().find(name);
    if (other && other->id != node.id && other->state != NodeState::revoked) {
      return refuse(ProblemCode::node_exists, "There is a node '" + other->name + "' already.");
    }
    for (const std::string& named : {node.name, name}) {
      if (!tx.nodes().is_named_in_ranges(named)) continue;
      return refuse(ProblemCode::invalid_member,
                    "The egress ranges (egress_target_ranges) have rules for a node '" + named +
                        "', which would not go with the name. Take them out with 'rap admin "
                        "configs', rename, and set them for the new name.");
    }
    tx.nodes().rename(node.id, name);
    audit_with_organization(
        tx, call.audit("node.renamed", "node", node.id.str(), node.name).with({{"name", name}}),
        node.organization);
    return {};
  });
}

// What was issued to it is denied until it expires, so that it has to be revoked first.
Outcome<Reply> remove_node(NodePorts& ports, const Call& call) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto node = tx.nodes().find(call.path("node"));
    if (!node) {
      return refuse(ProblemCode::node_not_found,
                    "There is no node '" + call.path("node") +
                        "'; 'rap admin nodes list' shows which there are.");
    }
    if (node->state != NodeState::revoked) {
      return refuse(ProblemCode::node_exists,
                    "'" + node->name + "' is " + std::string(to_string(node->state)) +
                        ". Revoke it first ('rap admin nodes revoke'), so that nothing that was "
                        "issued to it is believed any more.");
    }
    tx.nodes().remove(node->id, call.now);
    audit_with_organization(tx, call.audit("node.removed", "node", node->id.str(), node->name),
                            node->organization);
    return no_content();
  });
}

Outcome<Reply> disable(NodePorts& ports, const Call& call) {
  return with_node(ports, call, [&](Transaction& tx, const Node& node) {
    return disable_node(ports.rng, tx, call, node, NodeSide::platform);
  });
}

Outcome<Reply> enable(NodePorts& ports, const Call& call) {
  return with_node(ports, call, [&](Transaction& tx, const Node& node) {
    return enable_node(tx, call, node, NodeSide::platform);
  });
}

Outcome<void> drain(Transaction& tx, const Call& call, const Node& node, bool draining) {
  if (node.state != NodeState::approved) {
    return refuse(ProblemCode::node_not_approved,
                  "'" + node.name + "' is " + std::string(to_string(node.state)) +
                      "; only an approved node carries something to drain.");
  }
  std::optional<WallTime> deadline;
  if (const auto seconds = call.integer("deadline_s"); draining && seconds > 0) {
    deadline = call.now + std::chrono::seconds{seconds};
  }
  if (node.draining == draining && node.drain_deadline == deadline) return {};
  tx.nodes().set_draining(node.id, draining, deadline);
  AuditEntry entry =
      call.audit(draining ? "node.draining" : "node.undrained", "node", node.id.str(), node.name);
  if (deadline) entry.detail = Json{{"deadline", to_unix(*deadline)}}.dump();
  audit_with_organization(tx, std::move(entry), node.organization);
  return {};
}

Outcome<Reply> drain_node(NodePorts& ports, const Call& call) {
  return with_node(ports, call,
                   [&](Transaction& tx, const Node& node) { return drain(tx, call, node, true); });
}

Outcome<Reply> undrain_node(NodePorts& ports, const Call& call) {
  return with_node(ports, call,
                   [&](Transaction& tx, const Node& node) { return drain(tx, call, node, false); });
}

// Once more with the greater severity, if need be: what drains can still be closed.
Outcome<Reply> revoke(NodePorts& ports, const Call& call) {
  return with_node(ports, call, [&](Transaction& tx, const Node& node) {
    return revoke_node(ports.rng, tx, call, node, severity_of(call));
  });
}

Outcome<Reply> require_current_routes(NodePorts& ports, const Call& call) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const RouteEpochs epochs = tx.nodes().require_current_routes();
    AuditEntry entry = call.audit("routes.required", "routes", std::to_string(epochs.current), "");
    entry.detail = Json{{"route_epoch", epochs.current}}.dump();
    tx.audit(std::move(entry));
    return reply({{"route_epoch", epochs.current}, {"route_epoch_floor", epochs.floor}});
  });
}

}  // namespace

std::vector<RouteOf<NodePorts>> node_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/nodes",
        .operation = "listNodes",
        .summary =
            "Every node with what it last said of itself, and the outages of the database of "
            "the last day",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200,
                   {list("items", static_cast<std::int64_t>(kMaxListed), node_fields()),
                    list("outages", static_cast<std::int64_t>(kOutagesSpokenOf),
                         outage_notice_fields())
                        .optional()}}},
       list_nodes},
      {{.method = "PATCH",
        .path = "/api/v1/nodes/{node}",
        .operation = "renameNode",
        .summary = "Give a node another name; certificates and what it carries stay",
        .access = policy::Access::platform,
        .query = {},
        .body = {field::name("name")},
        .answer = {200, node_fields()}},
       rename_node},
      {{.method = "DELETE",
        .path = "/api/v1/nodes/{node}",
        .operation = "removeNode",
        .summary = "Forget a revoked node; its certificates stay denied until they expire",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       remove_node},
      {{.method = "PUT",
        .path = "/api/v1/nodes/{node}/roles",
        .operation = "setNodeRoles",
        .summary = "Give a node exactly these roles",
        .access = policy::Access::platform,
        .query = {},
        .body = {text_list("roles", policy::kNodeRoleNames)},
        .answer = {200, node_fields()}},
       set_roles},
      {{.method = "POST",
        .path = "/api/v1/nodes/{node}/disable",
        .operation = "disableNode",
        .summary =
            "Take a node out until it is enabled: certificates held, sessions ended, peers told",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200, node_fields()}},
       disable},
      {{.method = "POST",
        .path = "/api/v1/nodes/{node}/enable",
        .operation = "enableNode",
        .summary = "Let a disabled node take part again: its certificates are good again",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200, node_fields()}},
       enable},
      {{.method = "POST",
        .path = "/api/v1/nodes/{node}/drain",
        .operation = "drainNode",
        .summary = "Place nothing new on a node; what it carries goes on, until the deadline",
        .access = policy::Access::platform,
        .query = {},
        .body = {integer("deadline_s", 1, kMaxDrainSeconds).optional()},
        .answer = {200, node_fields()}},
       drain_node},
      {{.method = "POST",
        .path = "/api/v1/nodes/{node}/undrain",
        .operation = "undrainNode",
        .summary = "Let a draining node take part again",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200, node_fields()}},
       undrain_node},
      {{.method = "POST",
        .path = "/api/v1/nodes/{node}/revoke",
        .operation = "revokeNode",
        .summary = "Take a node out for good: nothing issued to it is believed anywhere",
        .access = policy::Access::platform,
        .query = {},
        .body = {choice("severity", wire::kSeverityNames).optional()},
        .answer = {200, node_fields()}},
       revoke},
      {{.method = "POST",
        .path = "/api/v1/routes/require-current",
        .operation = "requireCurrentRoutes",
        .summary = "Have nodes refuse every neighbour that does not know the routes of now",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200, {count("route_epoch"), count("route_epoch_floor")}}},
       require_current_routes},
  };
}

}  // namespace rap::control
