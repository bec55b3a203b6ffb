// The flows of one client that end here and at the egress (docs/protocol/flows.md),
// without sockets: over connections to several entries, each going on by another one when the one
// it has is lost.
//
//            accept                  path lost
//   asks ──────────────► has a path ──────────► asks again ─┐ later and later, by each entry
//    │                       │  ▲                  │   ▲────┘
//    │ no token, no egress   │  └──────accept──────┤
//    ▼                       ▼                     ▼
//   gone                    gone, by what came sealed, by what every entry says again and again,
//                           or held for too long
//
// Memory is bounded: each flow keeps at most flow::kMaxTail for the other end, all together
// kMaxClientTails, and a connection's queue holds at most one FlowPath::most_queued of each class
// and what no window holds back. What came and was not taken is at most one window a flow.
//
// Flows of one class on one connection take turns.
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/flows/client_keys.hpp"
#include "client/flows/flow_link.hpp"
#include "client/flows/flow_ports.hpp"
#include "client/flows/unreached.hpp"
#include "node/flow/sealed/sealed_end.hpp"

namespace rap::client {

// The egress may notice so much later that a flow has no path.
inline constexpr Duration kHoldLonger = flow::kHearWithin;
inline constexpr std::size_t kMaxClientTails = std::size_t{64} * 1024 * 1024;
// A new flow is answered within this: its target may be slow, and nodes give up before.
inline constexpr Duration kOpenPatience = std::chrono::seconds{60};
// An egress that says nothing for this long is given up for another, once for each flow: an adapter
// may take almost as long to connect.
inline constexpr Duration kEgressPatience = std::chrono::seconds{4};
// Asking for another path costs a round trip to the egress, or before it a connection; who waits
// for longer asks by another entry.
inline constexpr Duration kDialPatience = std::chrono::seconds{4};
inline constexpr Duration kPathPatience = std::chrono::seconds{10};

struct ClientFlow;
struct PathTrouble;

class SealedFlows {
 public:
  // The dialler and the randomness outlive it. All flows together keep at most `tails`.
  SealedFlows(LinkDialler& dialler, ClientKeys keys, RandomSource& rng,
              std::size_t tails = kMaxClientTails);
  ~SealedFlows();

  // --- commands of those who use flows
  // ------------------------------------------------------------

  // The attachment has candidates, and terms to resume. Nothing is heard from within.
  FlowNumber open(MonoTime now, SealedFlowUser& user, const Attachment& attachment,
                  wire::TrafficClass c);
  // With other tokens, after flow_lacks_tokens().
  void open_again(MonoTime now, FlowNumber flow, const Attachment& attachment);
  // Takes bytes of the local stream; returns how many. With room() below flow::kTailRoom afterwards
  // the local stream had better rest until flow_writable().
  std::size_t take(MonoTime now, FlowNumber flow, ByteView bytes);
  std::size_t room(FlowNumber flow) const;
  void finish(MonoTime now, FlowNumber flow);  // the local stream has said all
  void consumed(MonoTime now, FlowNumber flow, std::size_t bytes);
  // The user is gone, and hears nothing more: the flow breaks.
  void leave(MonoTime now, FlowNumber flow);

  // --- the connections
  // ----------------------------------------------------------------------------

  // `exporter`: what TLS exports of it under crypto::kResumeExporterLabel.
  void link_up(MonoTime now, LinkNumber link, Bytes exporter);
  // It is gone, or never was; the number is heard of no more.
  void link_lost(MonoTime now, LinkNumber link, wire::FallbackCause cause,
                 const std::string& detail);
  // One message: whole frames. After an error the connection must be closed.
  std::expected<void, std::string_view> receive(MonoTime now, LinkNumber link,
                                                MutableBytes message);
  // Until link_lost().
  flow::SendQueue& output(LinkNumber link) { return links_.at(link)->queue; }
  // There is room in it again.
  void drained(MonoTime now, LinkNumber link);
  // A connection to the entry is made if there is none, for no flow. It is idle until one takes it.
  void reach(const Candidate& entry) { link_to(entry); }
  bool is_idle(LinkNumber link) const;
  // What there is carries its flows to their end, and no new one: who is believed has changed.
  void retire_links();

  // --- time
  // ---------------------------------------------------------------------------------------

  void tick(MonoTime now);
  std::optional<MonoTime> next_tick() const { return wake_at_; }

  // Flows that have lost their path, since when the first of them has, and what the last one to ask
  // heard.
  struct Away {
    std::size_t flows = 0;
    MonoTime since{};
    std::string entry;  // host:port of whoever is asked
    std::string detail;
  };
  std::optional<Away> away() const;

  std::size_t size() const { return flows_.size(); }
  std::size_t links() const { return links_.size(); }
  std::size_t tail_bytes() const { return memory_.held_bytes(); }
  const Unreached& unreached() const { return unreached_; }

 private:
  ClientFlow* find(FlowNumber flow) const;
  FlowLink* find_link(LinkNumber link) const;
  FlowLink& link_to(const Candidate& entry);

  // Asking, for a first path or another one (sealed_flows_asking.cpp).
  std::vector<NodeId> egresses_for(MonoTime now, const Attachment& attachment) const;
  void ask(MonoTime now, ClientFlow& flow);
  void ask_by(MonoTime now, ClientFlow& flow, std::size_t candidate);
  void send_question(MonoTime now, ClientFlow& flow, FlowLink& link);
  Bytes question(const ClientFlow& flow, const FlowLink& link, ByteView first_message) const;
  void answered(MonoTime now, ClientFlow& flow, FlowLink& link, const wire::FrameView& frame);
  void accepted(MonoTime now, ClientFlow& flow, FlowLink& link, ByteView answer);
  void refused(MonoTime now, ClientFlow& flow, FlowLink& link, wire::FlowReason reason);
  void take_back(ClientFlow& flow, wire::FlowReason reason);
  void failed(MonoTime now, ClientFlow& flow, const PathTrouble& trouble);
  void exhausted(ClientFlow& flow);

  std::expected<void, std::string_view> frame(MonoTime now, FlowLink& link,
                                              const wire::FrameView& frame);
  // Everything that happens to the sealed end is done in what(SealedEnd&). The flow may be gone
  // afterwards.
  template <class What>
  void with(MonoTime now, ClientFlow& flow, What what) {
    what(enter(flow));
    settle(now, flow);
  }
  flow::SealedEnd& enter(ClientFlow& flow);
  void settle(MonoTime now, ClientFlow& flow);
  void forget_path(ClientFlow& flow, std::uint64_t path);
  void tell(FlowNumber flow);
  void end(FlowNumber flow, wire::FlowEnding ending);
  void look_at(MonoTime now, FlowNumber flow);
  void wake_by(MonoTime when);
  void wake_for(const ClientFlow& flow);
  void has_output(FlowLink& link);

  LinkDialler& dialler_;
  ClientKeys keys_;
  RandomSource& rng_;
  flow::TailMemory memory_;  // outlives the flows
  Unreached unreached_;
  std::map<LinkNumber, std::unique_ptr<FlowLink>> links_;
  std::map<FlowNumber, std::unique_ptr<ClientFlow>> flows_;
  FlowNumber next_flow_ = 1;
  LinkNumber next_link_ = 1;
  std::uint64_t next_path_ = 1;
  std::optional<MonoTime> wake_at_;  // nothing is due before
};

}  // namespace rap::client
