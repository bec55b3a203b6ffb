// The entry's part in a flow: it admits the client by a token, or by a grant
// and its proof, and then hands frames on as a relay does, between the client's label and one
// towards the egress that the client chose. It reads none of them, and still knows whose flow it
// is, so that it ends with what ends the person's right to it.
//
//   flow_request, flow_resume ── judged ──► flow_attach ──► flow_accept ──► records, both ways
//                                    │             └ flow_refuse, no answer in time ─► refused
//                                    └─► refused
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "crypto/keys/digest.hpp"
#include "mesh/routing.hpp"
#include "node/flow/opening_window.hpp"
#include "node/router/admission/flow_right.hpp"
#include "node/router/admission/token_admission.hpp"
#include "node/router/entry_gate.hpp"
#include "node/router/flow_pool.hpp"
#include "node/router/switchboard.hpp"
#include "wire/frames/flow_frames.hpp"

namespace rap::router {

// An entry that ends an accepted path for what ends the person's right takes nothing more from the
// client at once, and leaves the egress, which ends the flow for the same, so long from its next
// tick on to say it sealed: what an entry says in clear a client believes only when it hears it
// again and again. Of an address the egress knows nothing: whoever's is blocked is cut off at once.
inline constexpr Duration kLastWords = std::chrono::milliseconds{500};

// A client's path for a flow, here.
struct EntryPath : FlowRight {
  LinkId client = 0;
  std::uint32_t client_label = 0;
  LinkId node = 0;
  std::uint32_t node_label = 0;
  wire::TrafficClass traffic_class = wire::TrafficClass::input;
  bool resumes = false;  // the flow was there before
  bool accepted = false;
  std::optional<wire::FlowReason> ends;  // why the egress alone is heard
  std::optional<MonoTime> deadline;  // until it is accepted, or ends
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
};

// What comes of all flows of a client, or a person, before one byte is taken has room.
static_assert(kMaxFlowsPerClient * flow::kFirstWindow * 9 / 8 <= kMaxClientQueue);
static_assert(kMaxFlowsOfAUser * flow::kFirstWindow * 9 / 8 <= kMaxUserQueue);

class EntryRole {
 public:
  EntryRole(Switchboard& board, EntryGate& gate, TokenAdmission& admission,
            const mesh::Routing& routing, const mesh::Links& links)
      : board_(board), gate_(gate), admission_(admission), routing_(routing), links_(links) {}

  // Every later call is of this moment.
  void advance(MonoTime now) { now_ = now; }
  void request(LinkId client, const wire::FrameView& frame, WallTime wall);
  void resume(LinkId client, const wire::FrameView& frame, WallTime wall);
  // The end that the frame came to is of kind entry_path.
  void from_client(FlowEnd& end, const wire::FrameView& frame);
  void from_node(FlowEnd& end, const wire::FrameView& frame);

  // One of the two links is gone. The other side hears why.
  void lost(std::uint32_t ref, wire::FlowReason reason) { reset_both(ref, reason); }
  void end_session(SessionId session);
  // Ends the paths of those who are not to be served any more.
  void enforce(WallTime wall);
  // Ends paths that nobody answered, and those of sessions that have lasted as long as they may.
  void expire(WallTime wall);

  FlowPool<EntryPath>& flows() { return paths_; }

 private:
  // What a client asks for once it may.
  struct Wanted {
    LinkId client = 0;
    wire::FrameHeader header;
    const FlowRight& right;
    NodeId egress;
    crypto::Sha256 credential;  // what it is judged by
    ByteView first_message;
    const crypto::DataPlaneToken* token = nullptr;  // nullptr: by a grant
  };

  std::optional<wire::FlowReason> admit(LinkId client, const wire::FrameView& frame, WallTime wall,
                                        wire::SecurityEvent& about);
  std::optional<wire::FlowReason> admit_again(LinkId client, const wire::FrameView& frame,
                                              WallTime wall, wire::SecurityEvent& about);
  std::optional<wire::FlowReason> open(const Wanted& wanted);
  void pass(LinkId from, std::uint32_t label, FlowEnd& end, const wire::FrameView& frame);
  void drop(std::uint32_t ref);
  void reset_both(std::uint32_t ref, wire::FlowReason reason);
  void end(EntryPath& path, std::uint32_t ref, wire::FlowReason reason);

  Switchboard& board_;
  EntryGate& gate_;
  TokenAdmission& admission_;
  const mesh::Routing& routing_;
  const mesh::Links& links_;
  FlowPool<EntryPath> paths_;
  MonoTime now_{};
};

}  // namespace rap::router
