// The entry's half of a flow that it seals for the client: admits a client's token, asks an egress
// of the token's pool and, when that one does not get to the target, another, seals the flow to it,
// and from then on seals what the client sends and opens what comes back.
#pragma once

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
#include "node/router/admission/flow_right.hpp"
#include "node/router/admission/security_ledger.hpp"
#include "node/router/admission/token_admission.hpp"
#include "node/router/entry_gate.hpp"
#include "node/router/flow_pool.hpp"
#include "node/router/switchboard.hpp"
#include "node/router/unreached.hpp"

namespace rap::router {

// An egress that says nothing for this long is given up for another, once for each flow: an adapter
// may take almost as long to connect.
inline constexpr Duration kEgressPatience = std::chrono::seconds{4};
inline constexpr std::size_t kMaxEgressesAsked = 3;  // for one flow
// What comes of all of them before a client took a byte, with what is around each frame, has room.
static_assert(kMaxFlowsPerClient * flow::kFirstWindow * 9 / 8 <= kMaxClientQueue);
static_assert(kMaxFlowsOfAUser * flow::kFirstWindow * 9 / 8 <= kMaxUserQueue);

// What is known of a flow while no egress has accepted it.
struct EntrySetup {
  std::string token;
  std::vector<NodeId> asked;  // egresses; the last one has not answered
  std::optional<wire::FlowReason> answer;  // the most telling of the others'
  std::optional<crypto::SealInitiator> handshake;  // with the last one
  MonoTime patience;  // the last one has until then
  MonoTime deadline;
};

struct EntryFlow : FlowRight {
  LinkId client = 0;
  std::uint32_t client_label = 0;
  LinkId node = 0;
  std::uint32_t node_label = 0;
  wire::TrafficClass traffic_class = wire::TrafficClass::input;
  std::unique_ptr<EntrySetup> setup;  // until accepted
  std::optional<crypto::SealedFlow> seal;  // from then on
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
};

class EntryRole {
 public:
  EntryRole(Switchboard& board, EntryGate& gate, TokenAdmission& admission, SecurityLedger& ledger,
            const mesh::Routing& routing, const mesh::Links& links, RandomSource& rng)
      : board_(board),
        gate_(gate),
        admission_(admission),
        ledger_(ledger),
        routing_(routing),
        links_(links),
        rng_(rng) {}

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
                                       const FlowRight& right, const crypto::DataPlaneToken& token);
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
  EntryGate& gate_;
  TokenAdmission& admission_;
  SecurityLedger& ledger_;
  const mesh::Routing& routing_;
  const mesh::Links& links_;
  RandomSource& rng_;
  FlowPool<EntryFlow> flows_;
  Unreached unreached_;
  std::array<std::uint64_t, wire::kFlowReasonNames.size()> retries_{};
  MonoTime now_{};
};

}  // namespace rap::router
