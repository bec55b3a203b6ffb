#include "control/entrance/api_table.hpp"

#include <type_traits>

#include "control/entrance/tables.hpp"
#include "control/http/json_reply.hpp"

namespace rap::control {
namespace {

// The ports that rows of one type are handed. A row may be typed on the database itself.
template <class Ports>
Ports& ports_in(RoomPorts& rooms) {
  if constexpr (std::is_same_v<Ports, Database>) {
    return std::get<Database&>(rooms);
  } else {
    return std::get<Ports>(rooms);
  }
}

}  // namespace

std::vector<Endpoint> api_endpoints() {
  std::vector<Endpoint> all;
  for_each_table([&](const auto& table) { all.insert(all.end(), table.begin(), table.end()); });
  return all;
}

std::string api_description(const ApiInfo& info) {
  return reply(openapi_document(api_endpoints(), info)).body;
}

std::vector<Route> bound_routes(RoomPorts& rooms) {
  std::vector<Route> all;
  for_each_table([&]<class Ports>(const std::vector<RouteOf<Ports>>& table) {
    for (const RouteOf<Ports>& row : table) all.push_back(bind(row, ports_in<Ports>(rooms)));
  });
  return all;
}

}  // namespace rap::control
