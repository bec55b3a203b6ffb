#include "control/http/call.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rap::control {

const std::string& Call::path(std::string_view name) const {
  static const std::string none;
  const auto it = std::ranges::find(path_values, name, [](const auto& v) { return v.first; });
  return it == path_values.end() ? none : it->second;
}

std::optional<std::string> Call::query(std::string_view name) const {
  return wire::query_parameter(request.query, name);
}

std::string Call::text(std::string_view member) const {
  const auto it = body.find(member);
  return it == body.end() || !it->is_string() ? "" : it->get<std::string>();
}

std::int64_t Call::integer(std::string_view member, std::int64_t otherwise) const {
  const auto it = body.find(member);
  return it == body.end() || !it->is_number_integer() ? otherwise : it->get<std::int64_t>();
}

bool Call::flag(std::string_view member) const {
  const auto it = body.find(member);
  return it != body.end() && it->is_boolean() && it->get<bool>();
}

AuditEntry Call::audit_entry() const {
  AuditEntry entry;
  entry.at = now;
  if (organization) entry.organization = organization->id;
  entry.actor_kind = caller ? "user" : "anonymous";
  if (caller) {
    entry.actor_id = caller->id.str();
    entry.actor_name = caller->email;
  }
  entry.source_ip = request.peer_ip;
  return entry;
}

}  // namespace rap::control
