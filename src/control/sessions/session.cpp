#include "control/sessions/session.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "control/http/setting_fields.hpp"

namespace rap::control {

std::string SessionCursor::str() const {
  return std::to_string(to_unix(created_at)) + "." + id.str();
}

std::optional<SessionCursor> SessionCursor::parse(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == text.npos) return std::nullopt;
  std::int64_t at = 0;
  const auto read = std::from_chars(text.data(), text.data() + dot, at);
  const auto id = SessionId::parse(text.substr(dot + 1));
  if (read.ec != std::errc{} || read.ptr != text.data() + dot || at < 0 || at > kMaxUnix || !id) {
    return std::nullopt;
  }
  return SessionCursor{from_unix(at), *id};
}

Fields session_fields() {
  using namespace field;
  Fields resource = {uuid("id"), field::name("name"), choice("protocol", policy::protocol_names())};
  for (Field& setting : client_setting_fields()) resource.push_back(std::move(setting));
  return {uuid("id"),
          object("organization", {uuid("id"), field::name("name")}),
          object("user", {uuid("id"), email("email")}),
          object("resource", std::move(resource)),
          choice("state", kSessionStateNames),
          time("created_at"),
          time("changed_at"),
          text("ended_because").optional()};
}

nlohmann::json to_json(const Session& s) {
  nlohmann::json out = {
      {"id", s.id.str()},
      {"organization", {{"id", s.organization.str()}, {"name", s.organization_name}}},
      {"user", {{"id", s.user.str()}, {"email", s.user_email}}},
      {"resource",
       {{"id", s.resource.str()}, {"name", s.resource_name}, {"protocol", to_string(s.protocol)}}},
      {"state", to_string(s.state)},
      {"created_at", to_unix(s.created_at)},
      {"changed_at", to_unix(s.changed_at)}};
  if (s.ended_because) out["ended_because"] = *s.ended_because;
  return out;
}

}  // namespace rap::control
