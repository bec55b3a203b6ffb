// What it means to the person that a server did not prove to be the platform's control plane, and
// what to do next. Nothing secret was sent to it.
#pragma once

#include <string>

#include "client/api/client_network.hpp"
#include "wire/url.hpp"

namespace rap::client {

std::string untrusted_server(const NetworkError& error, const wire::HostPort& server);

}  // namespace rap::client
