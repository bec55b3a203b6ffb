#include "node/fabric/settings.hpp"

#include "wire/url.hpp"

namespace rap::fabric {

std::expected<Address, std::string> parse_address(const std::string& text) {
  const auto at = wire::parse_host_port(text);
  if (!at) return std::unexpected("expected IP:PORT, for example 0.0.0.0:7443");
  return Address{at->host, at->port};
}

}  // namespace rap::fabric
