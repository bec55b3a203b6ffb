// The Unix socket to the node-agent: verified configuration and commands come down, observations
// and results go up. While the agent is away the fabric goes on with what it has.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/log/log.hpp"
#include "io/loop/event_loop.hpp"
#include "io/loop/message_socket.hpp"
#include "snapshot/configuration/documents.hpp"
#include "snapshot/configuration/node_config.hpp"
#include "snapshot/security_delta.hpp"
#include "wire/agent/agent_messages.hpp"

namespace rap::fabric {

struct AgentHandlers {
  std::function<void(const snapshot::NodeConfig&, const std::vector<snapshot::Document>&)>
      on_config;
  std::function<void(SessionId)> on_terminate_session;
  std::function<void(bool reachable)> on_control;  // the agent found or lost the control plane
  std::function<void(const wire::Identify&)> on_identity;  // who we are, again when it was renewed
  std::function<void()> on_end;  // we are to end, in order
  // The security data: all of it, in parts; its changes; and that it is more than can be stored.
  std::function<void(const snapshot::SecurityChanges&, bool first, bool last)> on_security_state;
  std::function<void(const snapshot::SecurityChanges&)> on_security_changes;
  std::function<void()> on_security_incomplete;
  std::function<void(const wire::SecurityEventsTaken&)> on_security_events_taken;
  std::function<void(const std::vector<wire::HostPort>&)> on_agent_listeners;  // never targets
  std::function<void(std::chrono::seconds ahead)> on_clock;  // of the control plane's
};

class AgentLink {
 public:
  AgentLink(io::EventLoop& loop, const std::string& socket, AgentHandlers handlers, Log& log,
            io::MessagePeer agent = std::nullopt);

  // Sends when the agent is there; observations are worth nothing later.
  void send(const wire::ToAgent& message);

 private:
  void on_message(const std::string& text);
  void take(const wire::Configure& message);
  void take(const wire::RunCommand& message);
  bool carry_out(const wire::RunCommand& command);
  void take(const wire::ControlReachable& message);
  void take(const wire::Identify& message);
  void take(const wire::End& message);
  void take(const wire::SecurityState& message);
  void take(const wire::SecurityChanged& message);
  void take(const wire::SecurityIncomplete& message);
  void take(const wire::SecurityEventsTaken& message);
  void take(const wire::AgentListeners& message);
  void take(const wire::ClockAhead& message);
  std::optional<snapshot::SecurityChanges> read(const wire::SecurityRows& rows);
  void refuse_security(const std::string& why);

  AgentHandlers handlers_;
  Log& log_;
  std::shared_ptr<io::MessageConnection> connection_;
  io::MessageDialer dialer_;
};

}  // namespace rap::fabric
