#include "client/testing/described.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace rap::client {
namespace {

using nlohmann::json;

const json& description() {
  static const json kDescription = json::parse(std::ifstream(RAP_OPENAPI));
  return kDescription;
}

std::vector<std::string> segments(const std::string& path) {
  std::vector<std::string> out;
  std::istringstream text(path.substr(0, path.find('?')));
  for (std::string segment; std::getline(text, segment, '/');) out.push_back(segment);
  return out;
}

bool fits(const std::string& pattern, const std::string& path) {
  const auto wanted = segments(pattern);
  const auto given = segments("/api/v1/" + path);
  return std::ranges::equal(wanted, given, [](const std::string& w, const std::string& g) {
    return w == g || w.starts_with('{');
  });
}

// The schema of the operation's answer; null when it has no body.
json answer_schema(const std::string& method, const std::string& path) {
  std::string lower = method;
  std::ranges::transform(lower, lower.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  for (const auto& [pattern, operations] : description().at("paths").items()) {
    if (!fits(pattern, path) || !operations.contains(lower)) continue;
    for (const auto& [status, answer] : operations.at(lower).at("responses").items()) {
      if (!status.starts_with('2')) continue;
      return answer.value(json::json_pointer("/content/application~1json/schema"), json());
    }
  }
  throw std::logic_error("The API has no " + method + " " + path);
}

json example(const json& schema, bool full) {
  const std::string type = schema.at("type");
  if (type == "integer") return std::max<std::int64_t>(schema.value("minimum", 1), 1);
  if (type == "boolean") return full;
  if (type == "string") {
    if (schema.contains("enum")) return schema.at("enum").at(0);
    if (schema.value("format", "") == "uuid") return "7c9e6679-7425-40de-944b-e07fc1f90ae7";
    return "text";
  }
  if (type == "array") {
    return full ? json::array({example(schema.at("items"), full)}) : json::array();
  }
  json object = json::object();
  // People are shown the name of a host, of all that an undescribed object may hold.
  if (full && !schema.contains("properties")) object["hostname"] = "text";
  const json properties = schema.value("properties", json::object());
  const json required = schema.value("required", json::array());
  for (const auto& [name, of] : properties.items()) {
    if (full || std::find(required.begin(), required.end(), name) != required.end()) {
      object[name] = example(of, full);
    }
  }
  return object;
}

json filled(const json& schema, const json& given, const std::string& place) {
  if (schema.at("type") == "array") {
    json out = json::array();
    for (const json& item : given) out.push_back(filled(schema.at("items"), item, place + "[]"));
    return out;
  }
  if (!schema.contains("properties")) return given;
  const json& known = schema.at("properties");
  json out = example(schema, false);
  for (const auto& [name, value] : given.items()) {
    if (!known.contains(name)) throw std::logic_error("The API has no " + place + "." + name);
    out[name] = filled(known.at(name), value, place + "." + name);
  }
  return out;
}

}  // namespace

json completed(const std::string& method, const std::string& path, const json& given) {
  const json schema = answer_schema(method, path);
  return schema.is_null() ? json() : filled(schema, given, method + " " + path);
}

json full_answer(const std::string& method, const std::string& path) {
  return example(answer_schema(method, path), true);
}

}  // namespace rap::client
