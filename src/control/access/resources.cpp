// Naming targets, changing and removing them.
#include "base/try.hpp"
#include "control/access/egress_pool.hpp"
#include "control/access/given_to_nodes.hpp"
#include "control/access/named_resource.hpp"
#include "control/access/resource.hpp"
#include "control/access/routes.hpp"
#include "control/http/json_reply.hpp"
#include "control/http/setting_fields.hpp"
#include "control/organizations/organization.hpp"
#include "control/sessions/ending.hpp"
#include "policy/addresses/ip_address.hpp"
#include "policy/protocols.hpp"
#include "snapshot/values/target_ranges.hpp"
#include "wire/json_reader.hpp"

namespace rap::control {
namespace {

Outcome<Reply> list_resources(AccessPorts& ports, const Call& call) {
  const bool manages = call.is_platform_owner() || policy::manages(call.organization->role);
  return transact(ports.database, call.organization_scope(),
                  [&](Transaction& tx) -> Outcome<Reply> {
                    if (manages) return reply_list(tx.resources().list(call.organization->id));
                    Json items = Json::array();
                    for (const Resource& r :
                         tx.resources().list_granted(call.organization->id, call.caller->id)) {
                      items.push_back(to_tenant_json(r));
                    }
                    return reply_items(std::move(items));
                  });
}

// The caller's own, wherever they are. With a key there is one, unless several organizations have
// one of that name.
Outcome<Reply> list_open_resources(AccessPorts& ports, const Call& call) {
  const std::string key = call.query("resource").value_or("");
  const std::string organization = call.query("organization").value_or("");
  return transact(ports.database, Scope::user(call.caller->id).in(call.cluster),
                  [&](Transaction& tx) -> Outcome<Reply> {
                    auto found = key.empty() ? tx.resources().all_granted(call.caller->id)
                                             : tx.resources().find_granted(call.caller->id, key);
                    if (!organization.empty()) {
                      const auto wanted = tx.organizations().find(organization);
                      std::erase_if(found, [&](const Resource& r) {
                        return !wanted || r.organization != wanted->id;
                      });
                    }
                    Json items = Json::array();
                    for (const Resource& r : found) items.push_back(to_open_json(r));
                    return reply_items(std::move(items));
                  });
}

// An address that no egress of the pool would open is refused where it is written down; what a name
// leads to, the egress judges when it has looked it up.
std::optional<Problem> find_denied_target(Transaction& tx, const Resource& resource) {
  const auto address = policy::IpAddress::parse(resource.host);
  if (!address) return std::nullopt;
  std::vector<wire::JsonValue> values;
  AsPlatform as_platform(tx);  // whose ranges they are
  for (const std::string& text : tx.resources().target_ranges(resource.cluster)) {
    if (auto value = wire::parse_strict_json(text)) values.emplace_back(std::move(*value));
  }
  if (snapshot::target_ranges_from(values).may_allow(*address, resource.egress_pool)) {
    return std::nullopt;
  }
  return Problem{ProblemCode::invalid_member,
                 "'host' is an address that egresses may not open (loopback, link-local, metadata, "
                 "multicast and the like, or a range the platform denies). The platform's "
                 "administrator can allow it: rap admin configs set egress_target_ranges.",
                 std::nullopt};
}

Outcome<void> check_settings(const Resource& resource) {
  if (const auto fault = find_setting_fault(resource)) {
    return refuse(ProblemCode::invalid_member, *fault);
  }
  return {};
}

// What the request says of them; what it does not mention stays.
void take_settings(const Call& call, Resource& resource) {
  for (const policy::SettingKind& kind : policy::setting_kinds()) {
    if (const auto it = call.body.find(kind.name); it != call.body.end()) {
      set_setting(resource, kind.setting, *it);
    }
    if (!kind.removal.empty() && call.flag(kind.removal)) {
      set_setting(resource, kind.setting, nullptr);
    }
  }
}

// The request names one of the table: its schema has no other.
policy::Protocol protocol_of(const Call& call) {
  return policy::protocol_from(call.text("protocol")).value();
}

Outcome<Reply> create_resource(AccessPorts& ports, const Call& call) {
  Resource resource;
  resource.id = ResourceId::random(ports.rng);
  resource.organization = call.organization->id;
  resource.name = call.text("name");
  resource.protocol = protocol_of(call);
  take_settings(call, resource);
  resource.created_at = call.now;
  RAP_TRY(check_settings(resource));
  return transact(
      ports.database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
        const auto pool = tx.egress_pools().find(resource.organization, call.text("egress_pool"));
        if (!pool) return no_pool(call.text("egress_pool"));
        resource.cluster = pool->cluster;
        resource.egress_pool = pool->id;
        resource.egress_pool_name = pool->name;
        if (auto denied = find_denied_target(tx, resource)) return std::unexpected(*denied);
        if (!tx.resources().create(resource)) {
          return refuse(ProblemCode::resource_exists,
                        "This organization has a resource '" + resource.name + "' already.");
        }
        if (auto full = find_too_many_resources(tx, resource.organization, resource.egress_pool)) {
          return std::unexpected(std::move(*full));
        }
        AuditEntry entry =
            call.audit("resource.created", "resource", resource.id.str(), resource.name);
        Json detail = settings_of(resource, policy::ToldTo::egress);
        detail["protocol"] = to_string(resource.protocol);
        detail["egress_pool"] = pool->name;
        entry.detail = detail.dump();
        tx.audit(std::move(entry));
        return reply(to_json(resource));
      });
}

// What the request says of the resource; what it does not mention stays.
Outcome<Resource> changed_resource(Transaction& tx, const Call& call, const Resource& before) {
  Resource r = before;
  const auto given = [&](const char* member) { return call.body.contains(member); };
  if (given("name")) r.name = call.text("name");
  if (given("protocol")) r.protocol = protocol_of(call);
  take_settings(call, r);
  RAP_TRY(check_settings(r));
  if (given("egress_pool")) {
    const auto pool = tx.egress_pools().find(r.organization, call.text("egress_pool"));
    if (!pool) return no_pool(call.text("egress_pool"));
    if (pool->cluster != before.cluster) {
      return refuse(ProblemCode::conflict,
                    "'" + pool->name +
                        "' is in another cluster; create the resource there and "
                        "delete this one.");
    }
    r.egress_pool = pool->id;
    r.egress_pool_name = pool->name;
  }
  if (auto denied = find_denied_target(tx, r)) return std::unexpected(*denied);
  const auto other = tx.resources().find(r.organization, r.name);
  if (other && other->id != r.id) {
    return refuse(ProblemCode::resource_exists,
                  "This organization has a resource '" + other->name + "' already.");
  }
  return r;
}

bool leads_elsewhere(const Resource& a, const Resource& b) {
  using enum policy::ToldTo;
  return settings_of(a, egress) != settings_of(b, egress) || a.protocol != b.protocol ||
         a.egress_pool != b.egress_pool;
}

// Grants stay. Sessions end if the resource leads elsewhere now.
Outcome<Reply> update_resource(AccessPorts& ports, const Call& call) {
  return with_resource(ports, call, [&](Transaction& tx, const Resource& r) -> Outcome<Reply> {
    const auto changed = RAP_TRY(changed_resource(tx, call, r));
    tx.resources().update(changed);
    if (changed.egress_pool != r.egress_pool) {
      if (auto full = find_too_many_resources(tx, r.organization, changed.egress_pool)) {
        return std::unexpected(std::move(*full));
      }
    }
    if (leads_elsewhere(r, changed)) {
      end_sessions(ports.rng, tx, call.audit_entry(),
                   {.organization = r.organization, .resource = r.id}, "resource_changed");
    }
    Json detail = to_json(changed);
    detail.erase("id");
    detail.erase("created_at");
    tx.audit(call.audit("resource.changed", "resource", r.id.str(), r.name).with(detail));
    return reply(to_json(changed));
  });
}

Outcome<Reply> remove_resource(AccessPorts& ports, const Call& call) {
  return with_resource(ports, call, [&](Transaction& tx, const Resource& r) -> Outcome<Reply> {
    // First the grants, then the sessions: see SessionRepository.
    tx.resources().remove(r);
    end_sessions(ports.rng, tx, call.audit_entry(),
                 {.organization = r.organization, .resource = r.id}, "resource_removed");
    tx.audit(call.audit("resource.removed", "resource", r.id.str(), r.name));
    return no_content();
  });
}

// What it has waits: settings, grants, values of its own.
Outcome<Reply> disable_resource(AccessPorts& ports, const Call& call) {
  return with_resource(ports, call, [&](Transaction& tx, Resource r) -> Outcome<Reply> {
    if (!r.disabled) {
      tx.resources().disable(r, call.now);
      end_sessions(ports.rng, tx, call.audit_entry(),
                   {.organization = r.organization, .resource = r.id}, "resource_disabled");
      tx.audit(call.audit("resource.disabled", "resource", r.id.str(), r.name));
    }
    r.disabled = true;
    return reply(to_json(r));
  });
}

Outcome<Reply> enable_resource(AccessPorts& ports, const Call& call) {
  return with_resource(ports, call, [&](Transaction& tx, Resource r) -> Outcome<Reply> {
    if (r.disabled) {
      tx.resources().enable(r);
      tx.audit(call.audit("resource.enabled", "resource", r.id.str(), r.name));
    }
    r.disabled = false;
    return reply(to_json(r));
  });
}

Fields creation_fields() {
  using namespace field;
  Fields out = {field::name("name"), choice("protocol", policy::protocol_names())};
  for (Field& setting : setting_fields()) out.push_back(std::move(setting));
  out.push_back(key("egress_pool"));
  return out;
}

Fields change_fields() {
  using namespace field;
  Fields out = {field::name("name").optional(),
                choice("protocol", policy::protocol_names()).optional(),
                key("egress_pool").optional()};
  for (Field& setting : changed_setting_fields()) out.push_back(std::move(setting));
  return out;
}

}  // namespace

