#include "node/agent/control_problem.hpp"

#include <nlohmann/json.hpp>

namespace rap::agent {
namespace {

constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kRequestTimeout = 408;
constexpr int kTooEarly = 425;
constexpr int kTooManyRequests = 429;
constexpr int kFirstServerError = 500;

}  // namespace

ControlProblem parse_problem(const wire::HttpResponse& response) {
  ControlProblem problem;
  const auto json = nlohmann::json::parse(response.body, nullptr, false);
  const auto text = [&](const char* member) {
    const auto it = json.is_object() ? json.find(member) : json.end();
    return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  problem.code = text("code");
  problem.detail = text("detail");
  if (problem.detail.empty()) problem.detail = text("title");
  if (problem.detail.empty()) {
    problem.detail =
        "The control plane answered with HTTP status " + std::to_string(response.status) + ".";
  }
  return problem;
}

bool is_transient(int http_status) {
  return http_status == kRequestTimeout || http_status == kTooEarly ||
         http_status == kTooManyRequests || http_status >= kFirstServerError;
}

bool is_settled(int http_status) {
  return !is_transient(http_status) && http_status != kUnauthorized && http_status != kForbidden;
}

}  // namespace rap::agent
