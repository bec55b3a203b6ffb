#include "control/http/route.hpp"

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "control/core/listing.hpp"
#include "wire/json_reader.hpp"

namespace rap::control {
namespace {

using nlohmann::json;

// The next segment of a path that begins with a slash; what is left begins with one, or is empty.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);  // the slash
  const std::size_t slash = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, slash);
  path.remove_prefix(slash);
  return segment;
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

}  // namespace

bool fits(std::string_view pattern, std::string_view path) {
  if (!path.starts_with('/')) return false;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = take_segment(pattern);
    const std::string_view segment = take_segment(path);
    if (is_variable(wanted) ? segment.empty() : wanted != segment) return false;
  }
  return pattern.empty() && path.empty();
}

std::optional<PathValues> values_in(std::string_view pattern, std::string_view path) {
  PathValues values;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = take_segment(pattern);
    const std::string_view segment = take_segment(path);
    if (!is_variable(wanted)) continue;
    auto value = percent_decode(segment);
    if (!value || value->empty()) return std::nullopt;
    values.emplace_back(wanted.substr(1, wanted.size() - 2), std::move(*value));
  }
  return values;
}

AnswerShape list_of(Fields members) {
  return {200, {field::list("items", static_cast<std::int64_t>(kMaxListed), std::move(members))}};
}

Outcome<json> parse_body(const Endpoint& endpoint, const wire::HttpRequest& request) {
  if (endpoint.body.empty()) {
    if (request.body.empty() || request.body == "{}") return json::object();
    return refuse(ProblemCode::malformed_request, "This request takes no body.");
  }
  if (request.body.empty() && std::ranges::none_of(endpoint.body, &Field::required)) {
    return json::object();
  }
  const auto parsed = wire::parse_strict_json(request.body);
  if (!parsed || !parsed->is_object()) {
    return refuse(ProblemCode::malformed_request,
                  "The body must be one JSON object, with no member given twice.");
  }
  if (auto fault = find_fault(*parsed, endpoint.body)) {
    return refuse(ProblemCode::invalid_member, *fault);
  }
  return *parsed;
}

Outcome<void> check_query(const Endpoint& endpoint, std::string_view query) {
  for (std::string_view rest = query; !rest.empty();) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const std::string_view name = pair.substr(0, pair.find('='));
    const auto it = std::ranges::find(endpoint.query, name, &Field::name);
    if (it == endpoint.query.end()) {
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

Outcome<Reply> run_guarded(Log& log, std::string_view operation,
                           const std::function<Outcome<Reply>()>& handler) {
  try {
    return handler();
  } catch (const std::exception& e) {
    log.error(LogCause::member({}, operation), "request.failed",
              {{"operation", operation}, {"reason", e.what()}});
    return refuse(ProblemCode::internal_error, "The server failed; its log says why.");
  }
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
