// A resource that is open to the person, with what a client of it needs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/api/api_client.hpp"

namespace rap::client {

struct OpenResource {
  std::string id;
  std::string name;
  std::string organization;  // name
  std::string protocol;
  std::optional<std::string> ssh_host_key;
};

// All of them, or those of one organization; ordered by name.
Fallible<std::vector<OpenResource>> open_resources(ApiClient& api, const std::string& organization);

// The one of that name or id. Several organizations may have one of that name.
Fallible<OpenResource> find_open_resource(ApiClient& api, const std::string& key,
                                          const std::string& organization);

}  // namespace rap::client
