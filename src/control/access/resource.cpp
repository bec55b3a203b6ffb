#include "control/access/resource.hpp"

#include <nlohmann/json.hpp>

#include "control/http/setting_fields.hpp"

namespace rap::control {
namespace {

using nlohmann::json;

// null: the resource has none.
json value_of(const Resource& r, policy::ResourceSetting setting) {
  switch (setting) {
    case policy::ResourceSetting::host: return r.host.empty() ? json() : json(r.host);
    case policy::ResourceSetting::port: return r.port == 0 ? json() : json(r.port);
    case policy::ResourceSetting::ssh_host_key:
      return r.ssh_host_key ? json(*r.ssh_host_key) : json();
  }
  return {};
}

template <class Wanted>
json settings_that(const Resource& r, Wanted is_wanted) {
  json out = json::object();
  for (const policy::SettingKind& kind : policy::setting_kinds()) {
    if (!is_wanted(kind)) continue;
    if (json value = value_of(r, kind.setting); !value.is_null()) {
      out[std::string(kind.name)] = std::move(value);
    }
  }
  return out;
}

}  // namespace

json settings_of(const Resource& r) {
  return settings_that(r, [](const policy::SettingKind&) { return true; });
}

json settings_of(const Resource& r, policy::ToldTo who) {
  return settings_that(r, [&](const policy::SettingKind& kind) { return kind.told_to == who; });
}

void set_setting(Resource& r, policy::ResourceSetting setting, const json& value) {
  switch (setting) {
    case policy::ResourceSetting::host:
      r.host = value.is_null() ? "" : value.get<std::string>();
      return;
    case policy::ResourceSetting::port:
      r.port = value.is_null() ? std::uint16_t{0} : value.get<std::uint16_t>();
      return;
    case policy::ResourceSetting::ssh_host_key:
      r.ssh_host_key = value.is_null() ? std::nullopt : std::optional(value.get<std::string>());
      return;
  }
}

std::optional<std::string> find_setting_fault(const Resource& r) {
  std::vector<policy::ResourceSetting> given;
  for (const policy::SettingKind& kind : policy::setting_kinds()) {
    if (!value_of(r, kind.setting).is_null()) given.push_back(kind.setting);
  }
  return policy::find_setting_fault(r.protocol, given);
}

Fields resource_fields() {
  using namespace field;
  Fields out = {uuid("id"),
                field::name("name"),
                choice("protocol", policy::protocol_names()),
                object("egress_pool", {uuid("id"), field::name("name")}).optional(),
                of("disabled", FieldType::boolean),
                time("created_at").optional()};
  for (const Field& setting : setting_fields()) out.push_back(setting.optional());
  return out;
}

Fields open_resource_fields() {
  using namespace field;
  Fields out = {uuid("id"), field::name("name"), choice("protocol", policy::protocol_names()),
                of("disabled", FieldType::boolean),
                object("organization", {uuid("id"), field::name("name")})};
  for (Field& setting : client_setting_fields()) out.push_back(std::move(setting));
  return out;
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
  out.update(settings_of(r, policy::ToldTo::client));
  return out;
}

nlohmann::json to_json(const Resource& r) {
  nlohmann::json out = to_tenant_json(r);
  out.update(settings_of(r));
  out["egress_pool"] = {{"id", r.egress_pool.str()}, {"name", r.egress_pool_name}};
  out["created_at"] = to_unix(r.created_at);
  return out;
}

}  // namespace rap::control
