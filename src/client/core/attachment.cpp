#include "client/core/attachment.hpp"

#include <nlohmann/json.hpp>

#include "client/core/api_client.hpp"

namespace rap::client {

using nlohmann::json;

namespace {

constexpr std::uint16_t kWssPort = 443;

bool trusted(const json& candidate) {
  return candidate.at("tls_trust_mode") == "platform_ca" &&
         candidate.at("production_trusted") == true && candidate.at("smoke_only") == false;
}

}  // namespace

Fallible<Attachment> parse_attachment(const json& answer) {
  try {
    const json& session = answer.at("session");
    const json& resource = session.at("resource");
    const json& organization = session.at("organization");
    Attachment a;
    a.session_id = session.at("id");
    a.organization = organization.is_object() ? organization.at("name") : organization;
    a.resource = resource.at("name");
    a.protocol = resource.at("protocol");
    if (const auto key = resource.find("ssh_host_key");
        key != resource.end() && key->is_string() && !key->get<std::string>().empty()) {
      a.ssh_host_key = key->get<std::string>();
    }
    a.token_expires_at = answer.at("token_expires_at");
    for (const json& name : answer.at("classes")) {
      if (const auto c = wire::traffic_class_from(name.get<std::string>())) a.classes.add(*c);
    }
    for (const json& item : answer.at("candidates")) {
      auto url = wire::parse_url(item.at("url").get<std::string>(), "wss", kWssPort);
      const auto cluster = ClusterId::parse(item.at("tls_cluster").get<std::string>());
      if (!url || !cluster || !trusted(item) || a.candidates.size() == kMaxCandidates) continue;
      a.candidates.push_back({std::move(*url), item.at("token"), *cluster});
    }
    if (a.candidates.empty()) {
      return fail(ExitCode::unreachable,
                  "No trusted entry to the fabric is available. Ask your platform owner.");
    }
    return a;
  } catch (const json::exception& e) {
    return fail(ExitCode::failed, std::string("The server's answer makes no sense (") + e.what() +
                                      "). Is this client of the server's version?");
  }
}

std::string attachments_path(const std::string& session_id) {
  return "sessions/" + segment(session_id) + "/attachments";
}

}  // namespace rap::client
