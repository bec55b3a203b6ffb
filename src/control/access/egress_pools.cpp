// Creating egress pools, and giving them nodes.
#include "control/access/egress_pool.hpp"
#include "control/access/routes.hpp"
#include "control/http/json_reply.hpp"
#include "control/nodes/node.hpp"

namespace rap::control {
namespace {

std::unexpected<Problem> no_pool(const std::string& key) {
  return refuse(ProblemCode::egress_pool_not_found,
                "There is no egress pool '" + key + "' in this organization; create it first.");
}

Outcome<Reply> list_pools(AccessPorts& ports, const Call& call) {
  // Which nodes serve a pool is the platform's to know.
  const Scope scope = call.is_platform() ? Scope::platform() : call.organization_scope();
  return transact(ports.database, scope, [&](Transaction& tx) -> Outcome<Reply> {
    return reply_list(tx.egress_pools().list(call.organization->id));
  });
}

Outcome<Reply> create_pool(AccessPorts& ports, const Call& call) {
  const EgressPool pool{EgressPoolId::random(ports.rng),
                        call.cluster,
                        call.organization->id,
                        call.text("name"),
                        call.now,
                        {}};
  return transact(
      ports.database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
        if (!tx.egress_pools().create(pool)) {
          return refuse(ProblemCode::egress_pool_exists,
                        "This organization has an egress pool '" + pool.name + "' already.");
        }
        tx.audit(call.audit("egress_pool.created", "egress_pool", pool.id.str(), pool.name));
        return reply(to_json(pool));
      });
}

Outcome<Reply> add_pool_node(AccessPorts& ports, const Call& call) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto pool = tx.egress_pools().find(call.organization->id, call.path("pool"));
    if (!pool) return no_pool(call.path("pool"));
    const auto node = tx.nodes().find(call.path("node"));
    if (!node) {
      return refuse(ProblemCode::node_not_found,
                    "There is no node '" + call.path("node") + "'; invite it with a join token.");
    }
    if (!tx.egress_pools().add_node(*pool, node->id)) return no_content();
    AuditEntry entry =
        call.audit("egress_pool.node_added", "egress_pool", pool->id.str(), pool->name);
    entry.organization = std::nullopt;  // it names a node, which is no matter of the organization
    entry.detail = Json{{"node", node->name}, {"organization", call.organization->name}}.dump();
    tx.audit(std::move(entry));
    return no_content();
  });
}

}  // namespace

std::vector<RouteOf<AccessPorts>> egress_pool_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/organizations/{org}/egress-pools",
        .operation = "listEgressPools",
        .summary = "The organization's egress pools; their nodes for the platform only",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = list_of(egress_pool_fields())},
       list_pools},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/egress-pools",
        .operation = "createEgressPool",
        .summary = "Create an egress pool; the platform puts nodes into it",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {field::name("name")},
        .answer = {201, egress_pool_fields()}},
       create_pool},
      {{.method = "PUT",
        .path = "/api/v1/organizations/{org}/egress-pools/{pool}/nodes/{node}",
        .operation = "addEgressPoolNode",
        .summary = "Let a node serve an egress pool",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       add_pool_node},
  };
}

}  // namespace rap::control
