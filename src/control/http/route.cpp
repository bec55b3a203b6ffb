#include "control/http/route.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "wire/json_reader.hpp"

namespace rap::control {
namespace {

using nlohmann::json;

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t slash = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, slash));
    path.remove_prefix(slash);
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '%') {
      out += s[i];
      continue;
    }
    const auto byte = from_hex(s.substr(i + 1, 2));
    if (!byte || byte->size() != 1 || (*byte)[0] == 0) return std::nullopt;
    out += static_cast<char>((*byte)[0]);
    i += 2;
  }
  return out;
}

bool is_variable(std::string_view segment) { return segment.starts_with('{'); }

// The values of the variables when the path fits the pattern.
std::optional<std::vector<std::pair<std::string_view, std::string>>> fit(
    std::string_view pattern, const std::vector<std::string_view>& segments) {
  const auto wanted = segments_of(pattern);
  if (wanted.size() != segments.size()) return std::nullopt;
  std::vector<std::pair<std::string_view, std::string>> values;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!is_variable(wanted[i])) {
      if (wanted[i] != segments[i]) return std::nullopt;
      continue;
    }
    auto value = percent_decode(segments[i]);
    if (!value || value->empty()) return std::nullopt;
    values.emplace_back(wanted[i].substr(1, wanted[i].size() - 2), std::move(*value));
  }
  return values;
}

}  // namespace

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

AuditEntry Call::audit(std::string_view action, std::string_view target_kind, std::string target_id,
                       std::string target_name) const {
  AuditEntry e;
  e.at = now;
  if (organization) e.organization = organization->id;
  e.actor_kind = caller ? "user" : node ? "node" : "anonymous";
  if (caller) {
    e.actor_id = caller->id.str();
    e.actor_name = caller->email;
  } else if (node) {
    e.actor_id = node->id.str();
    e.actor_name = node->name;
  }
  e.action = action;
  e.target_kind = target_kind;
  e.target_id = std::move(target_id);
  e.target_name = std::move(target_name);
  e.source_ip = request.peer_ip;
  return e;
}

Answer list_of(Fields members) {
  return {200, {field::list("items", static_cast<std::int64_t>(kMaxListed), std::move(members))}};
}

std::vector<std::string_view> operations_of(const std::vector<Route>& routes) {
  std::vector<std::string_view> operations(routes.size());
  std::ranges::transform(routes, operations.begin(), &Route::operation);
  return operations;
}

Match match(const std::vector<Route>& routes, std::string_view method, std::string_view path) {
  Match found;
  if (!path.starts_with('/')) return found;
  const auto segments = segments_of(path);
  for (const Route& route : routes) {
    auto values = fit(route.path, segments);
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

Outcome<json> parse_body(const Route& route, const wire::HttpRequest& request) {
  if (route.body.empty()) {
    if (request.body.empty() || request.body == "{}") return json::object();
    return refuse(ProblemCode::malformed_request, "This request takes no body.");
  }
  if (request.body.empty() && std::ranges::none_of(route.body, &Field::required)) {
    return json::object();
  }
  const auto parsed = wire::parse_strict_json(request.body);
  if (!parsed || !parsed->is_object()) {
    return refuse(ProblemCode::malformed_request,
                  "The body must be one JSON object, with no member given twice.");
  }
  if (auto fault = find_fault(*parsed, route.body)) {
    return refuse(ProblemCode::invalid_member, *fault);
  }
  return *parsed;
}

Outcome<void> check_query(const Route& route, std::string_view query) {
  for (std::string_view rest = query; !rest.empty();) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const std::string_view name = pair.substr(0, pair.find('='));
    const auto it = std::ranges::find(route.query, name, &Field::name);
    if (it == route.query.end()) {
      return refuse(ProblemCode::invalid_member,
                    "'" + std::string(name) + "' is not a query parameter here.");
    }
    const auto value = wire::query_parameter(query, name);
    if (!value) {
      return refuse(ProblemCode::malformed_request,
                    "The query parameter '" + std::string(name) + "' is not well encoded.");
    }
    if (auto fault = find_fault(*value, *it)) return refuse(ProblemCode::invalid_member, *fault);
  }
  return {};
}

wire::HttpResponse respond(int status, Reply reply) {
  wire::HttpResponse response;
  response.status = reply.status == 0 ? status : reply.status;
  response.content_type = std::move(reply.content_type);
  response.body = std::move(reply.body);
  response.event_stream = std::move(reply.event_stream);
  response.headers = {
      {"cache-control", "no-store"},
      {"x-content-type-options", "nosniff"},
      {"content-security-policy", "default-src 'none'; frame-ancestors 'none'"},
      {"referrer-policy", "no-referrer"},
      {"strict-transport-security", "max-age=31536000"},
  };
  std::ranges::move(reply.headers, std::back_inserter(response.headers));
  return response;
}

wire::HttpResponse respond(const Problem& problem) {
  wire::HttpResponse response =
      respond(kind_of(problem.code).status,
              {.body = to_json(problem), .content_type = "application/problem+json"});
  if (problem.retry_after_s) {
    response.headers.emplace_back("retry-after", std::to_string(*problem.retry_after_s));
  }
  if (response.status == 401) response.headers.emplace_back("www-authenticate", "Bearer");
  return response;
}

}  // namespace rap::control
