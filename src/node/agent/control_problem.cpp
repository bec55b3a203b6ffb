#include "node/agent/control_problem.hpp"

namespace rap::agent {
namespace {

constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kRequestTimeout = 408;
constexpr int kTooEarly = 425;
constexpr int kTooManyRequests = 429;
constexpr int kFirstServerError = 500;

}  // namespace

wire::ReadProblem parse_problem(const wire::HttpResponse& response) {
  return wire::read_problem(response, "The control plane");
}

bool is_transient(int http_status) {
  return http_status == kRequestTimeout || http_status == kTooEarly ||
         http_status == kTooManyRequests || http_status >= kFirstServerError;
}

bool is_settled(int http_status) {
  return !is_transient(http_status) && http_status != kUnauthorized && http_status != kForbidden;
}

}  // namespace rap::agent
