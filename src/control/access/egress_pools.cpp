// Egress pools, and the nodes that serve them.
#include "base/try.hpp"
#include "control/access/egress_pool.hpp"
#include "control/access/given_to_nodes.hpp"
#include "control/access/resource.hpp"
#include "control/access/routes.hpp"
#include "control/http/json_reply.hpp"
#include "control/nodes/node.hpp"
#include "control/sessions/ending.hpp"

namespace rap::control {
namespace {

Outcome<Reply> list_pools(AccessPorts& ports, const Call& call) {
  const Scope scope = call.is_platform() ? Scope::platform() : call.organization_scope();
  return transact(ports.database, scope, [&](Transaction& tx) -> Outcome<Reply> {
    auto pools = tx.egress_pools().list(call.organization->id);
    AsPlatform as_platform(tx);  // whose nodes may be in them; what is told is decided below
    tell_of_nodes(pools, tx.egress_pools().serving(call.organization->id), call.is_platform());
    return reply_list(pools);
  });
}

Outcome<Reply> create_pool(AccessPorts& ports, const Call& call) {
  const EgressPool pool{EgressPoolId::random(ports.rng), call.cluster, call.organization->id,
                        call.text("name"), call.now};
  return transact(
      ports.database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
        if (!tx.egress_pools().create(pool)) {
          return refuse(ProblemCode::egress_pool_exists,
                        "This organization has an egress pool '" + pool.name + "' already.");
        }
        if (auto full = find_too_many_pools(tx, pool.organization)) {
          return std::unexpected(std::move(*full));
        }
        tx.audit(call.audit("egress_pool.created", "egress_pool", pool.id.str(), pool.name));
        return reply(to_json(pool));
      });
}

// Runs `use` with the pool of the path, under the organization's scope.
template <class Use>
Outcome<Reply> with_pool(AccessPorts& ports, const Call& call, Use use) {
  return transact(ports.database, call.organization_scope(),
                  [&](Transaction& tx) -> Outcome<Reply> {
                    auto pool = tx.egress_pools().find(call.organization->id, call.path("pool"));
                    if (!pool) return no_pool(call.path("pool"));
                    return use(tx, *pool);
                  });
}

// Which node it is, is the platform's to know, unless it is theirs; that one came into the
// organization's path, or left it, by whom and how many there are now, the organization reads in
// its own audit log (docs/decisions/told-not-asked.md).
void audit_pool_node(Transaction& tx, const Call& call, std::string_view action,
                     const EgressPool& pool, const Node& node) {
  const AuditEntry entry = call.audit(action, "egress_pool", pool.id.str(), pool.name);
  AuditEntry of_platform =
      entry.with({{"node", node.name}, {"organization", call.organization->name}});
  of_platform.organization = std::nullopt;
  tx.audit(std::move(of_platform));
  tx.audit(entry.with({{"nodes", tx.egress_pools().count_nodes(pool.id)}}));
}

// Runs `use` with the pool and the node of the path, under the platform's scope. `otherwise` ends
// the sentence "There is no node 'x' …".
template <class Use>
Outcome<Reply> with_pool_node(AccessPorts& ports, const Call& call, const std::string& otherwise,
                              Use use) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto pool = tx.egress_pools().find(call.organization->id, call.path("pool"));
    if (!pool) return no_pool(call.path("pool"));
    const auto node = tx.nodes().find(call.path("node"));
    // Who owns the organization sees its own nodes alone.
    if (!node || (!call.is_platform() && node->organization != pool->organization)) {
      return refuse(ProblemCode::node_not_found,
                    "There is no node '" + call.path("node") + "' " + otherwise);
    }
    RAP_TRY(use(tx, *pool, *node));
    return no_content();
  });
}

Outcome<Reply> add_pool_node(AccessPorts& ports, const Call& call) {
  return with_pool_node(
      ports, call,
      "to serve it; an administrator of the platform invites a host of yours with 'rap admin "
      "join-tokens create --organization'.",
      [&](Transaction& tx, const EgressPool& pool, const Node& node) -> Outcome<void> {
        if (node.organization && node.organization != pool.organization) {
          return refuse(ProblemCode::node_of_organization,
                        "'" + node.name + "' is a host of the organization '" +
                            node.organization_name + "' and serves no other.");
        }
        if (!tx.egress_pools().add_node(pool, node.id)) return {};
        if (auto full = find_too_many_members(tx, pool.id)) {
          return std::unexpected(std::move(*full));
        }
        audit_pool_node(tx, call, "egress_pool.node_added", pool, node);
        return {};
      });
}

