#include "control/http/setting_fields.hpp"

namespace rap::control {
namespace {

Field field_of(const policy::SettingKind& kind) {
  switch (kind.type) {
    case policy::SettingType::host: return field::of(kind.name, FieldType::host);
    case policy::SettingType::port: return field::port(kind.name);
    case policy::SettingType::ssh_key: return field::of(kind.name, FieldType::ssh_key);
  }
  return field::text(kind.name);
}

}  // namespace

Fields setting_fields() {
  Fields out;
  for (const policy::SettingKind& kind : policy::setting_kinds()) {
    const Field f = field_of(kind);
    out.push_back(policy::is_required_by_all(kind.setting) ? f : f.optional());
  }
  return out;
}

Fields changed_setting_fields() {
  Fields out;
  for (const policy::SettingKind& kind : policy::setting_kinds()) {
    out.push_back(field_of(kind).optional());
    if (kind.removal.empty()) continue;
    out.push_back(field::of(kind.removal, FieldType::boolean).optional());
  }
  return out;
}

Fields client_setting_fields() {
  Fields out;
  for (const policy::SettingKind& kind : policy::setting_kinds()) {
    if (kind.told_to == policy::ToldTo::client) out.push_back(field_of(kind).optional());
  }
  return out;
}

}  // namespace rap::control
