#include "node/fabric/agent_link.hpp"

#include <nlohmann/json.hpp>

namespace rap::fabric {

using nlohmann::json;

namespace {

// Of one list in one message; the agent sends fewer.
constexpr std::size_t kMaxSecurityRows = 16384;

}  // namespace

AgentLink::AgentLink(io::EventLoop& loop, const std::string& socket, AgentHandlers handlers,
                     Log& log)
    : handlers_(std::move(handlers)),
      log_(log),
      dialer_(loop, socket,
              {.on_open = [this](auto connection) { connection_ = std::move(connection); },
               .on_message = [this](const std::string& text) { on_message(text); },
               .on_close = [this] { connection_.reset(); }},
              log) {}

void AgentLink::send(std::string message) {
  if (connection_) connection_->send(std::move(message));
}

void AgentLink::on_message(const std::string& text) {
  const json message = json::parse(text, nullptr, false);
  if (!message.is_object()) return log_.warn("agent.bad_message");
  const std::string type = message.value("type", "");
  if (type == "config" && message.contains("config")) {
    const auto config = snapshot::parse_node_config(message["config"].dump());
    if (!config) return log_.error("config.refused", {{"detail", config.error()}});
    std::vector<snapshot::Document> documents;
    for (const json& item : message.value("documents", json::array())) {
      auto document = snapshot::parse_document(item.dump());
      if (!document) return log_.error("config.refused", {{"detail", document.error()}});
      documents.push_back(std::move(*document));
    }
    return handlers_.on_config(*config, documents);
  }
  if (type == "command" && message.value("command", "") == "session.terminate") {
    const auto session = SessionId::parse(message.value("session_id", ""));
    if (session) handlers_.on_terminate_session(*session);
    return send(json{{"type", "command_result"},
                     {"id", message.value("id", "")},
                     {"status", session ? "ok" : "failed"}}
                    .dump());
  }
  if (type == "control" && message.contains("reachable") && message["reachable"].is_boolean()) {
    return handlers_.on_control(message["reachable"].get<bool>());
  }
  if (type == "identity_changed") return handlers_.on_identity_changed();
  if (type == "security_incomplete") return handlers_.on_security_incomplete();
  if (type == "security_state" || type == "security_changes") return on_security(message);
  if (type == "credentials_changed") return handlers_.on_credentials_changed();
  log_.warn("agent.unknown_message", {{"type", type}});
}

// What cannot be read may be what somebody must be shut out by: nobody new is let in.
void AgentLink::on_security(const json& message) {
  const auto changes = snapshot::parse_security_changes(message, kMaxSecurityRows);
  if (!changes) {
    log_.error("security.refused", {{"detail", "a message makes no sense"}});
    return handlers_.on_security_incomplete();
  }
  if (message["type"] == "security_changes") return handlers_.on_security_changes(*changes);
  handlers_.on_security_state(*changes, message.value("first", false),
                              message.value("last", false));
}

}  // namespace rap::fabric
