// One route of an HTTP API as data. The tables made of these drive routing, authorization,
// validation, the OpenAPI document and the tests.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log/log.hpp"
#include "control/core/problem.hpp"
#include "control/http/call.hpp"
#include "control/http/schema.hpp"
#include "policy/authorization.hpp"
#include "wire/http/http_message.hpp"

namespace rap::control {

struct AnswerShape {
  int status = 200;
  Fields members;  // of the JSON object; empty with 204 or another content type
};

// {"items": […]} of such objects.
AnswerShape list_of(Fields members);

// Where a request goes, who may make it, what it may hold and what it is answered with.
struct Endpoint {
  std::string_view method;
  std::string_view path;  // "/api/v1/organizations/{org}"
  std::string_view operation;
  std::string_view summary;
  policy::Access access = policy::Access::signed_in;
  Fields query;
  Fields body;  // empty: the request has none
  AnswerShape answer;
};

// A handler is handed the ports of its room and no others.
template <class Ports>
using HandlerOf = Outcome<Reply> (*)(Ports&, const Call&);

// A row of a room's table: data, which can be read without any ports.
template <class Ports>
struct RouteOf : Endpoint {
  HandlerOf<Ports> handler = nullptr;
};

// A row of the people's API as it is served: the handler has its ports. The node listener's rows
// (link/node_route.hpp) have more columns.
struct Route : Endpoint {
  std::function<Outcome<Reply>(const Call&)> handler;
};

// `ports` must outlive the row.
template <class Ports>
Route bind(const RouteOf<Ports>& row, Ports& ports) {
  return {row, [&ports, handler = row.handler](const Call& call) { return handler(ports, call); }};
}

template <class Row>
std::vector<std::string_view> operations_of(const std::vector<Row>& routes) {
  std::vector<std::string_view> operations;
  for (const Row& route : routes) operations.push_back(route.operation);
  return operations;
}

using PathValues = std::vector<std::pair<std::string_view, std::string>>;  // percent-decoded

// Whether a path fits the pattern of an endpoint, and then the values of its variables.
bool fits(std::string_view pattern, std::string_view path);
std::optional<PathValues> values_in(std::string_view pattern, std::string_view path);

template <class Row>
struct Match {
  const Row* route = nullptr;
  PathValues path_values;
  std::string allow;  // for 405: the methods this path has; empty when the path has none (404)
};

template <class Row>
Match<Row> match(const std::vector<Row>& routes, std::string_view method, std::string_view path) {
  Match<Row> found;
  for (const Row& route : routes) {
    if (!fits(route.path, path)) continue;
    auto values = values_in(route.path, path);
    if (!values) continue;
    if (route.method == method) {
      found.route = &route;
      found.path_values = std::move(*values);
      return found;
    }
    found.allow += (found.allow.empty() ? "" : ", ") + std::string(route.method);
  }
  return found;
}

// The request's body as the endpoint wants it.
Outcome<nlohmann::json> parse_body(const Endpoint& endpoint, const wire::HttpRequest& request);
// Refuses query parameters that are unknown or wrong.
Outcome<void> check_query(const Endpoint& endpoint, std::string_view query);

// Runs a handler and translates what a library throws.
Outcome<Reply> run_guarded(Log& log, std::string_view operation,
                           const std::function<Outcome<Reply>()>& handler);

// The answer with its status and the headers every answer has.
wire::HttpResponse respond(int status, Reply reply);
wire::HttpResponse respond(const Problem& problem);

}  // namespace rap::control
