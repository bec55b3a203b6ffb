// The Unix socket to the node-agent: verified configuration and commands come down, observations
// and results go up. While the agent is away the fabric goes on with what it has.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "io/stream/event_loop.hpp"
#include "io/stream/message_socket.hpp"
#include "snapshot/documents.hpp"
#include "snapshot/node_config.hpp"
#include "snapshot/security_delta.hpp"

namespace rap::fabric {

struct AgentHandlers {
  std::function<void(const snapshot::NodeConfig&, const std::vector<snapshot::Document>&)>
      on_config;
  std::function<void(SessionId)> on_terminate_session;
  std::function<void(bool reachable)> on_control;  // the agent found or lost the control plane
  std::function<void()> on_identity_changed;       // our certificate was renewed
  // All of the security data, in parts; what changes of it; that it is more than can be stored.
  std::function<void(const snapshot::SecurityChanges&, bool first, bool last)> on_security_state;
  std::function<void(const snapshot::SecurityChanges&)> on_security_changes;
  std::function<void()> on_security_incomplete;
  std::function<void()> on_credentials_changed;    // a staple, or the one towards clients
};

class AgentLink {
 public:
  AgentLink(io::EventLoop& loop, const std::string& socket, AgentHandlers handlers, Log& log);

  // Sends when the agent is there; observations are worth nothing later.
  void send(std::string message);

 private:
  void on_message(const std::string& text);
  void on_security(const nlohmann::json& message);

  AgentHandlers handlers_;
  Log& log_;
  std::shared_ptr<io::MessageConnection> connection_;
  io::MessageDialer dialer_;
};

}  // namespace rap::fabric
