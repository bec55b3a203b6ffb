// Egress pools, resources and who was granted them.
#include "control/entrance/routes.hpp"
#include "control/http/json_reply.hpp"
#include "control/sessions/session_ending.hpp"

namespace rap::control {
namespace {

std::unexpected<Problem> no_pool(const std::string& key) {
  return refuse(ProblemCode::egress_pool_not_found,
                "There is no egress pool '" + key + "' in this organization; create it first.");
}

std::unexpected<Problem> no_resource(const std::string& key) {
  return refuse(ProblemCode::resource_not_found,
                "There is no resource '" + key + "' that you may use here.");
}

Outcome<Reply> list_pools(Services& s, const Call& call) {
  // Which nodes serve a pool is the platform's to know.
  const Scope scope = call.is_platform() ? Scope::platform() : call.organization_scope();
  return transact(s.database, scope, [&](Transaction& tx) -> Outcome<Reply> {
    return reply_list(tx.resources().list_pools(call.organization->id));
  });
}

Outcome<Reply> create_pool(Services& s, const Call& call) {
  const EgressPool pool{
      EgressPoolId::random(s.rng), call.organization->id, call.text("name"), call.now, {}};
  return transact(s.database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    if (!tx.resources().create_pool(pool)) {
      return refuse(ProblemCode::egress_pool_exists,
                    "This organization has an egress pool '" + pool.name + "' already.");
    }
    tx.audit(call.audit("egress_pool.created", "egress_pool", pool.id.str(), pool.name));
    return reply(to_json(pool));
  });
}

Outcome<Reply> add_pool_node(Services& s, const Call& call) {
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto pool = tx.resources().find_pool(call.organization->id, call.path("pool"));
    if (!pool) return no_pool(call.path("pool"));
    const auto node = tx.nodes().find(call.path("node"));
    if (!node) {
      return refuse(ProblemCode::node_not_found,
                    "There is no node '" + call.path("node") + "'; invite it with a join token.");
    }
    if (!tx.resources().add_pool_node(*pool, node->id)) return no_content();
    AuditEntry entry =
        call.audit("egress_pool.node_added", "egress_pool", pool->id.str(), pool->name);
    entry.organization = std::nullopt;  // it names a node, which is no matter of the organization
    entry.detail = Json{{"node", node->name}, {"organization", call.organization->name}}.dump();
    tx.audit(std::move(entry));
    return no_content();
  });
}

Outcome<Reply> list_resources(Services& s, const Call& call) {
  const bool manages = call.is_platform_owner() || policy::manages(call.organization->role);
  return transact(s.database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    if (manages) return reply_list(tx.resources().list(call.organization->id));
    Json items = Json::array();
    for (const Resource& r : tx.resources().list_granted(call.organization->id, call.caller->id)) {
      items.push_back(to_tenant_json(r));
    }
    return reply_items(std::move(items));
  });
}

Outcome<Reply> create_resource(Services& s, const Call& call) {
  Resource resource;
  resource.id = ResourceId::random(s.rng);
  resource.organization = call.organization->id;
  resource.name = call.text("name");
  resource.protocol = call.text("protocol");
  resource.host = call.text("host");
  resource.port = static_cast<std::uint16_t>(call.integer("port"));
  resource.created_at = call.now;
  if (const std::string key = call.text("ssh_host_key"); !key.empty()) resource.ssh_host_key = key;
  if (resource.ssh_host_key && resource.protocol != "ssh") {
    return refuse(ProblemCode::invalid_member, "'ssh_host_key' is for resources of protocol ssh.");
  }
  return transact(s.database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto pool = tx.resources().find_pool(resource.organization, call.text("egress_pool"));
    if (!pool) return no_pool(call.text("egress_pool"));
    resource.egress_pool = pool->id;
    resource.egress_pool_name = pool->name;
    if (!tx.resources().create(resource)) {
      return refuse(ProblemCode::resource_exists,
                    "This organization has a resource '" + resource.name + "' already.");
    }
    AuditEntry entry = call.audit("resource.created", "resource", resource.id.str(), resource.name);
    entry.detail = Json{
        {"protocol", resource.protocol},
        {"host", resource.host},
        {"port", resource.port},
        {"egress_pool",
         pool->name}}.dump();
    tx.audit(std::move(entry));
    return reply(to_json(resource));
  });
}

// Runs `use` with the resource the path names.
template <class Use>
Outcome<Reply> with_resource(Services& s, const Call& call, Use use) {
  return transact(s.database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto resource = tx.resources().find(call.organization->id, call.path("resource"));
    if (!resource) return no_resource(call.path("resource"));
    return use(tx, *resource);
  });
}

Outcome<Reply> remove_resource(Services& s, const Call& call) {
  return with_resource(s, call, [&](Transaction& tx, const Resource& r) -> Outcome<Reply> {
    // First the grants, then the sessions: see SessionRepository.
    tx.resources().remove(r);
    end_sessions(s, tx, call, {.organization = r.organization, .resource = r.id},
                 "resource_removed");
    tx.audit(call.audit("resource.removed", "resource", r.id.str(), r.name));
    return no_content();
  });
}

