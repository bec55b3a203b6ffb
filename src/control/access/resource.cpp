#include "control/access/resource.hpp"

#include <nlohmann/json.hpp>

#include "policy/protocols.hpp"

namespace rap::control {

Fields resource_fields() {
  using namespace field;
  return {uuid("id"),
          field::name("name"),
          choice("protocol", policy::protocol_names()),
          of("host", FieldType::host).optional(),
          port("port").optional(),
          object("egress_pool", {uuid("id"), field::name("name")}).optional(),
          of("ssh_host_key", FieldType::ssh_key).optional(),
          of("disabled", FieldType::boolean),
          time("created_at").optional()};
}

Fields open_resource_fields() {
  using namespace field;
  return {uuid("id"),
          field::name("name"),
          choice("protocol", policy::protocol_names()),
          of("disabled", FieldType::boolean),
          object("organization", {uuid("id"), field::name("name")}),
          of("ssh_host_key", FieldType::ssh_key).optional()};
}

nlohmann::json to_tenant_json(const Resource& r) {
  return {{"id", r.id.str()},
          {"name", r.name},
          {"protocol", to_string(r.protocol)},
          {"disabled", r.disabled}};
}

nlohmann::json to_open_json(const Resource& r) {
  nlohmann::json out = to_tenant_json(r);
  out["organization"] = {{"id", r.organization.str()}, {"name", r.organization_name}};
  if (r.ssh_host_key) out["ssh_host_key"] = *r.ssh_host_key;
  return out;
}

nlohmann::json to_json(const Resource& r) {
  nlohmann::json out = to_tenant_json(r);
  out["host"] = r.host;
  out["port"] = r.port;
  out["egress_pool"] = {{"id", r.egress_pool.str()}, {"name", r.egress_pool_name}};
  if (r.ssh_host_key) out["ssh_host_key"] = *r.ssh_host_key;
  out["created_at"] = to_unix(r.created_at);
  return out;
}

}  // namespace rap::control
