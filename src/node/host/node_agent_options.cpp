#include "node/host/node_agent_options.hpp"

namespace rap::host {

std::string usage_error(const NodeAgentOptions& o) {
  const bool starts_it = o.fabric_socket.empty() && o.fabric_user.empty();
  struct Option {
    const char* name;
    bool given;
    bool wanted;
  };
  for (const auto& [name, given, wanted] : {
           Option{"--state", !o.state.empty(), true},
           Option{"--data-plane-advertise", !o.data_plane_advertise.empty(), true},
           Option{"--fabric-advertise", !o.fabric_advertise.empty(), true},
           Option{"--data-plane-listen", !o.data_plane_listen.empty(), starts_it},
           Option{"--fabric-listen", !o.fabric_listen.empty(), starts_it},
           Option{"--fabric-bin", !o.fabric_bin.empty(), starts_it},
           Option{"--fabric-socket", !o.fabric_socket.empty(), !starts_it},
           Option{"--fabric-user", !o.fabric_user.empty(), !starts_it},
       }) {
    if (wanted && !given) return std::string(name) + " is required";
    if (!wanted && given) {
      return std::string(name) + " is for rap-fabric itself where it runs as another user";
    }
  }
  if (!starts_it && !o.metrics_listen.empty()) {
    return "--metrics-listen is for rap-fabric itself where it runs as another user";
  }
  if (o.data_plane_certificate.empty() != o.data_plane_key.empty()) {
    return "--data-plane-certificate and --data-plane-key go together";
  }
  if (!o.join_token.empty() && !o.join_token_file.empty()) {
    return "--join-token and --join-token-file exclude each other";
  }
  return {};
}

}  // namespace rap::host
