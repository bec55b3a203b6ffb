// Where a client's request for a flow, or for another path of one, comes in: how many flows there
// may be, of a client, of a person and of all, whether this node takes them at all, and what
// becomes of a request that is refused.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "base/time.hpp"
#include "node/router/admission/flow_judge.hpp"
#include "node/router/admission/recent_sessions.hpp"
#include "node/router/admission/security_ledger.hpp"
#include "node/router/flow_shares.hpp"
#include "node/router/switchboard.hpp"
#include "snapshot/configuration/node_config.hpp"

namespace rap::router {

// A flow that no egress has accepted by then is refused.
inline constexpr Duration kFlowSetupTimeout = std::chrono::seconds{10};
inline constexpr std::size_t kMaxEntryFlows = 16384;
inline constexpr std::size_t kMaxFlowsPerClient = 256;

class EntryGate {
 public:
  EntryGate(Switchboard& board, const FlowJudge& judge, SecurityLedger& ledger)
      : board_(board), judge_(judge), ledger_(ledger) {}

  void configure(NodeId self, bool enabled, std::vector<snapshot::KeyedPool> pools);
  void set_flows_per_client(std::size_t limit) {
    flows_per_client_ = std::min(limit, kMaxFlowsPerClient);
  }
  NodeId self() const { return self_; }
  const FlowJudge& judge() const { return judge_; }
  const snapshot::KeyedPool* pool(EgressPoolId id) const;  // nullptr: it is not known here

  // A client asks for a flow under a label of its own. What is not refused by `admit` has that
  // label from now on. `about` becomes whom the refusal is about.
  using Admit = std::function<std::optional<wire::FlowReason>(wire::SecurityEvent& about)>;
  void ask(LinkId client, const wire::FrameView& frame, const Admit& admit);
  // What is against another flow of this class, of whoever has the right.
  std::optional<wire::FlowReason> judge(const FlowRight& right, wire::TrafficClass c,
                                        WallTime wall) const;
  // Judges too whether the token is for this entry.
  std::optional<wire::FlowReason> judge_token(const crypto::DataPlaneToken& token,
                                              const FlowRight& right, wire::TrafficClass c,
                                              WallTime wall) const;

  // A flow of the client's is there, or one is no more.
  void opened(LinkId client, const FlowRight& right, MonoTime now);
  void ended(const FlowRight& right);
  void end_session(SessionId session) { recent_.forget(session); }
  // Sessions that had a flow of late, open ones included.
  const RecentSessions& recent() const { return recent_; }

 private:
  std::optional<wire::FlowReason> closed_to(const Link& client) const;

  Switchboard& board_;
  const FlowJudge& judge_;
  SecurityLedger& ledger_;
  NodeId self_;
  bool enabled_ = false;
  std::vector<snapshot::KeyedPool> pools_;
  std::size_t flows_per_client_ = kMaxFlowsPerClient;
  std::size_t flows_ = 0;
  FlowShares shares_;  // of these
  RecentSessions recent_;
};

}  // namespace rap::router
