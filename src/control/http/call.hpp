// One request to a route that passed authentication, authorization and validation, and what it is
// answered.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/core/audit.hpp"
#include "control/core/database.hpp"
#include "crypto/keys/digest.hpp"
#include "policy/authorization.hpp"
#include "policy/roles.hpp"
#include "wire/http/http_message.hpp"

namespace rap::control {

struct Reply {
  std::string body;
  std::string content_type = "application/json";
  std::string event_stream = {};  // see wire::HttpResponse
  int status = 0;  // other than the route's; 0: that one
  wire::HttpHeaders headers = {};
};

// The person a bearer stands for.
struct Caller {
  UserId id;
  std::string email;
  policy::PlatformRole platform_role = policy::PlatformRole::none;
  std::optional<DeviceId> device = {};  // proven with this request; none: the bearer is bare
};

struct OrganizationContext {
  OrganizationId id;
  std::string name;
  policy::OrganizationRole role = policy::OrganizationRole::none;  // that the caller acts in
  // The caller is let in by a right that the owner delegated, and by nothing else.
  bool by_delegation = false;
};

struct Call {
  const wire::HttpRequest& request;
  WallTime now;
  ClusterId cluster;  // the one that is served where the request came in
  const nlohmann::json& body;
  std::vector<std::pair<std::string_view, std::string>> path_values;
  std::optional<Caller> caller = {};  // absent on routes for anyone, and of scrapers
  crypto::Sha256 bearer_sha256 = {};  // of the caller's bearer
  // A scraper that the database could not be asked about: nothing of the database is for it.
  bool from_memory = false;
  std::optional<OrganizationContext> organization = {};  // of routes below {org}

  const std::string& path(std::string_view name) const;
  std::optional<std::string> query(std::string_view name) const;
  std::string text(std::string_view member) const;  // "" when absent
  std::int64_t integer(std::string_view member, std::int64_t otherwise = 0) const;
  bool flag(std::string_view member) const;  // false when absent

  bool is_platform() const { return caller && policy::is_platform(caller->platform_role); }
  bool is_platform_owner() const {
    return caller && caller->platform_role == policy::PlatformRole::platform_owner;
  }
  Scope organization_scope() const { return Scope::organization(organization->id); }
  // What the platform does in the cluster runs in it; nodes' calls run in Scope::cluster.
  Scope cluster_scope() const { return Scope::platform().in(cluster); }

  // An audit entry of this caller, about their organization if the route has one: who acts and
  // when, but not yet what was done.
  AuditEntry audit_entry() const;
  AuditEntry audit(std::string_view action, std::string_view target_kind, std::string target_id,
                   std::string target_name) const {
    return audit_entry().about(action, target_kind, std::move(target_id), std::move(target_name));
  }
};

}  // namespace rap::control
