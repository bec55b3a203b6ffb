#include "node/fabric/agent_link.hpp"

namespace rap::fabric {

static_assert(wire::kMaxToFabricBytes == io::kMaxMessageBytes);
static_assert(wire::kMaxMessageDocuments == snapshot::kMaxDocuments);

AgentLink::AgentLink(io::EventLoop& loop, const std::string& socket, AgentHandlers handlers,
                     Log& log, io::MessagePeer agent)
    : handlers_(std::move(handlers)),
      log_(log),
      dialer_(loop, socket,
              {.on_open = [this](auto connection) { connection_ = std::move(connection); },
               .on_message = [this](const std::string& text) { on_message(text); },
               .on_close = [this] { connection_.reset(); }},
              log, agent) {}

void AgentLink::send(const wire::ToAgent& message) {
  if (connection_) connection_->send(wire::encode_to_agent(message));
}

void AgentLink::on_message(const std::string& text) {
  const auto message = wire::decode_to_fabric(text);
  if (message) return std::visit([this](const auto& m) { take(m); }, *message);
  const wire::AgentMessageFault& fault = message.error();
  if (fault.is_of_security()) return refuse_security(fault.detail);
  if (fault.is_of_config()) return log_.error("config.refused", {{"detail", fault.detail}});
  log_.warn("agent.message_refused", {{"type", fault.type}, {"detail", fault.detail}});
}

void AgentLink::take(const wire::Configure& message) {
  const auto config = snapshot::read_node_config(message.config);
  if (!config) return log_.error("config.refused", {{"detail", config.error()}});
  std::vector<snapshot::Document> documents;
  documents.reserve(message.documents.size());
  for (const wire::JsonValue& item : message.documents) {
    auto document = snapshot::read_document(item);
    if (!document) return log_.error("config.refused", {{"detail", document.error()}});
    documents.push_back(std::move(*document));
  }
  handlers_.on_config(*config, documents);
}

void AgentLink::take(const wire::RunCommand& message) {
  send(wire::CommandResult{message.id, carry_out(message) ? "ok" : "failed"});
}

// False: what it is about is not of the form that it must have.
bool AgentLink::carry_out(const wire::RunCommand& command) {
  switch (command.type) {
    case wire::NodeCommandType::terminate_session: {
      const auto session = SessionId::parse(command.about);
      if (session) handlers_.on_terminate_session(*session);
      return session.has_value();
    }
  }
  return false;
}

void AgentLink::take(const wire::ControlReachable& message) {
  handlers_.on_control(message.reachable);
}

void AgentLink::take(const wire::ClockAhead& message) { handlers_.on_clock(message.ahead); }

void AgentLink::take(const wire::Identify& message) { handlers_.on_identity(message); }

void AgentLink::take(const wire::End&) { handlers_.on_end(); }

void AgentLink::take(const wire::SecurityState& message) {
  if (const auto rows = read(message.rows)) {
    handlers_.on_security_state(*rows, message.first, message.last);
  }
}

void AgentLink::take(const wire::SecurityChanged& message) {
  if (const auto rows = read(message.rows)) handlers_.on_security_changes(*rows);
}

void AgentLink::take(const wire::SecurityIncomplete&) { handlers_.on_security_incomplete(); }

void AgentLink::take(const wire::SecurityEventsTaken& message) {
  handlers_.on_security_events_taken(message);
}

void AgentLink::take(const wire::AgentListeners& message) {
  handlers_.on_agent_listeners(message.listeners);
}

std::optional<snapshot::SecurityChanges> AgentLink::read(const wire::SecurityRows& rows) {
  auto changes = snapshot::read_rows(rows);
  if (!changes) refuse_security("a row makes no sense");
  return changes;
}

// What cannot be read may be what somebody must be shut out by: nobody new is let in.
void AgentLink::refuse_security(const std::string& why) {
  log_.error("security.refused", {{"detail", why}});
  handlers_.on_security_incomplete();
}

}  // namespace rap::fabric
