// The one table of the people's API, and the parts it is made of: each concept's file gives its own
// routes. The node listener's table is in node_link.hpp.
#pragma once

#include "control/http/route.hpp"

namespace rap::control {

std::vector<Route> api_routes();  // the whole table

std::vector<Route> auth_routes();
std::vector<Route> user_routes();
std::vector<Route> organization_routes();
std::vector<Route> member_routes();
std::vector<Route> egress_pool_routes();
std::vector<Route> resource_routes();
std::vector<Route> grant_routes();
std::vector<Route> join_token_routes();
std::vector<Route> enrolment_routes();
std::vector<Route> node_routes();
std::vector<Route> certificate_routes();
std::vector<Route> deny_list_routes();
std::vector<Route> trust_routes();
std::vector<Route> token_key_routes();
std::vector<Route> session_routes();
std::vector<Route> blocklist_routes();
std::vector<Route> config_routes();
std::vector<Route> config_status_routes();
std::vector<Route> audit_routes();
std::vector<Route> platform_routes();  // health, metrics, trust bundle, API description

}  // namespace rap::control
