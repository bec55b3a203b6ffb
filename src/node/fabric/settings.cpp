#include "node/fabric/settings.hpp"

#include <tuple>

#include "io/system/host_user.hpp"
#include "wire/url.hpp"

namespace rap::fabric {

std::expected<Address, std::string> parse_address(const std::string& text) {
  const auto at = wire::parse_host_port(text);
  if (!at) return std::unexpected("expected IP:PORT, for example 0.0.0.0:7443");
  return Address{at->host, at->port};
}

std::expected<Settings, std::string> settings_of(const GivenSettings& given) {
  Settings settings;
  settings.state = given.state;
  Address metrics;
  for (const auto& [name, text, out] :
       {std::tuple("--data-plane-listen", &given.data_plane_listen, &settings.data_plane),
        std::tuple("--fabric-listen", &given.fabric_listen, &settings.fabric),
        std::tuple("--metrics-listen", &given.metrics_listen, &metrics)}) {
    if (text->empty()) continue;
    const auto address = parse_address(*text);
    if (!address) return std::unexpected(std::string(name) + ": " + address.error());
    *out = *address;
  }
  if (!given.metrics_listen.empty()) settings.metrics = metrics;
  settings.agent_socket = given.agent_socket;
  if (!given.agent_user.empty()) {
    const auto user = io::find_uid(given.agent_user);
    if (!user) return std::unexpected("--agent-user: " + user.error());
    settings.agent_user = *user;
  }
  return settings;
}

}  // namespace rap::fabric
