// A refusal of the control plane (RFC 9457) as one value.
#pragma once

#include <string>

#include "wire/http/http_message.hpp"

namespace rap::agent {

struct ControlProblem {
  std::string code;    // "join_token_used"; empty when the answer is no problem document
  std::string detail;  // a sentence; never empty
};
ControlProblem parse_problem(const wire::HttpResponse& response);

// Whether the same request may succeed later without anybody changing it.
bool is_transient(int http_status);

// Whether the control plane has dealt with a report, one way or the other: it took it, or never
// will. A node that is disabled for now keeps its reports.
bool is_settled(int http_status);

}  // namespace rap::agent
