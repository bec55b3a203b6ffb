// The egress's half of a flow that an entry seals: opens the sealed request, checks the token again
// on its own, opens the resource with the adapter of its protocol if it is one of the configured
// ones, and from then on seals what the target says.
#pragma once

#include <optional>

#include "adapters/contract/adapter.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "crypto/sealing/sealing.hpp"
#include "node/flow/opening_window.hpp"
#include "node/router/admission/flow_right.hpp"
#include "node/router/admission/token_admission.hpp"
#include "node/router/egress_gate.hpp"
#include "node/router/flow_pool.hpp"
#include "node/router/switchboard.hpp"

namespace rap::router {

using adapters::TargetFailure;
using adapters::TargetId;

struct EgressFlow : FlowRight {
  LinkId link = 0;
  std::uint32_t label = 0;
  wire::TrafficClass traffic_class = wire::TrafficClass::input;
  adapters::Adapter* adapter = nullptr;  // which has opened the target
  std::optional<crypto::SealResponder> handshake;  // until the target answers
  std::optional<crypto::SealedFlow> seal;  // from then on
  flow::SendWindow window;  // what we may still send
  flow::OpeningWindow opening;  // how much of that is used now
  flow::ReceiveWindow consumed;  // what the target took and we have not credited
  bool fin_sent = false;
  bool blocked = false;  // the target has more than the window lets pass, or the entry takes now
  bool paused = false;  // the entry takes nothing now
  std::size_t waiting = 0;  // bytes that the target has not taken yet
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
};

class EgressRole final : public adapters::TargetEvents {
 public:
  EgressRole(Switchboard& board, EgressGate& gate, TokenAdmission& admission, RandomSource& rng)
      : board_(board), gate_(gate), admission_(admission), rng_(rng) {}

  void set_seal_key(const crypto::X25519KeyPair& key) { seal_key_ = key; }
  // Every later call is of this moment.
  void advance(MonoTime now) { now_ = now; }
  // Flows end whose resource is among these, or that policy no longer allows.
  void end_resources(const EgressGate::Resources& gone);
  void hold_to_policy();

  // A node asks for a flow that ends here.
  void open(LinkId link, const wire::FrameView& frame, const wire::FlowOpen& open, WallTime wall);
  void from_node(FlowEnd& end, const wire::FrameView& frame);

  // A target's number is that of its flow.
  void target_opened(TargetId target) override;
  void target_failed(TargetId target, TargetFailure failure) override;
  std::size_t target_data(TargetId target, ByteView data) override;
  void target_consumed(TargetId target, std::size_t n) override;
  void target_ended(TargetId target) override;
  void target_lost(TargetId target, TargetFailure how) override;

  void link_lost(std::uint32_t ref);
  void end_session(SessionId session);
  // Ends the flows of those who are not to be served any more.
  void enforce(WallTime wall);
  // Ends the flows of sessions that have lasted as long as they may.
  void expire(WallTime wall);

  FlowPool<EgressFlow>& flows() { return flows_; }

 private:
  // What becomes of the target when its flow is gone.
  enum class TargetEnd : std::uint8_t { gone, release, close };

  // `about` becomes whom the refusal is about.
  std::optional<wire::FlowReason> admit(LinkId link, const wire::FrameView& frame, ByteView sealed,
                                        WallTime wall, wire::SecurityEvent& about);
  void data(std::uint32_t ref, EgressFlow& flow, FlowEnd& end, MutableBytes sealed);
  void reset(std::uint32_t ref, wire::FlowReason reason);
  void drop(std::uint32_t ref, TargetEnd end);
  FlowEnd* end_of(const EgressFlow& flow);

  Switchboard& board_;
  EgressGate& gate_;
  TokenAdmission& admission_;
  RandomSource& rng_;
  crypto::X25519KeyPair seal_key_;
  FlowPool<EgressFlow> flows_;
  MonoTime now_{};
};

}  // namespace rap::router
