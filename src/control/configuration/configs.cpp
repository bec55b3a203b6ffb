// Configuration by registered type (CP-7): edited by people, pulled by nodes. What a value may hold
// is the type's to say (snapshot/values/config_types.hpp).
#include "base/encoding.hpp"
#include "base/try.hpp"
#include "control/access/egress_pool.hpp"
#include "control/access/resource.hpp"
#include "control/configuration/config_document.hpp"
#include "control/configuration/routes.hpp"
#include "control/http/json_reply.hpp"
#include "control/nodes/node.hpp"
#include "crypto/keys/digest.hpp"
#include "snapshot/values/config_types.hpp"
#include "snapshot/values/target_ranges.hpp"

namespace rap::control {
namespace {

using snapshot::ConfigType;
using snapshot::Layer;

std::string names_of_types() {
  std::string out;
  for (const ConfigType& type : snapshot::config_types()) {
    out += (out.empty() ? "" : ", ") + std::string(type.name);
  }
  return out;
}

Outcome<const ConfigType*> find_type(const Call& call, Layer layer) {
  const ConfigType* type = snapshot::find_config_type(call.path("type"));
  if (type == nullptr) {
    return refuse(ProblemCode::config_type_unknown, "There is no configuration type '" +
                                                        call.path("type") + "'. There are " +
                                                        names_of_types() + ".");
  }
  if (type->has_layer(layer)) return type;
  std::string layers;
  for (const Layer one : type->layers) {
    layers += (layers.empty() ? "" : ", ") + std::string(to_string(one));
  }
  return refuse(ProblemCode::invalid_member,
                "A value of type '" + std::string(type->name) + "' is set for: " + layers + ".");
}

Json to_json(const ConfigDocument& d) {
  Json out = {{"type", d.type},
              {"layer", to_string(d.layer)},
              {"version", d.version},
              {"value", parse_stored(d.value)},
              {"changed_at", to_unix(d.changed_at)},
              {"changed_by", d.changed_by_email}};
  if (d.resource) out["resource"] = d.resource_name;
  return out;
}

Fields document_fields() {
  using namespace field;
  return {text("type"),
          text("layer"),
          count("version"),
          of("value", FieldType::free_object),
          time("changed_at"),
          text("changed_by"),
          text("resource").optional()};
}

AuditEntry audit_of(const Call& call, std::string_view action, const ConfigDocument& d) {
  AuditEntry entry = call.audit(action, "config", d.type, d.type);
  Json detail = {{"layer", to_string(d.layer)}};
  if (d.resource) detail["resource"] = d.resource_name;
  if (d.version > 0) {
    detail["version"] = d.version;
    detail["sha256"] = crypto::sha256_hex(as_bytes(d.value));
  }
  entry.detail = detail.dump();
  return entry;
}

// The limit that a value is beyond which was just added. It counts after the write, which took the
// lock of the configuration's version, so of two that come together the second counts the first.
std::optional<Problem> find_full_limit(Transaction& tx, const ConfigDocument& added) {
  if (!added.organization) return std::nullopt;
  if (added.resource &&
      tx.configs().count_service_documents(*added.organization) > snapshot::kMaxServiceDocuments) {
    return Problem{ProblemCode::too_many_configs,
                   "An organization may set " + std::to_string(snapshot::kMaxServiceDocuments) +
                       " values for single resources. Remove one with 'rap admin configs unset', "
                       "or set one for the organization instead.",
                   std::nullopt};
  }
  const std::size_t all = [&] {
    AsPlatform as_platform(tx);  // every organization's count, and no more than the count
    return tx.configs().count_organization_documents();
  }();
  if (all <= snapshot::kMaxOrganizationDocuments) return std::nullopt;
  return Problem{
      ProblemCode::too_many_configs,
      "All organizations together may set " + std::to_string(snapshot::kMaxOrganizationDocuments) +
          " values that nodes are given, and they have. Change a value that is set, or "
          "remove one with 'rap admin configs unset'; else ask the platform's administrator.",
      std::nullopt};
}

// What is set for a pool or a node that there is not would do nothing, and nobody would find out.
// Ranges go by the very name of a node.
std::optional<std::string> find_scope_fault(Transaction& tx, const ConfigType& type,
                                            const Json& value) {
  if (type.name != snapshot::kEgressTargetRanges) return std::nullopt;
  const Json pools = value.value("pools", Json::object());
  for (const auto& [id, ranges] : pools.items()) {
    const auto pool = EgressPoolId::parse(id);
    if (pool && tx.egress_pools().exists(*pool)) continue;
    return "'pools' has '" + id +
           "', and there is no such egress pool: 'rap admin pools list ORG --json' shows their ids";
  }
  const Json nodes = value.value("nodes", Json::object());
  for (const auto& [name, ranges] : nodes.items()) {
    const auto node = tx.nodes().find(name);
    if (!node) {
      return "'nodes' has '" + name +
             "', and there is no such node: 'rap admin nodes list' shows them. Invite one first "
             "that is to come";
    }
    if (node->name != name) {
      return "'nodes' has '" + name + "', and that node is called '" + node->name + "'";
    }
  }
  return std::nullopt;
}

// Checks the value and writes it; `document` says of what it is.
Outcome<Reply> put(Transaction& tx, const Call& call, const ConfigType& type,
                   ConfigDocument document) {
  document.type = std::string(type.name);
  document.value = call.body["value"].dump();
  if (const auto fault = snapshot::find_value_fault(type, document.value)) {
    return refuse(ProblemCode::invalid_member, "In 'value', " + *fault + ".");
  }
  if (const auto fault = find_scope_fault(tx, type, call.body["value"])) {
    return refuse(ProblemCode::invalid_member, "In 'value', " + *fault + ".");
  }
  document.changed_at = call.now;
  document.changed_by_email = call.caller->email;
  const bool for_nodes = type.audience != snapshot::Audience::nobody;
  const StoredVersion stored = tx.configs().put(document, call.caller->id, for_nodes);
  if (stored.is_new && for_nodes) {
    if (auto full = find_full_limit(tx, document)) return std::unexpected(std::move(*full));
  }
  document.version = stored.version;
  tx.audit(audit_of(call, "config.set", document));
  return reply(to_json(document));
}

Outcome<Reply> remove(Transaction& tx, const Call& call, const ConfigType& type,
                      ConfigDocument document) {
  document.type = std::string(type.name);
  if (!tx.configs().remove(document)) {
    return refuse(ProblemCode::config_not_found,
                  "There is no value of type '" + document.type + "' here.");
  }
  tx.audit(audit_of(call, "config.unset", document));
  return no_content();
}

// --- of the platform and the cluster ---

// A value of the platform is every cluster's, so it is written by who sees them all.
Scope scope_of(const Call& call, Layer layer) {
  return layer == Layer::cluster ? call.cluster_scope() : Scope::platform();
}

Outcome<Reply> list_configs(Database& database, const Call& call) {
  return transact(database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    Json items = Json::array();
    for (const ConfigDocument& d : tx.configs().list(std::nullopt)) items.push_back(to_json(d));
    return reply_items(std::move(items));
  });
}

Outcome<Reply> set_config(Database& database, const Call& call) {
  const Layer layer = snapshot::layer_from(call.text("layer")).value_or(Layer::platform);
  const auto type = RAP_TRY(find_type(call, layer));
  return transact(database, scope_of(call, layer), [&](Transaction& tx) -> Outcome<Reply> {
    return put(tx, call, *type, {.layer = layer});
  });
}

Outcome<Reply> unset_config(Database& database, const Call& call) {
  const Layer layer =
      snapshot::layer_from(call.query("layer").value_or("")).value_or(Layer::platform);
  const auto type = RAP_TRY(find_type(call, layer));
  return transact(database, scope_of(call, layer), [&](Transaction& tx) -> Outcome<Reply> {
    return remove(tx, call, *type, {.layer = layer});
  });
}

// --- of an organization and its resources ---

// The organization itself, or the resource that `key` names.
Outcome<ConfigDocument> scope_in(Transaction& tx, const Call& call, const std::string& key) {
  ConfigDocument document{.layer = Layer::organization, .organization = call.organization->id};
  if (key.empty()) return document;
  const auto resource = tx.resources().find(call.organization->id, key);
  if (!resource) {
    return refuse(ProblemCode::resource_not_found,
                  "There is no resource '" + key + "' that you may use here.");
  }
  document.layer = Layer::service;
  document.resource = resource->id;
  document.resource_name = resource->name;
  return document;
}

Outcome<Reply> list_organization_configs(Database& database, const Call& call) {
  return transact(database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    Json items = Json::array();
    for (const ConfigDocument& d : tx.configs().list(call.organization->id)) {
      items.push_back(to_json(d));
    }
    return reply_items(std::move(items));
  });
}

