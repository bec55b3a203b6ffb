#include "control/http/schema.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "policy/addresses/names.hpp"
#include "wire/url.hpp"

namespace rap::control {
namespace {

using nlohmann::json;
using Fault = std::optional<std::string>;

Fault wrong(const std::string& path, std::string_view how) {
  return "'" + path + "' " + std::string(how) + ".";
}

std::string joined(const std::vector<std::string_view>& choices) {
  std::string out;
  for (std::string_view c : choices) out += (out.empty() ? "" : ", ") + std::string(c);
  return out;
}

bool is_sha256_hex(std::string_view s) {
  return s.size() == 64 && std::ranges::all_of(s, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool is_32_bytes(const std::optional<Bytes>& raw) { return raw && raw->size() == 32; }

const char* if_not(bool fine, const char* how) { return fine ? nullptr : how; }

// How a text is wrong for its type.
const char* text_fault(const Field& field, std::string_view s) {
  switch (field.type) {
    case FieldType::text:
      return if_not(static_cast<std::int64_t>(s.size()) <= field.max, "is too long");
    case FieldType::name: return policy::check_name(s);
    case FieldType::key:
      return parse_uuid(s) || !policy::check_name(s) ? nullptr : "must be an id or a name";
    case FieldType::email: return policy::check_email(s);
    case FieldType::password: return policy::check_password(s);
    case FieldType::host: return policy::check_target_name(s);
    case FieldType::host_port: {
      const auto parsed = wire::parse_host_port(s);
      if (!parsed) return "must be HOST:PORT";
      return policy::check_target_host(parsed->host);
    }
    case FieldType::ssh_key: return policy::check_ssh_host_key(s);
    case FieldType::uuid: return if_not(parse_uuid(s).has_value(), "must be an id");
    case FieldType::sha256_hex: return if_not(is_sha256_hex(s), "must be 64 lower-case hex digits");
    case FieldType::base64_32:
      return if_not(is_32_bytes(from_base64(s)), "must be 32 bytes in base64");
    case FieldType::base64url_32:
      return if_not(is_32_bytes(from_base64url(s)), "must be 32 bytes in base64url");
    case FieldType::integer:
    case FieldType::boolean:
    case FieldType::choice:
    case FieldType::object:
    case FieldType::free_object:
    case FieldType::list:
    case FieldType::text_list: break;
  }
  return nullptr;
}

Fault choice_fault(const Field& field, const std::string& path, std::string_view s) {
  if (std::ranges::find(field.choices, s) != field.choices.end()) return std::nullopt;
  return wrong(path, "must be one of " + joined(field.choices));
}

Fault integer_fault(const Field& field, const std::string& path, const json& value) {
  const std::string range = "must be a whole number from " + std::to_string(field.min) + " to " +
                            std::to_string(field.max);
  if (!value.is_number_integer()) return wrong(path, range);
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX)
    return wrong(path, range);
  const auto n = value.get<std::int64_t>();
  if (n < field.min || n > field.max) return wrong(path, range);
  return std::nullopt;
}

Fault object_fault(const json& object, const Fields& fields, const std::string& prefix);

Fault list_fault(const Field& field, const std::string& path, const json& value) {
  if (!value.is_array()) return wrong(path, "must be a list");
  if (static_cast<std::int64_t>(value.size()) > field.max) {
    return wrong(path, "has more than " + std::to_string(field.max) + " entries");
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string place = path + "[" + std::to_string(i) + "]";
    if (field.type == FieldType::list) {
      if (!value[i].is_object()) return wrong(place, "must be an object");
      if (auto fault = object_fault(value[i], field.members, place + ".")) return fault;
      continue;
    }
    if (!value[i].is_string()) return wrong(place, "must be a text");
    if (field.choices.empty()) continue;
    if (auto fault = choice_fault(field, place, value[i].get_ref<const std::string&>()))
      return fault;
  }
  return std::nullopt;
}

Fault value_fault(const Field& field, const std::string& path, const json& value) {
  switch (field.type) {
    case FieldType::integer: return integer_fault(field, path, value);
    case FieldType::boolean:
      return value.is_boolean() ? std::nullopt : wrong(path, "must be true or false");
    case FieldType::object:
      if (!value.is_object()) return wrong(path, "must be an object");
      return object_fault(value, field.members, path + ".");
    case FieldType::free_object:
      if (!value.is_object()) return wrong(path, "must be an object");
      // jsonb stores no NUL.
      if (value.dump().find("\\u0000") != std::string::npos) {
        return wrong(path, "must not contain a NUL character");
      }
      return std::nullopt;
    case FieldType::list:
    case FieldType::text_list: return list_fault(field, path, value);
    default: break;
  }
  if (!value.is_string()) return wrong(path, "must be a text");
  const auto& s = value.get_ref<const std::string&>();
  // PostgreSQL stores no NUL, and no text of ours has a use for one.
  if (s.find('\0') != s.npos) return wrong(path, "must not contain a NUL character");
  if (field.type == FieldType::choice) return choice_fault(field, path, s);
  const char* how = text_fault(field, s);
  return how ? wrong(path, how) : std::nullopt;
}

Fault object_fault(const json& object, const Fields& fields, const std::string& prefix) {
  for (const auto& [name, value] : object.items()) {
    const auto it = std::ranges::find(fields, name, &Field::name);
    if (it == fields.end()) return wrong(prefix + name, "is not a member of this request");
    if (auto fault = value_fault(*it, prefix + name, value)) return fault;
  }
  for (const Field& f : fields) {
    if (f.required && !object.contains(f.name)) {
      return wrong(prefix + std::string(f.name), "is missing");
    }
  }
  return std::nullopt;
}

json text_schema(const Field& field) {
  json schema = {{"type", "string"}};
  switch (field.type) {
    case FieldType::name:
      schema["pattern"] = "^[A-Za-z0-9][A-Za-z0-9._-]*$";
      schema["maxLength"] = policy::kMaxNameBytes;
      break;
    case FieldType::email:
      schema["format"] = "email";
      schema["maxLength"] = policy::kMaxEmailBytes;
      break;
    case FieldType::password:
      schema["format"] = "password";
      schema["minLength"] = policy::kMinPasswordCharacters;
      break;
    case FieldType::host: schema["maxLength"] = policy::kMaxHostBytes; break;
    case FieldType::uuid: schema["format"] = "uuid"; break;
    case FieldType::sha256_hex: schema["pattern"] = "^[0-9a-f]{64}$"; break;
    case FieldType::base64_32: schema["pattern"] = "^[A-Za-z0-9+/]{43}=$"; break;
    case FieldType::base64url_32: schema["pattern"] = "^[A-Za-z0-9_-]{43}$"; break;
    case FieldType::choice: schema["enum"] = field.choices; break;
    case FieldType::text: schema["maxLength"] = field.max; break;
    default: break;
  }
  return schema;
}

}  // namespace

std::optional<std::string> find_fault(const json& object, const Fields& fields) {
  return object_fault(object, fields, "");
}

std::optional<std::string> find_fault(std::string_view value, const Field& field) {
  if (field.type != FieldType::integer) return value_fault(field, std::string(field.name), value);
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), n);
  if (error != std::errc{} || end != value.data() + value.size()) {
    return wrong(std::string(field.name), "must be a whole number");
  }
  return integer_fault(field, std::string(field.name), json(n));
}

json json_schema(const Field& field) {
  switch (field.type) {
    case FieldType::integer:
      return {{"type", "integer"}, {"minimum", field.min}, {"maximum", field.max}};
    case FieldType::boolean: return {{"type", "boolean"}};
    case FieldType::object: return json_schema(field.members);
    case FieldType::free_object: return {{"type", "object"}};
    case FieldType::list:
      return {{"type", "array"}, {"maxItems", field.max}, {"items", json_schema(field.members)}};
    case FieldType::text_list: {
      json items = {{"type", "string"}};
      if (!field.choices.empty()) items["enum"] = field.choices;
      return {{"type", "array"}, {"maxItems", field.max}, {"items", items}};
    }
    default: return text_schema(field);
  }
}

json json_schema(const Fields& fields) {
  json properties = json::object();
  json required = json::array();
  for (const Field& f : fields) {
    properties[std::string(f.name)] = json_schema(f);
    if (f.required) required.push_back(f.name);
  }
  json schema = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = required;
  return schema;
}

}  // namespace rap::control
