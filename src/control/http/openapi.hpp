// The OpenAPI 3.1 description of a table of endpoints.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "control/http/route.hpp"

namespace rap::control {

struct ApiInfo {
  std::string url;  // https://HOST:PORT, where people and agents reach the API
  std::string version;
};

nlohmann::json openapi_document(const std::vector<Endpoint>& endpoints, const ApiInfo& info);

}  // namespace rap::control
