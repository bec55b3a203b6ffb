// The flows that end at one egress, by the ids it gave them: who may go on with which, and how much
// is held for those that have no path.
//
// Whoever asks for a flow to go on proves by the handshake that they have the key that opened it,
// and shows a grant for just what it was opened for: a grant of another resource, which may be good
// for longer, goes on with none of this one's. Somebody else's flow and one that is not there are
// answered alike. Whether they still may is the caller's to judge, by the credential in the first
// message. Each request for a path is answered once, and no older one after it: who repeats what a
// client sent displaces none of its offers.
//
// A flow without a path is held within bounds: so many of a person and of all, so many bytes of a
// person and of all. Beyond them the longest held of the person, or of all, ends. What flows keep
// for their clients, with a path or without, has bounds of a person and of all, too: beyond them
// each keeps no more than kTailRoom.
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "crypto/tokens/resume_grant.hpp"
#include "node/flow/sealed/sealed_end.hpp"

namespace rap::flow {

struct HoldBounds {
  std::size_t flows = 4096;
  std::size_t flows_of_one = 256;
  std::size_t bytes = std::size_t{1024} * 1024 * 1024;
  std::size_t bytes_of_one = std::size_t{64} * 1024 * 1024;
  std::size_t tails = std::size_t{1024} * 1024 * 1024;
  std::size_t tails_of_one = std::size_t{64} * 1024 * 1024;
};
static_assert(HoldBounds{}.flows * kHeldTail <= HoldBounds{}.bytes &&
              HoldBounds{}.flows_of_one * kHeldTail <= HoldBounds{}.bytes_of_one);

// Whose a flow is and what for: what the token says that opens it, and every grant by which it goes
// on.
struct FlowRights {
  UserId user;
  SessionId session;
  OrganizationId organization;
  ResourceId resource;
  EgressPoolId egress_pool;

  static FlowRights of(const crypto::ResumeGrant& grant) {
    return {grant.user, grant.session, grant.organization, grant.resource, grant.egress_pool};
  }
  bool operator==(const FlowRights&) const = default;
};

// A client's first message, opened.
struct FlowArrival {
  crypto::SealResponder handshake;
  crypto::X25519Public client{};  // whose key it is: proven once a record follows the answer
  wire::TrafficClass traffic_class = wire::TrafficClass::input;
  std::optional<wire::FlowId> resumes;
  std::uint64_t attempt = 0;
  std::string credential;
};

class ResumableFlows {
 public:
  // `rng` outlives it.
  ResumableFlows(const crypto::X25519KeyPair& key, RandomSource& rng, HoldBounds bounds = {})
      : key_(key), rng_(rng), bounds_(bounds), memory_(bounds.tails) {}

  // What first messages are for from now on; flows that there are go on.
  void set_key(const crypto::X25519KeyPair& key) { key_ = key; }

  std::expected<FlowArrival, wire::FlowReason> read(ByteView first_message);

  struct Opened {
    wire::FlowId flow;
    Bytes answer;  // for the client
  };
  // A new flow, whose target is open: the caller has judged the token, and that it names the
  // client's key. `events` outlives the flow.
  Opened open(MonoTime now, FlowArrival arrival, const FlowPath& path, const FlowRights& rights,
              SealedEndEvents& events, ReliableLimits limits = {});
  // Another path for a flow: the caller has judged the grant, which is the arrival's credential;
  // that it is one for this flow is judged here. The answer for the client.
  std::expected<Bytes, wire::FlowReason> resume(MonoTime now, FlowArrival arrival,
                                                const FlowPath& path,
                                                const crypto::ResumeGrant& grant);

  // Everything else that happens to a flow is done in what(SealedEnd&); false: there is none.
  template <class What>
  bool with(MonoTime now, const wire::FlowId& flow, What what) {
    const auto it = flows_.find(flow);
    if (it == flows_.end()) return false;
    what(*it->second.end);
    settle(now, it);
    return true;
  }
  // The flows that have something to do by now, until the next call: each gets its wakeup().
  const std::vector<wire::FlowId>& due(MonoTime now);
  void tick(MonoTime now);
  // When tick() is to be called next; it may come to do nothing then.
  std::optional<MonoTime> next_wakeup() const {
    return wakeups_.empty() ? std::nullopt : std::optional(wakeups_.begin()->first);
  }

  std::size_t size() const { return flows_.size(); }
  std::size_t held() const { return held_.size(); }
  std::size_t held_bytes() const { return held_bytes_; }
  std::size_t tail_bytes() const { return memory_.held_bytes(); }

 private:
  using HeldSince = std::pair<MonoTime, std::uint64_t>;  // and which came first
  struct Flow {
    FlowRights rights;
    crypto::X25519Public client{};
    wire::TrafficClass traffic_class = wire::TrafficClass::input;
    std::unique_ptr<SealedEnd> end;
    std::uint64_t answered = 0;  // the highest attempt
    std::optional<HeldSince> held;
    std::size_t reserved = 0;  // of the bytes that may be held
    std::optional<MonoTime> wakes;  // no later than it has something to do
  };
  using Held = std::map<HeldSince, wire::FlowId>;
  // What one person has.
  struct Share {
    std::size_t flows = 0;
    TailShare tails;
    Held held;
    std::size_t held_bytes = 0;
  };
  using Flows = std::map<wire::FlowId, Flow>;

  static bool covers(const crypto::ResumeGrant& grant, const Flow& flow);
  // Notes what became of a flow; it may be gone afterwards.
  void settle(MonoTime now, Flows::iterator flow);
  void note_wakeup(Flows::iterator flow);
  void hold(MonoTime now, Flows::iterator flow);
  void let_go(Flow& flow);
  void forget(Flows::iterator flow);
  void keep_within_bounds(MonoTime now, const Share& share);
  void end_longest_held(MonoTime now, const Held& held);

  crypto::X25519KeyPair key_;
  RandomSource& rng_;
  HoldBounds bounds_;
  // These outlive the flows.
  TailMemory memory_;
  std::map<UserId, Share> shares_;
  Flows flows_;
  Held held_;
  std::size_t held_bytes_ = 0;
  std::uint64_t next_held_ = 0;
  // A flow's is moved when it becomes earlier, and otherwise once it has come: what flows do from
  // frame to frame moves none.
  std::set<std::pair<MonoTime, wire::FlowId>> wakeups_;
  std::vector<wire::FlowId> due_;  // of one tick
};

}  // namespace rap::flow