Outcome<Reply> list_grants(Services& s, const Call& call) {
  return with_resource(s, call, [&](Transaction& tx, const Resource& r) -> Outcome<Reply> {
    return reply_list(tx.resources().grants(r));
  });
}

std::unexpected<Problem> no_member(const std::string& email) {
  return refuse(ProblemCode::member_not_found,
                "'" + email + "' is no member of this organization; add them first.");
}

Outcome<Reply> add_grant(Services& s, const Call& call) {
  return with_resource(s, call, [&](Transaction& tx, const Resource& r) -> Outcome<Reply> {
    const auto member = tx.organizations().member(r.organization, call.text("email"));
    if (!member) return no_member(call.text("email"));
    if (tx.resources().add_grant(r, member->user, call.now)) {
      AuditEntry entry = call.audit("grant.added", "resource", r.id.str(), r.name);
      entry.detail = Json{{"user", member->email}}.dump();
      tx.audit(std::move(entry));
    }
    return reply(to_json(Grant{member->user, member->email, call.now}));
  });
}

Outcome<Reply> remove_grant(Services& s, const Call& call) {
  return with_resource(s, call, [&](Transaction& tx, const Resource& r) -> Outcome<Reply> {
    const auto member = tx.organizations().member(r.organization, call.path("email"));
    if (!member || !tx.resources().remove_grant(r, member->user)) {
      return refuse(ProblemCode::grant_not_found,
                    "'" + call.path("email") + "' was not granted '" + r.name + "'.");
    }
    end_sessions(s, tx, call,
                 {.organization = r.organization, .user = member->user, .resource = r.id},
                 "grant_removed");
    AuditEntry entry = call.audit("grant.removed", "resource", r.id.str(), r.name);
    entry.detail = Json{{"user", member->email}}.dump();
    tx.audit(std::move(entry));
    return no_content();
  });
}

}  // namespace

std::vector<Route> egress_pool_routes() {
  using namespace field;
  return {
      {.method = "GET",
       .path = "/api/v1/organizations/{org}/egress-pools",
       .operation = "listEgressPools",
       .summary = "The organization's egress pools; their nodes for the platform only",
       .access = policy::Access::organization_manager,
       .query = {},
       .body = {},
       .answer = list_of(pool_fields()),
       .handler = list_pools},
      {.method = "POST",
       .path = "/api/v1/organizations/{org}/egress-pools",
       .operation = "createEgressPool",
       .summary = "Create an egress pool; the platform puts nodes into it",
       .access = policy::Access::organization_manager,
       .query = {},
       .body = {field::name("name")},
       .answer = {201, pool_fields()},
       .handler = create_pool},
      {.method = "PUT",
       .path = "/api/v1/organizations/{org}/egress-pools/{pool}/nodes/{node}",
       .operation = "addEgressPoolNode",
       .summary = "Let a node serve an egress pool",
       .access = policy::Access::platform,
       .query = {},
       .body = {},
       .answer = {204, {}},
       .handler = add_pool_node},
  };
}

std::vector<Route> resource_routes() {
  using namespace field;
  return {
      {.method = "GET",
       .path = "/api/v1/organizations/{org}/resources",
       .operation = "listResources",
       .summary = "All resources for who manages them, else those granted, by name only",
       .access = policy::Access::organization_member,
       .query = {},
       .body = {},
       .answer = list_of(resource_fields()),
       .handler = list_resources},
      {.method = "POST",
       .path = "/api/v1/organizations/{org}/resources",
       .operation = "createResource",
       .summary = "Name a target behind an egress pool",
       .access = policy::Access::organization_manager,
       .query = {},
       .body = {field::name("name"), choice("protocol", {"ssh", "tcp"}),
                of("host", FieldType::host), port("port"), key("egress_pool"),
                of("ssh_host_key", FieldType::ssh_key).optional()},
       .answer = {201, resource_fields()},
       .handler = create_resource},
      {.method = "DELETE",
       .path = "/api/v1/organizations/{org}/resources/{resource}",
       .operation = "removeResource",
       .summary = "Remove a resource; its grants and sessions end",
       .access = policy::Access::organization_manager,
       .query = {},
       .body = {},
       .answer = {204, {}},
       .handler = remove_resource},
  };
}

std::vector<Route> grant_routes() {
  using namespace field;
  return {
      {.method = "GET",
       .path = "/api/v1/organizations/{org}/resources/{resource}/grants",
       .operation = "listGrants",
       .summary = "Who may use the resource",
       .access = policy::Access::organization_manager,
       .query = {},
       .body = {},
       .answer = list_of(grant_fields()),
       .handler = list_grants},
      {.method = "POST",
       .path = "/api/v1/organizations/{org}/resources/{resource}/grants",
       .operation = "addGrant",
       .summary = "Let a member use the resource",
       .access = policy::Access::organization_manager,
       .query = {},
       .body = {email("email")},
       .answer = {201, grant_fields()},
       .handler = add_grant},
      {.method = "DELETE",
       .path = "/api/v1/organizations/{org}/resources/{resource}/grants/{email}",
       .operation = "removeGrant",
       .summary = "Withdraw a grant; the member's sessions with the resource end",
       .access = policy::Access::organization_manager,
       .query = {},
       .body = {},
       .answer = {204, {}},
       .handler = remove_grant},
  };
}

}  // namespace rap::control
