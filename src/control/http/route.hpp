// One route of an HTTP API as data, and what its handler is called with. The tables made of these
// drive routing, authorization, validation, the OpenAPI document and the tests.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/core/services.hpp"
#include "control/core/standings.hpp"
#include "control/http/schema.hpp"
#include "policy/authorization.hpp"
#include "wire/http_message.hpp"

namespace rap::control {

struct Reply {
  std::string body;
  std::string content_type = "application/json";
  std::string event_stream = {};  // see wire::HttpResponse
  int status = 0;  // other than the route's; 0: that one
  wire::HttpHeaders headers = {};
};

struct OrganizationContext {
  OrganizationId id;
  std::string name;
  policy::OrganizationRole role = policy::OrganizationRole::none;  // the caller's
};

// One request that passed authentication, authorization and validation.
struct Call {
  const wire::HttpRequest& request;
  WallTime now;
  const nlohmann::json& body;
  std::vector<std::pair<std::string_view, std::string>> path_values;
  std::optional<User> caller = {};                       // absent on routes for anyone
  crypto::Sha256 bearer_sha256 = {};                     // of the caller's bearer
  std::optional<OrganizationContext> organization = {};  // of routes below {org}
  // On the node listener: who asks, and the transaction in which it was admitted, which commits
  // when the call succeeds.
  std::optional<Node> node = {};  // without what it last said of itself
  std::optional<NodeAdmission> admitted = {};
  Transaction* tx = nullptr;

  const std::string& path(std::string_view name) const;
  std::optional<std::string> query(std::string_view name) const;
  std::string text(std::string_view member) const;  // "" when absent
  std::int64_t integer(std::string_view member, std::int64_t otherwise = 0) const;

  bool is_platform() const { return caller && policy::is_platform(caller->platform_role); }
  bool is_platform_owner() const {
    return caller && caller->platform_role == policy::PlatformRole::platform_owner;
  }
  Scope organization_scope() const { return Scope::organization(organization->id); }

  // An audit entry of this caller, about their organization if the route has one.
  AuditEntry audit(std::string_view action, std::string_view target_kind, std::string target_id,
                   std::string target_name) const;
};

using Handler = Outcome<Reply> (*)(Services&, const Call&);

// A call that nodes repeat by the thousand, of one that was admitted a moment ago.
struct Poll {
  NodeId node;
  Horizon horizon;
  const nlohmann::json& body;
  WallTime now;
};
// nullopt: it takes a transaction after all, and the handler.
using PollHandler = std::optional<Reply> (*)(Services&, const Poll&);

struct Answer {
  int status = 200;
  Fields members;  // of the JSON object; empty with 204 or another content type
};

// {"items": […]} of such objects.
Answer list_of(Fields members);

struct Route {
  std::string_view method;
  std::string_view path;  // "/api/v1/organizations/{org}"
  std::string_view operation;
  std::string_view summary;
  policy::Access access = policy::Access::signed_in;
  Fields query;
  Fields body;  // empty: the request has none
  Answer answer;
  Handler handler = nullptr;
  PollHandler from_memory = nullptr;
  // What a node is answered, every other that asks the same at the same horizon is answered too.
  bool same_for_all = false;
};

std::vector<std::string_view> operations_of(const std::vector<Route>& routes);

struct Match {
  const Route* route = nullptr;
  std::vector<std::pair<std::string_view, std::string>> path_values;  // percent-decoded
  std::string allow;  // for 405: the methods this path has; empty when the path has none (404)
};
Match match(const std::vector<Route>& routes, std::string_view method, std::string_view path);

// The request's body as the route wants it.
Outcome<nlohmann::json> parse_body(const Route& route, const wire::HttpRequest& request);
// Refuses query parameters that are unknown or wrong.
Outcome<void> check_query(const Route& route, std::string_view query);

// The answer with its status and the headers every answer has.
wire::HttpResponse respond(int status, Reply reply);
wire::HttpResponse respond(const Problem& problem);

}  // namespace rap::control
