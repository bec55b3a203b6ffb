#include "control/access/egress_pool.hpp"

#include <nlohmann/json.hpp>

#include "control/core/listing.hpp"

namespace rap::control {

void tell_of_nodes(std::vector<EgressPool>& pools, const std::vector<ServingNode>& serving,
                   bool is_platform) {
  for (EgressPool& pool : pools) {
    PoolNodes& told = pool.nodes.emplace();
    if (!is_platform) told.of_platform = 0;
    for (const ServingNode& each : serving) {
      if (each.pool != pool.id) continue;
      if (is_platform || each.organization == pool.organization) {
        told.named.push_back(each.node);
      } else {
        ++*told.of_platform;
      }
    }
  }
}

Fields egress_pool_fields() {
  using namespace field;
  return {uuid("id"),
          field::name("name"),
          time("created_at"),
          of("disabled", FieldType::boolean),
          list("nodes", static_cast<std::int64_t>(kMaxListed), {uuid("id"), field::name("name")})
              .optional(),
          count("platform_nodes").optional()};
}

nlohmann::json to_json(const EgressPool& p) {
  nlohmann::json out = {{"id", p.id.str()},
                        {"name", p.name},
                        {"created_at", to_unix(p.created_at)},
                        {"disabled", p.disabled}};
  if (!p.nodes) return out;
  out["nodes"] = nlohmann::json::array();
  for (const NodeName& n : p.nodes->named) {
    out["nodes"].push_back({{"id", n.id.str()}, {"name", n.name}});
  }
  if (p.nodes->of_platform) out["platform_nodes"] = *p.nodes->of_platform;
  return out;
}

std::unexpected<Problem> no_pool(const std::string& key) {
  return refuse(ProblemCode::egress_pool_not_found,
                "There is no egress pool '" + key + "' in this organization; create it first.");
}

}  // namespace rap::control
