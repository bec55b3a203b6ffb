// What a node makes of a refusal of the control plane.
#pragma once

#include "wire/http/problem_reading.hpp"

namespace rap::agent {

wire::ReadProblem parse_problem(const wire::HttpResponse& response);

// Whether the same request may succeed later without anybody changing it.
bool is_transient(int http_status);

// Whether the control plane has dealt with a report, one way or the other: it took it, or never
// will. A node that is disabled for now keeps its reports.
bool is_settled(int http_status);

}  // namespace rap::agent
