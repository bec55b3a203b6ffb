// The entry's half of a flow: admits a client's token, picks an egress of the token's pool, seals
// the flow to it, and from then on seals what the client sends and opens what comes back.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "crypto/sealing/sealing.hpp"
#include "mesh/routing.hpp"
#include "node/router/flow_pool.hpp"
#include "node/router/recent_sessions.hpp"
#include "node/router/security_table.hpp"
#include "node/router/switchboard.hpp"
#include "node/router/token_guard.hpp"
#include "snapshot/documents.hpp"
#include "snapshot/node_config.hpp"

namespace rap::router {

inline constexpr Duration kFlowSetupTimeout = std::chrono::seconds{10};
inline constexpr std::size_t kMaxEntryFlows = 16384;
inline constexpr std::size_t kMaxFlowsPerClient = 256;

struct EntryFlow {
  LinkId client = 0;
  std::uint32_t client_label = 0;
  LinkId node = 0;
  std::uint32_t node_label = 0;
  wire::TrafficClass traffic_class = wire::TrafficClass::input;
  SessionId session;
  Subject subject;
  OrganizationId organization;
  WallTime session_began;
  std::optional<crypto::SealInitiator> handshake;  // until accepted
  std::optional<crypto::SealedFlow> seal;          // from then on
  MonoTime setup_deadline;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
};

class EntryRole {
 public:
  EntryRole(Switchboard& board, TokenGuard& guard, const SecurityTable& security,
            const mesh::Routing& routing, const mesh::Links& links, RandomSource& rng)
      : board_(board),
        guard_(guard),
        security_(security),
        routing_(routing),
        links_(links),
        rng_(rng) {}

  void configure(NodeId self, bool enabled, std::vector<snapshot::EgressPool> pools);
  void set_policies(snapshot::AppPolicies policies) { policies_ = std::move(policies); }
  void set_flows_per_client(std::size_t limit) {
    flows_per_client_ = std::min(limit, kMaxFlowsPerClient);
  }

  void request(LinkId client, const wire::FrameView& frame, MonoTime now, WallTime wall);
  // The end that the frame came to is of kind entry_client, or entry_node.
  void from_client(FlowEnd& end, const wire::FrameView& frame);
  void from_node(FlowEnd& end, const wire::FrameView& frame);

  // The other side hears why one of the two links is gone.
  void link_lost(std::uint32_t ref, wire::FlowReason reason);
  void end_session(SessionId session);
  // Sessions that had a flow of late, open ones included.
  const RecentSessions& recent() const { return recent_; }
  // Ends the flows of those who are not to be served any more.
  void enforce(WallTime wall);
  // Ends flows that nobody answered, and those of sessions that have lasted as long as they may.
  void expire(MonoTime now, WallTime wall);

  FlowPool<EntryFlow>& flows() { return flows_; }

 private:
  std::optional<wire::FlowReason> admit(LinkId client, const wire::FrameView& frame, MonoTime now,
                                        WallTime wall);
  std::optional<wire::FlowReason> open(LinkId client, const wire::FrameView& frame,
                                       const crypto::DataPlaneToken& token,
                                       const snapshot::PoolMember& member, LinkId next,
                                       MonoTime now, WallTime wall);
  void accepted(std::uint32_t ref, EntryFlow& flow, ByteView second_message);
  void client_data(std::uint32_t ref, EntryFlow& flow, FlowEnd& end, ByteView data);
  void node_data(std::uint32_t ref, EntryFlow& flow, FlowEnd& end, MutableBytes sealed);
  void fin(std::uint32_t ref, EntryFlow& flow, FlowEnd& end, ByteView payload);
  void drop(std::uint32_t ref);
  void reset_both(std::uint32_t ref, wire::FlowReason reason);

  Switchboard& board_;
  TokenGuard& guard_;
  const SecurityTable& security_;
  const mesh::Routing& routing_;
  const mesh::Links& links_;
  RandomSource& rng_;
  NodeId self_;
  bool enabled_ = false;
  std::vector<snapshot::EgressPool> pools_;
  snapshot::AppPolicies policies_;
  std::size_t flows_per_client_ = kMaxFlowsPerClient;
  FlowPool<EntryFlow> flows_;
  RecentSessions recent_;
};

}  // namespace rap::router
