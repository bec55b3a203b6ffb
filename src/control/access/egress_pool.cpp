#include "control/access/egress_pool.hpp"

#include <nlohmann/json.hpp>

#include "control/core/listing.hpp"

namespace rap::control {

Fields egress_pool_fields() {
  using namespace field;
  return {uuid("id"), field::name("name"), time("created_at"),
          list("nodes", static_cast<std::int64_t>(kMaxListed), {uuid("id"), field::name("name")})
              .optional()};
}

nlohmann::json to_json(const EgressPool& p) {
  nlohmann::json out = {
      {"id", p.id.str()}, {"name", p.name}, {"created_at", to_unix(p.created_at)}};
  for (const NodeName& n : p.nodes) out["nodes"].push_back({{"id", n.id.str()}, {"name", n.name}});
  return out;
}

}  // namespace rap::control
