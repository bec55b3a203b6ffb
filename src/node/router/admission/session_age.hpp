// How long a session may last. Every token says when its session began, so entry and egress end
// what an organization's policy lets last no longer by themselves, also while the control plane is
// away.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "snapshot/configuration/documents.hpp"

namespace rap::router {

// Has a session that began then reached what the organization's policy allows?
inline bool is_overlong(const snapshot::AppPolicies& policies, OrganizationId organization,
                        WallTime began, WallTime now) {
  const auto policy = policies.find(organization);
  return policy != policies.end() && policy->second.max_session &&
         now - began >= *policy->second.max_session;
}

}  // namespace rap::router
