// The entry's half of a flow: admits a client's token, asks an egress of the token's pool and, when
// that one does not get to the target, another, seals the flow to it, and from then on seals what
// the client sends and opens what comes back.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "crypto/sealing/sealing.hpp"
#include "mesh/routing.hpp"
#include "node/flow/opening_window.hpp"
#include "node/router/admission/recent_sessions.hpp"
#include "node/router/admission/security_ledger.hpp"
#include "node/router/admission/security_table.hpp"
#include "node/router/admission/token_admission.hpp"
#include "node/router/flow_pool.hpp"
#include "node/router/flow_shares.hpp"
#include "node/router/switchboard.hpp"
#include "node/router/unreached.hpp"
#include "snapshot/configuration/documents.hpp"
#include "snapshot/configuration/node_config.hpp"

namespace rap::router {

inline constexpr Duration kFlowSetupTimeout = std::chrono::seconds{10};
// An egress that says nothing for this long is given up for another, once for each flow: an adapter
// may take almost as long to connect.
inline constexpr Duration kEgressPatience = std::chrono::seconds{4};
inline constexpr std::size_t kMaxEgressesAsked = 3;  // for one flow
inline constexpr std::size_t kMaxEntryFlows = 16384;
inline constexpr std::size_t kMaxFlowsPerClient = 256;
// What comes of all of them before a client took a byte, with what is around each frame, has room.
static_assert(kMaxFlowsPerClient * flow::kFirstWindow * 9 / 8 <= kMaxClientQueue);
static_assert(kMaxFlowsOfAUser * flow::kFirstWindow * 9 / 8 <= kMaxUserQueue);

// What is known of a flow while no egress has accepted it.
struct EntrySetup {
  std::string token;
  EgressPoolId pool;
  std::vector<NodeId> asked;  // egresses; the last one has not answered
  std::optional<wire::FlowReason> answer;  // the most telling of the others'
  std::optional<crypto::SealInitiator> handshake;  // with the last one
  MonoTime patience;  // the last one has until then
  MonoTime deadline;
};

struct EntryFlow {
  LinkId client = 0;
  std::uint32_t client_label = 0;
  LinkId node = 0;
  std::uint32_t node_label = 0;
  wire::TrafficClass traffic_class = wire::TrafficClass::input;
  SessionId session;
  FlowPrincipal principal;
  OrganizationId organization;
  ResourceId resource;
  WallTime session_began;
  std::unique_ptr<EntrySetup> setup;  // until accepted
  std::optional<crypto::SealedFlow> seal;  // from then on
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
};

class EntryRole {
 public:
  EntryRole(Switchboard& board, TokenAdmission& admission, const SecurityTable& security,
            SecurityLedger& ledger, const mesh::Routing& routing, const mesh::Links& links,
            RandomSource& rng)
      : board_(board),
        admission_(admission),
        security_(security),
        ledger_(ledger),
        routing_(routing),
        links_(links),
        rng_(rng) {}

  void configure(NodeId self, bool enabled, std::vector<snapshot::KeyedPool> pools);
  void set_policies(snapshot::AppPolicies policies) { policies_ = std::move(policies); }
  void set_flows_per_client(std::size_t limit) {
    flows_per_client_ = std::min(limit, kMaxFlowsPerClient);
  }

  // Every later call is of this moment.
  void advance(MonoTime now) { now_ = now; }
  void request(LinkId client, const wire::FrameView& frame, WallTime wall);
  // The end that the frame came to is of kind entry_client, or entry_node.
  void from_client(FlowEnd& end, const wire::FrameView& frame);
  void from_node(FlowEnd& end, const wire::FrameView& frame);

  // One of the two links is gone. The other side hears why, unless another egress can be asked.
  void client_lost(std::uint32_t ref, wire::FlowReason reason) { reset_both(ref, reason); }
  void node_lost(std::uint32_t ref, wire::FlowReason reason);
  void end_session(SessionId session);
  // Sessions that had a flow of late, open ones included.
  const RecentSessions& recent() const { return recent_; }
  // Ends the flows of those who are not to be served any more.
  void enforce(WallTime wall);
  // Ends flows that nobody answered, and those of sessions that have lasted as long as they may.
  void expire(WallTime wall);

  FlowPool<EntryFlow>& flows() { return flows_; }
  // How often another egress was asked, by what the one before it said.
  const auto& retries() const { return retries_; }
  const Unreached& unreached() const { return unreached_; }

 private:
  // The next egress to ask, and the link to it.
  struct Hop {
    snapshot::PoolMember egress;
    LinkId link = 0;
  };

  // `about` becomes whom the refusal is about.
  std::optional<wire::FlowReason> admit(LinkId client, const wire::FrameView& frame, WallTime wall,
                                        wire::SecurityEvent& about);
  std::optional<wire::FlowReason> open(LinkId client, const wire::FrameView& frame,
                                       const crypto::DataPlaneToken& token);
  std::optional<Hop> next_hop(const EntryFlow& flow) const;
  std::optional<std::uint32_t> label_on(LinkId link, const EntryFlow& flow);
  void ask(std::uint32_t ref, EntryFlow& flow, const Hop& hop, std::uint32_t label);
  // False: there is no other egress to ask, or this is no reason to.
  bool ask_another(std::uint32_t ref, EntryFlow& flow, wire::FlowReason reason);
  // What the client hears when the last egress said `reason`.
  static wire::FlowReason answer_to_client(const EntryFlow& flow, wire::FlowReason reason);
  void refused(std::uint32_t ref, EntryFlow& flow, wire::FlowReason reason);
  void accepted(std::uint32_t ref, EntryFlow& flow, ByteView second_message);
  void client_data(std::uint32_t ref, EntryFlow& flow, FlowEnd& end, ByteView data);
  void node_data(std::uint32_t ref, EntryFlow& flow, FlowEnd& end, MutableBytes sealed);
  void fin(std::uint32_t ref, EntryFlow& flow, FlowEnd& end, ByteView payload);
  void drop(std::uint32_t ref);
  void note_broken_seal(const EntryFlow& flow);
  void reset_both(std::uint32_t ref, wire::FlowReason reason);

  Switchboard& board_;
  TokenAdmission& admission_;
  const SecurityTable& security_;
  SecurityLedger& ledger_;
  const mesh::Routing& routing_;
  const mesh::Links& links_;
  RandomSource& rng_;
  NodeId self_;
  bool enabled_ = false;
  std::vector<snapshot::KeyedPool> pools_;
  snapshot::AppPolicies policies_;
  std::size_t flows_per_client_ = kMaxFlowsPerClient;
  FlowPool<EntryFlow> flows_;
  FlowShares shares_;  // of these
  RecentSessions recent_;
  Unreached unreached_;
  std::array<std::uint64_t, wire::kFlowReasonNames.size()> retries_{};
  MonoTime now_{};
};

}  // namespace rap::router
