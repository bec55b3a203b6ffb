// What a token or a resume grant lets one client have: whose flow it is, and what for. Entry and
// egress judge it before the flow is there, and again for as long as it is.
#pragma once

#include <optional>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "node/router/admission/security_table.hpp"
#include "wire/traffic_class.hpp"

namespace rap::router {

struct FlowRight {
  FlowPrincipal principal;
  SessionId session;
  OrganizationId organization;
  ResourceId resource;
  EgressPoolId egress_pool;
  wire::TrafficClassSet classes;
  WallTime session_began;
};

// `claims` are a DataPlaneToken or a ResumeGrant, whose names are the same.
template <class Claims>
FlowRight right_of(const Claims& claims, const std::optional<policy::IpAddress>& address = {}) {
  const auto device = claims.device.is_nil() ? std::nullopt : std::optional(claims.device);
  return {.principal = {claims.user, claims.auth_epoch, device, address},
          .session = claims.session,
          .organization = claims.organization,
          .resource = claims.resource,
          .egress_pool = claims.egress_pool,
          .classes = claims.classes,
          .session_began = claims.session_began};
}

}  // namespace rap::router
