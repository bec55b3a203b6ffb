// Following the platform from the root this person trusts to the one it has now (CH-12, PK-7): the
// bundles on the way are signed by roots, so it does not matter over which connection they come.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/api/client_network.hpp"
#include "client/core/failure.hpp"
#include "client/core/home.hpp"
#include "snapshot/trust_bundle.hpp"
#include "wire/url.hpp"

namespace rap::client {

// What `held` leads to by the bundles that a server gave; roots that it gave unsigned count for
// nothing.
snapshot::TrustedRoots follow_bundles(snapshot::TrustedRoots held,
                                      const std::vector<std::string>& bundles);
// These roots as the home keeps them: with the version of their bundle when they are its own.
snapshot::TrustedRoots held_roots(Home& home, const std::string& roots_pem);
Fallible<void> keep_roots(Home& home, const snapshot::TrustedRoots& roots);

// The roots in force, stored for the next time; nullopt when nothing leads from ours to others.
std::optional<std::string> follow_trust(Home& home, Network& network, const wire::HostPort& server,
                                        const std::string& roots_pem);

}  // namespace rap::client
