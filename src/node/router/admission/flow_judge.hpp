// May this person have this flow, by the security data and their organization's policy? An entry
// and an egress ask the same, each for itself.
#pragma once

#include <optional>
#include <utility>

#include "node/router/admission/flow_right.hpp"
#include "node/router/admission/security_table.hpp"
#include "node/router/admission/session_age.hpp"
#include "snapshot/configuration/documents.hpp"
#include "wire/flow_reason.hpp"

namespace rap::router {

class FlowJudge {
 public:
  explicit FlowJudge(const SecurityTable& security) : security_(security) {}

  void set_policies(snapshot::AppPolicies policies) { policies_ = std::move(policies); }

  // Before the security data is there, nobody new is let in.
  bool is_ready() const { return security_.is_complete(); }
  // Is a new flow of this class, or another path for one, to be refused?
  std::optional<wire::FlowReason> refusal(const FlowRight& right, wire::TrafficClass c,
                                          WallTime now) const;
  // Is the person of a flow that is there not to be served any more?
  std::optional<wire::FlowReason> barred(const FlowRight& right, WallTime now) const {
    return security_.refusal(right.principal, now);
  }
  // Has its session lasted as long as it may?
  bool is_overlong(const FlowRight& right, WallTime now) const {
    return router::is_overlong(policies_, right.organization, right.session_began, now);
  }
  // What the organization's policy has against it.
  std::optional<wire::FlowReason> against_policy(OrganizationId organization,
                                                 policy::Protocol protocol,
                                                 wire::TrafficClass c) const;
  // What the right and the policy both allow.
  wire::TrafficClassSet classes_for(const FlowRight& right) const;
  // How long a flow is held without a path.
  Duration hold(OrganizationId organization) const;

 private:
  const snapshot::AppPolicy* policy_of(OrganizationId organization) const {
    const auto policy = policies_.find(organization);
    return policy == policies_.end() ? nullptr : &policy->second;
  }

  const SecurityTable& security_;
  snapshot::AppPolicies policies_;
};

}  // namespace rap::router
