// The proxy that the program's environment names.
#pragma once

#include <string>

#include "dialling/http_proxy.hpp"

namespace rap::io {

// The proxy that leads to a host: https_proxy, HTTPS_PROXY, all_proxy or ALL_PROXY, whichever is
// set and not empty first, unless no_proxy or NO_PROXY exempts the host.
dialling::ProxyChoice proxy_from_environment(const std::string& host, std::uint16_t port);

}  // namespace rap::io