Outcome<Reply> set_organization_config(Database& database, const Call& call) {
  const std::string resource = call.text("resource");
  const auto type =
      RAP_TRY(find_type(call, resource.empty() ? Layer::organization : Layer::service));
  return transact(database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    auto document = RAP_TRY(scope_in(tx, call, resource));
    return put(tx, call, *type, std::move(document));
  });
}

Outcome<Reply> unset_organization_config(Database& database, const Call& call) {
  const std::string resource = call.query("resource").value_or("");
  const auto type =
      RAP_TRY(find_type(call, resource.empty() ? Layer::organization : Layer::service));
  return transact(database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    auto document = RAP_TRY(scope_in(tx, call, resource));
    return remove(tx, call, *type, std::move(document));
  });
}

Outcome<Reply> show_variables(Database& database, const Call& call) {
  return transact(database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto found = tx.configs().find(snapshot::kAppVariables, call.organization->id);
    return reply({{"version", found ? found->version : 0},
                  {"variables", found ? parse_stored(found->value) : Json::object()}});
  });
}

}  // namespace

std::vector<RouteOf<Database>> config_routes() {
  using namespace field;
  const Field value = of("value", FieldType::free_object);
  const Field layer = choice("layer", snapshot::kPlatformLayerNames).optional();
  return {
      {{.method = "GET",
        .path = "/api/v1/configs",
        .operation = "listConfigs",
        .summary = "Configuration of the platform and the cluster, by type",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = list_of(document_fields())},
       list_configs},
      {{.method = "PUT",
        .path = "/api/v1/configs/{type}",
        .operation = "setConfig",
        .summary = "Set a value of the platform or the cluster; nodes are given it at once",
        .access = policy::Access::platform,
        .query = {},
        .body = {value, layer},
        .answer = {200, document_fields()}},
       set_config},
      {{.method = "DELETE",
        .path = "/api/v1/configs/{type}",
        .operation = "unsetConfig",
        .summary = "Go back to what is compiled in",
        .access = policy::Access::platform,
        .query = {layer},
        .body = {},
        .answer = {204, {}}},
       unset_config},
      {{.method = "GET",
        .path = "/api/v1/organizations/{org}/configs",
        .operation = "listOrganizationConfigs",
        .summary = "Configuration of an organization and its resources, by type",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {},
        .answer = list_of(document_fields())},
       list_organization_configs},
      {{.method = "PUT",
        .path = "/api/v1/organizations/{org}/configs/{type}",
        .operation = "setOrganizationConfig",
        .summary = "Set a value of an organization, or of one of its resources",
        .access = policy::Access::organization_manager,
        .query = {},
        .body = {value, key("resource").optional()},
        .answer = {200, document_fields()}},
       set_organization_config},
      {{.method = "DELETE",
        .path = "/api/v1/organizations/{org}/configs/{type}",
        .operation = "unsetOrganizationConfig",
        .summary = "Remove a value of an organization, or of one of its resources",
        .access = policy::Access::organization_manager,
        .query = {key("resource").optional()},
        .body = {},
        .answer = {204, {}}},
       unset_organization_config},
      {{.method = "GET",
        .path = "/api/v1/organizations/{org}/variables",
        .operation = "getVariables",
        .summary = "The variables of an organization, for its members",
        .access = policy::Access::organization_member,
        .query = {},
        .body = {},
        .answer = {200, {count("version"), of("variables", FieldType::free_object)}}},
       show_variables},
  };
}

}  // namespace rap::control
