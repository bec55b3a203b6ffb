// What one node-agent is told on its command line, and which of it goes together.
#pragma once

#include <filesystem>
#include <string>

namespace rap::host {

struct NodeAgentOptions {
  std::filesystem::path state;
  std::string join_token;  // needed until the node is enrolled; this or the file
  std::filesystem::path join_token_file;
  std::string data_plane_listen;     // IP:PORT
  std::string data_plane_advertise;  // HOST:PORT
  // What people are shown of a public authority, in PEM; empty: the platform's own certificate.
  std::filesystem::path data_plane_certificate;
  std::filesystem::path data_plane_key;
  std::string fabric_listen;         // IP:PORT
  std::string fabric_advertise;      // HOST:PORT
  std::string metrics_listen;        // of rap-fabric; empty: none
  std::string agent_metrics_listen;  // of the agent itself; empty: none
  std::filesystem::path fabric_bin;  // empty: a rap-fabric of another user comes by itself
  std::filesystem::path fabric_socket;  // where it comes to; empty: agent.sock in `state`
  std::string fabric_user;              // who that is: name or number
  std::filesystem::path log_file;  // empty: standard error
  unsigned checkin_interval_ms = 5000;
};

// What is wrong about options that are each well formed, in a sentence; empty: nothing.
std::string usage_error(const NodeAgentOptions& options);

}  // namespace rap::host
