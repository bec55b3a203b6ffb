#include "node/router/admission/flow_judge.hpp"

namespace rap::router {

using wire::FlowReason;

std::optional<FlowReason> FlowJudge::refusal(const FlowRight& right, wire::TrafficClass c,
                                             WallTime now) const {
  if (const auto refusal = barred(right, now)) return refusal;
  if (!classes_for(right).contains(c)) return FlowReason::channel_class_denied;
  if (is_overlong(right, now)) return FlowReason::session_ended;
  return std::nullopt;
}

std::optional<FlowReason> FlowJudge::against_policy(OrganizationId organization,
                                                    policy::Protocol protocol,
                                                    wire::TrafficClass c) const {
  const auto* policy = policy_of(organization);
  if (policy == nullptr) return std::nullopt;
  if (!policy->classes.contains(c)) return FlowReason::channel_class_denied;
  if (!policy->allows_protocol(protocol)) return FlowReason::wrong_resource;
  return std::nullopt;
}

wire::TrafficClassSet FlowJudge::classes_for(const FlowRight& right) const {
  const auto* policy = policy_of(right.organization);
  return policy == nullptr ? right.classes : right.classes.intersect(policy->classes);
}

Duration FlowJudge::hold(OrganizationId organization) const {
  const auto* policy = policy_of(organization);
  return policy == nullptr ? Duration(snapshot::AppPolicy{}.flow_hold) : policy->flow_hold;
}

}  // namespace rap::router
