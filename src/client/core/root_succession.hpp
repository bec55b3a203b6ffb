// Following the platform from the root this person trusts to the one it has now (CH-12, PK-7): the
// bundles on the way are signed by roots, so it does not matter over which connection they come.
#pragma once

#include <optional>
#include <string>

#include "client/core/client_network.hpp"
#include "client/core/failure.hpp"
#include "client/core/home.hpp"
#include "wire/url.hpp"

namespace rap::client {

// The roots in force, stored for the next time; nullopt when nothing leads from ours to others.
std::optional<std::string> follow_trust(Home& home, Network& network, const wire::HostPort& server,
                                        const std::string& roots_pem);

}  // namespace rap::client
