#include "control/http/openapi.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rap::control {
namespace {

using nlohmann::json;

std::string lower(std::string_view method) {
  std::string out(method);
  std::ranges::transform(out, out.begin(), [](char c) { return static_cast<char>(c - 'A' + 'a'); });
  return out;
}

json parameters_of(const Endpoint& route) {
  json out = json::array();
  for (std::size_t at = 0; (at = route.path.find('{', at)) != route.path.npos; ++at) {
    const auto name = route.path.substr(at + 1, route.path.find('}', at) - at - 1);
    out.push_back(
        {{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  }
  for (const Field& f : route.query) {
    out.push_back(
        {{"name", f.name}, {"in", "query"}, {"required", f.required}, {"schema", json_schema(f)}});
  }
  return out;
}

json success_of(const Endpoint& route) {
  json response = {{"description", route.summary}};
  if (route.answer.status == 204) return response;
  if (route.answer.members.empty()) {
    response["content"]["text/plain"]["schema"] = {{"type", "string"}};
  } else {
    response["content"]["application/json"]["schema"] = json_schema(route.answer.members);
  }
  return response;
}

json operation_of(const Endpoint& route) {
  json operation = {{"operationId", route.operation},
                    {"summary", route.summary},
                    {"x-rap-access", to_string(route.access)},
                    {"responses",
                     {{std::to_string(route.answer.status), success_of(route)},
                      {"default", {{"$ref", "#/components/responses/Problem"}}}}}};
  if (json parameters = parameters_of(route); !parameters.empty()) {
    operation["parameters"] = std::move(parameters);
  }
  if (!route.body.empty()) {
    operation["requestBody"] = {
        {"required", true},
        {"content", {{"application/json", {{"schema", json_schema(route.body)}}}}}};
  }
  if (route.access == policy::Access::anyone) operation["security"] = json::array();
  return operation;
}

json components() {
  const Fields problem = {
      field::text("type"), field::text("title"),  field::integer("status", 400, 599),
      field::text("code"), field::text("detail"), field::text("nonce").optional()};
  json out;
  out["securitySchemes"]["bearer"] = {{"type", "http"}, {"scheme", "bearer"}};
  out["schemas"]["Problem"] = json_schema(problem);
  out["responses"]["Problem"] = {{"description", "Why the request was refused (RFC 9457)"}};
  out["responses"]["Problem"]["content"]["application/problem+json"]["schema"] = {
      {"$ref", "#/components/schemas/Problem"}};
  return out;
}

}  // namespace

json openapi_document(const std::vector<Endpoint>& endpoints, const ApiInfo& info) {
  json paths = json::object();
  for (const Endpoint& endpoint : endpoints) {
    paths[std::string(endpoint.path)][lower(endpoint.method)] = operation_of(endpoint);
  }
  return {{"openapi", "3.1.0"},
          {"info", {{"title", "Secure access control plane"}, {"version", info.version}}},
          {"servers", json::array({{{"url", info.url}}})},
          {"security", json::array({{{"bearer", json::array()}}})},
          {"paths", std::move(paths)},
          {"components", components()}};
}

}  // namespace rap::control
