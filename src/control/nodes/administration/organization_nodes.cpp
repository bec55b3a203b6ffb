// An organization's own hosts that are nodes: it sees them, and its owner takes them out.
#include "base/try.hpp"
#include "control/http/json_reply.hpp"
#include "control/nodes/administration/node_reply.hpp"
#include "control/nodes/administration/routes.hpp"
#include "control/nodes/disabling.hpp"
#include "control/nodes/node.hpp"
#include "control/nodes/revoking.hpp"
#include "policy/roles.hpp"
#include "wire/severity.hpp"

namespace rap::control {
namespace {

// What a node reports names its peers, and topology is the platform's: an organization is shown how
// its own host stands, and nothing that this one sees of others.
Fields shown_fields() {
  using namespace field;
  return {uuid("id"),
          field::name("name"),
          choice("state", kNodeStateNames),
          text_list("roles", policy::kNodeRoleNames),
          text_list("disabled_by", kNodeSideNames).optional(),
          of("draining", FieldType::boolean),
          time("created_at"),
          time("last_seen_at").optional()};
}

Json shown(const Node& node, WallTime now) {
  const Json all = to_json(node, now);
  Json out = Json::object();
  for (const Field& f : shown_fields()) {
    if (const auto it = all.find(f.name); it != all.end()) out[std::string(f.name)] = *it;
  }
  return out;
}

// Those of the platform, and other organizations' hosts, do not exist here.
bool is_theirs(const Call& call, const Node& node) {
  return node.organization == call.organization->id;
}

template <class Use>
Outcome<Reply> with_own_node(NodePorts& ports, const Call& call, Use use) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto node = tx.nodes().find(call.path("node"));
    if (!node || !is_theirs(call, *node)) {
      return refuse(ProblemCode::node_not_found,
                    "There is no node '" + call.path("node") +
                        "' of this organization; 'rap admin nodes list --organization " +
                        call.organization->name + "' shows which there are.");
    }
    RAP_TRY(use(tx, *node));
    return reply(shown(tx.nodes().find(node->id.str()).value_or(*node), call.now));
  });
}

Outcome<Reply> list(NodePorts& ports, const Call& call) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    Json items = Json::array();
    for (const Node& node : tx.nodes().list_of(call.organization->id)) {
      items.push_back(shown(node, call.now));
    }
    return reply_items(std::move(items));
  });
}

Outcome<Reply> disable_own(NodePorts& ports, const Call& call) {
  return with_own_node(ports, call, [&](Transaction& tx, const Node& node) {
    return disable_node(ports.rng, tx, call, node, NodeSide::organization);
  });
}

Outcome<Reply> enable_own(NodePorts& ports, const Call& call) {
  return with_own_node(ports, call, [&](Transaction& tx, const Node& node) {
    return enable_node(tx, call, node, NodeSide::organization);
  });
}

Outcome<Reply> revoke_own(NodePorts& ports, const Call& call) {
  return with_own_node(ports, call, [&](Transaction& tx, const Node& node) {
    return revoke_node(ports.rng, tx, call, node, severity_of(call));
  });
}

}  // namespace

std::vector<RouteOf<NodePorts>> organization_node_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/organizations/{org}/nodes",
        .operation = "listOrganizationNodes",
        .summary = "The organization's own hosts that are nodes, or were invited to be",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = list_of(shown_fields())},
       list},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/nodes/{node}/disable",
        .operation = "disableOrganizationNode",
        .summary = "Take the organization's own host out until its owner enables it",
        .access = policy::Access::organization_owner,
        .query = {},
        .body = {},
        .answer = {200, shown_fields()}},
       disable_own},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/nodes/{node}/enable",
        .operation = "enableOrganizationNode",
        .summary = "Let the organization's own host take part again, unless the platform too "
                   "disabled it",
        .access = policy::Access::organization_owner,
        .query = {},
        .body = {},
        .answer = {200, shown_fields()}},
       enable_own},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/nodes/{node}/revoke",
        .operation = "revokeOrganizationNode",
        .summary = "Take the organization's own host out for good: nothing issued to it is "
                   "believed anywhere",
        .access = policy::Access::organization_owner,
        .query = {},
        .body = {choice("severity", wire::kSeverityNames).optional()},
        .answer = {200, shown_fields()}},
       revoke_own},
  };
}

}  // namespace rap::control
