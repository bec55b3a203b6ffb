#include "mesh/routing.hpp"

namespace rap::mesh {

std::string_view to_string(RouteKind kind) {
  switch (kind) {
    case RouteKind::itself: return "itself";
    case RouteKind::direct: return "direct";
    case RouteKind::relay: return "relay";
  }
  return "";
}

std::optional<Choice> choose(const Routing& routing, const Links& links, const Query& query) {
  std::optional<Choice> choice;
  routing.visit(query, [&](const FlowRoute& route) {
    const auto link = links.link_to(route.next_hop, query.traffic_class);
    if (link) choice = Choice{route, *link};
    return choice.has_value();
  });
  return choice;
}

}  // namespace rap::mesh
