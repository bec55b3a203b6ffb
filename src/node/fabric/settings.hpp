// What rap-fabric is told on its command line.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include <sys/types.h>

namespace rap::fabric {

struct Address {
  std::string host;  // an IP literal
  std::uint16_t port = 0;

  friend bool operator==(const Address&, const Address&) = default;
};

// "127.0.0.1:7443" or "[::1]:7443". The error is a sentence about `text`.
std::expected<Address, std::string> parse_address(const std::string& text);

struct Settings {
  std::filesystem::path state;         // its own, or the node-agent's where one user runs both
  std::filesystem::path agent_socket;  // empty: agent.sock in the state directory
  std::optional<uid_t> agent_user;     // nullopt: the agent is of our own user
  Address data_plane;              // clients: WebSocket over TLS
  Address fabric;                  // nodes: mutual TLS
  std::optional<Address> metrics;  // Prometheus: plain HTTP
};

// The same as a command line has them.
struct GivenSettings {
  std::string state;
  std::string data_plane_listen;
  std::string fabric_listen;
  std::string metrics_listen;  // empty: none
  std::string agent_socket;    // empty: in the state directory
  std::string agent_user;      // empty: our own
  std::string log_file;        // empty: standard error
};

// The error names the option that is wrong.
std::expected<Settings, std::string> settings_of(const GivenSettings& given);

}  // namespace rap::fabric
