#include "node/router/egress_gate.hpp"

#include <utility>

namespace rap::router {

using adapters::TargetFailure;
using wire::FlowReason;
using wire::FrameType;

FlowReason reason_of(TargetFailure failure) {
  switch (failure) {
    case TargetFailure::unreachable: return FlowReason::target_unreachable;
    case TargetFailure::refused: return FlowReason::target_refused;
    case TargetFailure::reset: return FlowReason::target_reset;
    case TargetFailure::timeout: return FlowReason::target_timeout;
    case TargetFailure::denied: return FlowReason::target_denied;
    case TargetFailure::lookup_limit: return FlowReason::lookup_limit;
  }
  return FlowReason::target_unreachable;
}

EgressGate::Resources EgressGate::configure(bool enabled,
                                            std::vector<snapshot::ConfiguredResource> resources) {
  enabled_ = enabled;
  std::unordered_map<ResourceId, snapshot::ConfiguredResource> next;
  for (auto& r : resources) next.emplace(r.id, std::move(r));
  Resources gone;
  for (const auto& [id, before] : resources_) {
    const auto after = next.find(id);
    if (after == next.end() || before != after->second) gone.insert(id);
  }
  resources_ = std::move(next);
  return gone;
}

std::expected<EgressGate::Opening, FlowReason> EgressGate::judge(const FlowRight& right,
                                                                 wire::TrafficClass c,
                                                                 WallTime wall) const {
  if (const auto refusal = judge_.refusal(right, c, wall)) return std::unexpected(*refusal);
  const auto known = resources_.find(right.resource);
  if (known == resources_.end() || known->second.organization != right.organization ||
      known->second.pool != right.egress_pool) {
    return std::unexpected(FlowReason::wrong_resource);
  }
  const snapshot::ConfiguredResource& resource = known->second;
  if (const auto against = judge_.against_policy(resource.organization, resource.protocol, c)) {
    return std::unexpected(*against);
  }
  adapters::Adapter* adapter = adapters_.find(resource.protocol);
  if (adapter == nullptr) return std::unexpected(FlowReason::wrong_resource);
  return Opening{adapter,
                 {.resource = resource.id,
                  .organization = resource.organization,
                  .pool = resource.pool,
                  .protocol = resource.protocol,
                  .settings = {resource.host, resource.port},
                  .policy = {judge_.classes_for(right)},
                  .traffic_class = c}};
}

std::optional<FlowReason> EgressGate::against_policy(const FlowRight& right,
                                                     wire::TrafficClass c) const {
  const auto resource = resources_.find(right.resource);
  if (resource == resources_.end()) return std::nullopt;
  return judge_.against_policy(resource->second.organization, resource->second.protocol, c);
}

void EgressGate::opened(const FlowRight& right) {
  ++flows_;
  shares_.opened(right.principal.user);
}

// What a released target still takes is the adapter's, which has a bound of its own for that.
void EgressGate::ended(const FlowRight& right, std::size_t waiting) {
  --flows_;
  shares_.ended(right.principal.user);
  backlog_.left(right.principal.user, waiting);
}

void EgressGate::refuse(LinkId link, const wire::FrameHeader& asked, FlowReason reason,
                        wire::SecurityEvent about) {
  note(link, reason, std::move(about));
  refuse(link, asked, reason);
}

void EgressGate::refuse(LinkId link, const wire::FrameHeader& asked, FlowReason reason) {
  board_.count(reason);
  board_.moved_nothing(link, IdleFrame::refused_request);
  if (Link* l = board_.find(link)) l->flows.erase(asked.label);
  board_.send_reason(link, FrameType::flow_refuse, asked.traffic_class, asked.label, reason);
}

void EgressGate::note(LinkId from, FlowReason reason, wire::SecurityEvent about) {
  if (const Link* link = board_.find(from)) about.peer = link->node;
  ledger_.note_refusal(reason, std::move(about));
}

}  // namespace rap::router
