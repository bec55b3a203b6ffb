// The shape of JSON objects as data: what a request may hold, what an answer does hold. One
// description serves validation, the OpenAPI document and the tests.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rap::control {

enum class FieldType : std::uint8_t {
  text,        // at most `max` bytes of UTF-8
  name,        // policy::check_name
  key,         // an id or a name
  email,
  password,
  host,        // of a resource: policy::check_target_host
  host_port,   // "host:port"
  ssh_key,     // policy::check_ssh_host_key
  integer,     // min … max
  boolean,
  uuid,
  sha256_hex,  // 64 lower-case hex digits
  base64_32,   // 32 bytes
  base64url_32,  // the same without padding
  choice,      // one of `choices`
  object,      // of `members`
  free_object, // any object: shown to people, never interpreted
  list,        // at most `max` objects of `members`
  text_list,   // at most `max` strings, each one of `choices` unless there are none
};

struct Field {
  std::string_view name;
  FieldType type = FieldType::text;
  bool required = true;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::vector<std::string_view> choices;
  std::vector<Field> members;

  Field optional() const {
    Field f = *this;
    f.required = false;
    return f;
  }
};
using Fields = std::vector<Field>;

inline constexpr std::int64_t kMaxText = 1024;     // bytes, where nothing narrower is said
inline constexpr std::int64_t kMaxUnix = 1LL << 48;

namespace field {
inline Field of(std::string_view name, FieldType type) { return {name, type, true, 0, 0, {}, {}}; }
inline Field text(std::string_view name, std::int64_t max = kMaxText) {
  return {name, FieldType::text, true, 0, max, {}, {}};
}
inline Field integer(std::string_view name, std::int64_t min, std::int64_t max) {
  return {name, FieldType::integer, true, min, max, {}, {}};
}
inline Field count(std::string_view name) { return integer(name, 0, INT64_MAX); }
inline Field time(std::string_view name) { return integer(name, 0, kMaxUnix); }
inline Field uuid(std::string_view name) { return of(name, FieldType::uuid); }
inline Field name(std::string_view name) { return of(name, FieldType::name); }
inline Field key(std::string_view name) { return of(name, FieldType::key); }
inline Field email(std::string_view name) { return of(name, FieldType::email); }
inline Field choice(std::string_view name, std::vector<std::string_view> choices) {
  return {name, FieldType::choice, true, 0, 0, std::move(choices), {}};
}
inline Field choice(std::string_view name, std::span<const std::string_view> names) {
  return choice(name, std::vector(names.begin(), names.end()));
}
inline Field object(std::string_view name, Fields members) {
  return {name, FieldType::object, true, 0, 0, {}, std::move(members)};
}
inline Field list(std::string_view name, std::int64_t max, Fields members) {
  return {name, FieldType::list, true, 0, max, {}, std::move(members)};
}
inline Field text_list(std::string_view name, std::int64_t max,
                       std::vector<std::string_view> choices = {}) {
  return {name, FieldType::text_list, true, 0, max, std::move(choices), {}};
}
inline Field text_list(std::string_view name, std::span<const std::string_view> names) {
  return text_list(name, static_cast<std::int64_t>(names.size()),
                   std::vector(names.begin(), names.end()));
}
inline Field port(std::string_view name) { return integer(name, 1, 65535); }
}  // namespace field

// What is wrong with an object, as a sentence that names the member; nullopt when it fits. Members
// that are not described are wrong.
std::optional<std::string> find_fault(const nlohmann::json& object, const Fields& fields);

// One value given as text (a query parameter).
std::optional<std::string> find_fault(std::string_view value, const Field& field);

// JSON Schema (2020-12) of an object with these fields.
nlohmann::json json_schema(const Fields& fields);
nlohmann::json json_schema(const Field& field);

}  // namespace rap::control
