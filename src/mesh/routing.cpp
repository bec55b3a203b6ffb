#include "mesh/routing.hpp"

namespace rap::mesh {

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::itself: return "itself";
    case Reason::direct: return "direct";
    case Reason::relay: return "relay";
  }
  return "";
}

std::optional<Choice> choose(const Routing& routing, const Links& links, const Query& query) {
  std::optional<Choice> choice;
  routing.visit(query, [&](const Candidate& candidate) {
    const auto link = links.link_to(candidate.next_hop, query.traffic_class);
    if (link) choice = Choice{candidate, *link};
    return choice.has_value();
  });
  return choice;
}

}  // namespace rap::mesh
