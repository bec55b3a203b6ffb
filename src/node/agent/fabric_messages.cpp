#include "node/agent/fabric_messages.hpp"

#include <nlohmann/json.hpp>

#include "base/log.hpp"

namespace rap::agent {

using nlohmann::json;

std::string config_message(std::string_view config_json,
                           const std::vector<snapshot::Document>& documents) {
  std::string out =
      R"({"type":"config","config":)" + std::string(config_json) + R"(,"documents":[)";
  for (const snapshot::Document& document : documents) {
    if (out.back() != '[') out += ',';
    out += to_json(document);
  }
  return out + "]}";
}

std::string terminate_session_message(std::string_view command_id, std::string_view session_id) {
  return R"({"type":"command","id":)" + quote_json(command_id) +
         R"(,"command":"session.terminate","session_id":)" + quote_json(session_id) + "}";
}

std::string control_message(bool reachable) {
  return reachable ? R"({"type":"control","reachable":true})"
                   : R"({"type":"control","reachable":false})";
}

std::string identity_changed_message() { return R"({"type":"identity_changed"})"; }

std::string security_state_message(const snapshot::SecurityChanges& part, bool first, bool last) {
  json message = snapshot::to_json(part);
  message.update({{"type", "security_state"}, {"first", first}, {"last", last}});
  return message.dump();
}

std::string security_changes_message(const snapshot::SecurityChanges& changes) {
  json message = snapshot::to_json(changes);
  message["type"] = "security_changes";
  return message.dump();
}

std::string security_incomplete_message() { return R"({"type":"security_incomplete"})"; }

std::string credentials_changed_message() { return R"({"type":"credentials_changed"})"; }

std::optional<FabricMessage> parse_fabric_message(std::string_view text) {
  try {
    json message = json::parse(text);
    const std::string type = message.at("type");
    if (type == "command_result") return CommandResult{message.at("id"), message.at("status")};
    if (type == "observations" && text.size() <= kMaxObservationsBytes) {
      message.erase("type");
      return Observations{message.at("config_version").get<std::uint64_t>(), message.dump()};
    }
    return std::nullopt;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace rap::agent
