// What rap-fabric is told on its command line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace rap::fabric {

struct Address {
  std::string host;  // an IP literal
  std::uint16_t port = 0;
};

struct Settings {
  std::filesystem::path state;  // the node-agent's state directory
  Address data_plane;           // clients: WebSocket over TLS
  Address fabric;               // nodes: mutual TLS
  std::optional<Address> metrics;  // Prometheus: plain HTTP
};

}  // namespace rap::fabric
