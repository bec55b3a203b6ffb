#include "control/entrance/routes.hpp"

#include <iterator>

namespace rap::control {

std::vector<Route> api_routes() {
  std::vector<Route> all;
  for (auto part :
       {auth_routes,        user_routes,          organization_routes, member_routes,
        egress_pool_routes, resource_routes,      grant_routes,        join_token_routes,
        enrolment_routes,   node_routes,          certificate_routes,  deny_list_routes,
        trust_routes,       token_key_routes,     session_routes,      blocklist_routes,
        config_routes,      config_status_routes, audit_routes,        platform_routes}) {
    std::ranges::move(part(), std::back_inserter(all));
  }
  return all;
}

}  // namespace rap::control
