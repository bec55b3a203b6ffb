// What a change ends for others, counted before it is made. Who may not list it is told in words
// without figures.
#pragma once

#include <string>

#include "client/api/api_client.hpp"

namespace rap::client {

// Whose living sessions are counted: those of the whole organization, unless a member narrows it.
struct SessionsOf {
  std::string organization;
  std::string resource;  // name or id
  std::string email;
};

std::string sessions_that_end(ApiClient& api, const SessionsOf& of);  // "2 sessions end."
// Those with all that leads through the pool: "2 resources wait, and 3 sessions end."
std::string sessions_behind(ApiClient& api, const std::string& organization,
                            const std::string& pool);
std::string grants_that_end(ApiClient& api, const std::string& organization,
                            const std::string& resource);
std::string memberships_that_end(ApiClient& api, const std::string& organization);
// The channels of a node, by its name or id, as both ends see them: "3 channels with 12 flows end."
// Who owns its organization alone sees no channels, and is told of the sessions that may be in
// them.
std::string channels_that_end(ApiClient& api, const std::string& node,
                              const std::string& organization = {});

}  // namespace rap::client