std::vector<RouteOf<AccessPorts>> resource_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/organizations/{org}/resources",
        .operation = "listResources",
        .summary = "All resources for who manages them, else those granted, by name only",
        .access = policy::Access::organization_member,
        .query = {},
        .body = {},
        .answer = list_of(resource_fields())},
       list_resources},
      {{.method = "GET",
        .path = "/api/v1/resources",
        .operation = "listOpenResources",
        .summary = "The resources the caller was granted, in every organization, or those of one "
                   "name or id",
        .access = policy::Access::signed_in,
        .query = {key("resource").optional(), key("organization").optional()},
        .body = {},
        .answer = list_of(open_resource_fields())},
       list_open_resources},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/resources",
        .operation = "createResource",
        .summary = "Name a target behind an egress pool",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = creation_fields(),
        .answer = {201, resource_fields()}},
       create_resource},
      {{.method = "PATCH",
        .path = "/api/v1/organizations/{org}/resources/{resource}",
        .operation = "updateResource",
        .summary = "Change a resource; its grants stay, its sessions end if it leads elsewhere",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = change_fields(),
        .answer = {200, resource_fields()}},
       update_resource},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/resources/{resource}/disable",
        .operation = "disableResource",
        .summary = "Shut a resource: its sessions end and nobody reaches it; its grants wait",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = {200, resource_fields()}},
       disable_resource},
      {{.method = "POST",
        .path = "/api/v1/organizations/{org}/resources/{resource}/enable",
        .operation = "enableResource",
        .summary = "Open a disabled resource again, to those it was granted to",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = {200, resource_fields()}},
       enable_resource},
      {{.method = "DELETE",
        .path = "/api/v1/organizations/{org}/resources/{resource}",
        .operation = "removeResource",
        .summary = "Remove a resource; its grants and sessions end",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       remove_resource},
  };
}

}  // namespace rap::control
