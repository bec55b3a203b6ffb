// JSON for the use cases: answers out of values. Each to_json() has the fields its *_fields() say.
#pragma once

#include <nlohmann/json.hpp>

#include "control/core/model.hpp"
#include "control/http/route.hpp"

namespace rap::control {

using Json = nlohmann::json;

Reply reply(const Json& body);
inline Reply no_content() { return {"", ""}; }

Reply reply_items(Json items);
template <class T>
Reply reply_list(const std::vector<T>& values) {
  Json items = Json::array();
  for (const T& value : values) items.push_back(to_json(value));
  return reply_items(std::move(items));
}

Json parse_stored(const std::string& json_text);  // JSON we stored ourselves

Fields user_fields();
Json to_json(const User& user);
Fields organization_fields();
Json to_json(const Organization& organization);
Fields member_fields();
Json to_json(const Member& member);
Fields pool_fields();
Json to_json(const EgressPool& pool);
Fields resource_fields();
Json to_json(const Resource& resource);
Json to_tenant_json(const Resource& resource);  // what a person who may only use it sees
Fields grant_fields();
Json to_json(const Grant& grant);
Fields join_token_fields();
Json to_json(const JoinToken& token);
Fields enrolment_fields();
Json to_json(const Enrolment& enrolment);
Fields node_fields();
Json to_json(const Node& node);
Fields certificate_fields();
Json to_json(const NodeCertificate& certificate);
Fields session_fields();
Json to_json(const Session& session);
inline constexpr std::int64_t kMaxBlocklistReason = 256;
Fields blocklist_fields();
Json to_json(const BlocklistEntry& entry);
Fields audit_fields();
Json to_json(const AuditEntry& entry);

}  // namespace rap::control
