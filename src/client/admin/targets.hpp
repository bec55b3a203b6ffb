// Whether what a command is about is there at all, looked up before its consequences are announced.
// Each fails where it is known not to be, as the control plane would. What the person may not list
// is not known: the control plane decides when it is asked to do it.
#pragma once

#include <string>

#include "client/api/api_client.hpp"
#include "client/command/command.hpp"

namespace rap::client {

// Whether two names, emails or ids are one to the control plane.
bool same(const std::string& a, const std::string& b);

Fallible<void> check_user(ApiClient& api, const std::string& user);
// Nor is it the person's own account: `instead` says what they do with that.
Fallible<void> check_other_user(World& world, ApiClient& api, const std::string& user,
                                const std::string& instead);
Fallible<void> check_organization(ApiClient& api, const std::string& organization);
Fallible<void> check_member(ApiClient& api, const std::string& organization,
                            const std::string& member);
Fallible<void> check_resource(ApiClient& api, const std::string& organization,
                              const std::string& resource);
Fallible<void> check_grant(ApiClient& api, const std::string& organization,
                           const std::string& resource, const std::string& user);
Fallible<void> check_pool(ApiClient& api, const std::string& organization, const std::string& pool);
// The node serves the pool. An organization is told of its own hosts alone.
Fallible<void> check_pool_node(ApiClient& api, const std::string& organization,
                               const std::string& pool, const std::string& node);
// The node is a host of the organization, unless that is empty.
Fallible<void> check_node(ApiClient& api, const std::string& organization, const std::string& node);
Fallible<void> check_metrics_token(ApiClient& api, const std::string& name);
Fallible<void> check_revoked_node(ApiClient& api, const std::string& node);
Fallible<void> check_certificate(ApiClient& api, const std::string& serial);

}  // namespace rap::client
