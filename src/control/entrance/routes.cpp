#include "control/entrance/routes.hpp"

#include <algorithm>
#include <iterator>

#include "control/access/routes.hpp"
#include "control/attachments/routes.hpp"
#include "control/configuration/routes.hpp"
#include "control/nodes/routes.hpp"
#include "control/people/routes.hpp"
#include "control/pki/rotation/root_rotation.hpp"
#include "control/pki/rotation/token_key_rotation.hpp"
#include "control/pki/status/public_deny_list.hpp"

namespace rap::control {

std::vector<Route> api_routes() {
  std::vector<Route> all;
  for (auto part :
       {sign_in_routes,       user_routes,          organization_routes, member_routes,
        egress_pool_routes,   resource_routes,      grant_routes,        join_token_routes,
        enrolment_routes,     node_routes,          channel_routes,      certificate_routes,
        deny_list_routes,     root_rotation_routes, token_key_routes,    attachment_routes,
        fallback_routes,      session_routes,       blocklist_routes,    config_routes,
        config_status_routes, audit_routes,         platform_routes}) {
    std::ranges::move(part(), std::back_inserter(all));
  }
  return all;
}

}  // namespace rap::control
