// Where a request for a flow comes in that ends at this node: which
// resources there are here, who may have one opened, how much all of a person's flows may take, and
// what becomes of a request that is refused.
#pragma once

#include <expected>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "adapters/contract/adapter_set.hpp"
#include "node/router/admission/flow_judge.hpp"
#include "node/router/admission/security_ledger.hpp"
#include "node/router/flow_shares.hpp"
#include "node/router/switchboard.hpp"
#include "node/router/target_backlog.hpp"
#include "snapshot/configuration/node_config.hpp"

namespace rap::router {

inline constexpr std::size_t kMaxEgressFlows = 16384;

// What the client hears of a target that was not opened, or was lost.
wire::FlowReason reason_of(adapters::TargetFailure failure);

class EgressGate {
 public:
  EgressGate(Switchboard& board, const FlowJudge& judge, SecurityLedger& ledger,
             adapters::AdapterSet adapters)
      : board_(board), judge_(judge), ledger_(ledger), adapters_(adapters) {}

  // Those of before that are no longer there, or are others now: their flows end.
  using Resources = std::unordered_set<ResourceId>;
  Resources configure(bool enabled, std::vector<snapshot::ConfiguredResource> resources);
  const FlowJudge& judge() const { return judge_; }

  bool is_ready() const { return enabled_ && judge_.is_ready(); }
  bool is_full() const { return flows_ >= kMaxEgressFlows; }

  // What is opened for whoever has the right, and by whom.
  struct Opening {
    adapters::Adapter* adapter = nullptr;
    adapters::ResourceRequest request;
  };
  std::expected<Opening, wire::FlowReason> judge(const FlowRight& right, wire::TrafficClass c,
                                                 WallTime wall) const;
  bool has_room(UserId user) const { return shares_.has_room(user); }
  // What policy has against a flow that there is.
  std::optional<wire::FlowReason> against_policy(const FlowRight& right,
                                                 wire::TrafficClass c) const;

  // A flow is there, or one is no more, for whose target so much still waited.
  void opened(const FlowRight& right);
  void ended(const FlowRight& right, std::size_t waiting);
  TargetBacklog& backlog() { return backlog_; }

  // The neighbour hears why. `about` is whom it is about.
  void refuse(LinkId link, const wire::FrameHeader& asked, wire::FlowReason reason,
              wire::SecurityEvent about);
  void refuse(LinkId link, const wire::FrameHeader& asked, wire::FlowReason reason);
  // An event is noted by the neighbour it came from: which node asked is sealed.
  void note(LinkId from, wire::FlowReason reason, wire::SecurityEvent about);

 private:
  Switchboard& board_;
  const FlowJudge& judge_;
  SecurityLedger& ledger_;
  adapters::AdapterSet adapters_;
  bool enabled_ = false;
  std::unordered_map<ResourceId, snapshot::ConfiguredResource> resources_;
  std::size_t flows_ = 0;
  FlowShares shares_;  // of these
  TargetBacklog backlog_;  // of these
};

}  // namespace rap::router
