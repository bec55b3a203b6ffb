// The OpenAPI 3.1 description of a route table.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "control/http/route.hpp"

namespace rap::control {

nlohmann::json openapi_document(const std::vector<Route>& routes, const Settings& settings);

}  // namespace rap::control
