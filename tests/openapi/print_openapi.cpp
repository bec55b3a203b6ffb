// rap-openapi: prints the description of the people's API as docs/api/openapi.json has it
// (make openapi), and as every control plane serves it but for its own address.
#include <iostream>
#include <nlohmann/json.hpp>

#include "control/entrance/api_table.hpp"
#include "control/http/openapi.hpp"

int main() {
  const rap::control::ApiInfo info{"https://control-plane.example", RAP_VERSION};
  std::cout << openapi_document(rap::control::api_endpoints(), info).dump(2) << "\n";
}