Outcome<Reply> remove_pool_node(AccessPorts& ports, const Call& call) {
  return with_pool_node(
      ports, call,
      "that you may take out of it; 'rap admin pools list " + call.organization->name +
          "' shows which serve it.",
      [&](Transaction& tx, const EgressPool& pool, const Node& node) -> Outcome<void> {
        if (!tx.egress_pools().remove_node(pool, node.id)) return {};
        end_sessions(
            ports.rng, tx, call.audit_entry(),
            {.organization = pool.organization, .carried_by = node.id, .egress_pool = pool.id},
            "egress_removed");
        audit_pool_node(tx, call, "egress_pool.node_removed", pool, node);
        return {};
      });
}

Outcome<Reply> rename_pool(AccessPorts& ports, const Call& call) {
  const std::string name = call.text("name");
  return with_pool(ports, call, [&](Transaction& tx, EgressPool& pool) -> Outcome<Reply> {
    const auto other = tx.egress_pools().find(pool.organization, name);
    if (other && other->id != pool.id) {
      return refuse(ProblemCode::egress_pool_exists,
                    "This organization has an egress pool '" + other->name + "' already.");
    }
    tx.egress_pools().rename(pool, name);
    tx.audit(call.audit("egress_pool.renamed", "egress_pool", pool.id.str(), pool.name)
                 .with({{"name", name}}));
    pool.name = name;
    return reply(to_json(pool));
  });
}

// What leads through it waits: resources, grants, the nodes in it.
Outcome<Reply> disable_pool(AccessPorts& ports, const Call& call) {
  return with_pool(ports, call, [&](Transaction& tx, EgressPool& pool) -> Outcome<Reply> {
    if (!pool.disabled) {
      tx.egress_pools().disable(pool, call.now);
      end_sessions(ports.rng, tx, call.audit_entry(),
                   {.organization = pool.organization, .egress_pool = pool.id},
                   "egress_pool_disabled");
      tx.audit(call.audit("egress_pool.disabled", "egress_pool", pool.id.str(), pool.name));
    }
    pool.disabled = true;
    return reply(to_json(pool));
  });
}

Outcome<Reply> enable_pool(AccessPorts& ports, const Call& call) {
  return with_pool(ports, call, [&](Transaction& tx, EgressPool& pool) -> Outcome<Reply> {
    if (pool.disabled) {
      tx.egress_pools().enable(pool);
      tx.audit(call.audit("egress_pool.enabled", "egress_pool", pool.id.str(), pool.name));
    }
    pool.disabled = false;
    return reply(to_json(pool));
  });
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i) {
    out += (i > 0 ? ", '" : "'") + names[i] + "'";
  }
  if (names.size() > kShown) out += " and " + std::to_string(names.size() - kShown) + " more";
  return out;
}

Outcome<Reply> remove_pool(AccessPorts& ports, const Call& call) {
  return with_pool(ports, call, [&](Transaction& tx, EgressPool& pool) -> Outcome<Reply> {
    const auto behind = tx.resources().names_behind(pool.id);
    if (!behind.empty()) {
      return refuse(ProblemCode::egress_pool_in_use,
                    "'" + pool.name + "' leads to " + listed(behind) +
                        ". Delete those first, or give them another pool with 'rap admin "
                        "resources update'.");
    }
    AsPlatform as_platform(tx);  // whose nodes are in it
    tx.egress_pools().remove(pool);
    tx.audit(call.audit("egress_pool.removed", "egress_pool", pool.id.str(), pool.name));
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
        .summary = "The organization's egress pools, with its own hosts in them; all nodes for the "
                   "platform only",
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
        .summary =
            "Let a node serve an egress pool: by the organization's owner or their delegation",
        .access = policy::Access::nodes_into_path,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       add_pool_node},
      {{.method = "DELETE",
        .path = "/api/v1/organizations/{org}/egress-pools/{pool}/nodes/{node}",
        .operation = "removeEgressPoolNode",
        .summary = "Take a node out of an egress pool; what it carries for the pool ends",
        .access = policy::Access::nodes_out_of_path,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       remove_pool_node},
      {{.method = "PATCH",
        .path = "/api/v1/organizations/{org}/egress-pools/{pool}",
        .operation = "renameEgressPool",
        .summary = "Give an egress pool another name",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {field::name("name")},
        .answer = {200, egress_pool_fields()}},
       rename_pool},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/egress-pools/{pool}/disable",
        .operation = "disableEgressPool",
        .summary = "Shut an egress pool: the sessions through it end and nobody reaches what is "
                   "behind it; its nodes and resources wait",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = {200, egress_pool_fields()}},
       disable_pool},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/egress-pools/{pool}/enable",
        .operation = "enableEgressPool",
        .summary = "Open a disabled egress pool again",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = {200, egress_pool_fields()}},
       enable_pool},
      {{.method = "DELETE",
        .path = "/api/v1/organizations/{org}/egress-pools/{pool}",
        .operation = "removeEgressPool",
        .summary = "Remove an egress pool that no resource leads through",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       remove_pool},
  };
}

}  // namespace rap::control
