// The sockets around channel::Table: reports to it what happens on each lane, carries out what it
// decides, and tells the router which links there are.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

#include "base/log/log.hpp"
#include "io/loop/event_loop.hpp"
#include "node/channel/table.hpp"
#include "node/fabric/channels/lane.hpp"
#include "node/fabric/channels/peer_check.hpp"
#include "node/router/router.hpp"
#include "policy/slot_table.hpp"

namespace rap::fabric {

// Lanes that a node dialled and that carry nothing yet; one more ends the one from which nothing
// was heard for the longest time. Of lanes that carry traffic a node needs two, and has twice as
// many while it comes anew, before the old ones are found to be gone: so many make way for nobody.
inline constexpr std::size_t kMaxNewLanesOfANode = 8;
inline constexpr std::size_t kLanesOfANode = 4;

class Channels final : private LaneOwner {
 public:
  // `set_sender` is told who empties the queue of a link; nullptr when the link is gone.
  using SetSender = std::function<void(router::LinkId, LinkSender*)>;
  Channels(io::EventLoop& loop, router::Router& router, RandomSource& rng, SetSender set_sender,
           Log& log);
  ~Channels() override;

  // How to prove ourselves and whom to trust from now on; connections that stand keep their keys.
  void set_trust(std::shared_ptr<const crypto::TlsContext> dial, PeerCheck check,
                 crypto::TlsIdentity identity);
  void recall(std::map<NodeId, channel::Reconnector::Recalled> peers) {
    table_.recall(std::move(peers));
  }
  void set_context(channel::Context context);
  // We have been given another certificate: shows it on every connection that stands.
  void prove_again();
  // Takes a stream of a listener: the peer is a member of the cluster, nothing more.
  void accept(std::unique_ptr<io::Stream> proven);
  // Every second: tells the table which draining channels have nothing left, neither a flow nor a
  // byte that waits to be sent, and the router how far away its neighbours are.
  void tick();
  // Says goodbye everywhere; `done` when no channel is left.
  void stop(std::function<void()> done);

  const channel::Table& table() const { return table_; }
  const Lane* lane(channel::LaneId id) const;

 private:
  void lane_open(Lane& lane) override;
  bool lane_control(Lane& lane, const wire::FrameView& frame) override;
  void lane_violation(Lane& lane) override;
  void lane_closed(Lane& lane, const io::StreamError& error) override;

  bool lane_reauthentication(Lane& lane, ByteView payload);
  void prove_again(Lane& lane);
  std::uint64_t trust_of_peer(channel::LaneId id) const;
  void step(channel::TableEvent event);
  void perform(const channel::TableAction& action);
  void dial(const channel::table_action::DialLane& dial);
  void link_up(const channel::table_action::LinkUp& up);
  Lane* find(channel::LaneId id);
  Lane& add(channel::LaneId id);
  // What a channel has still to carry, on both lanes.
  struct Load {
    std::size_t flows = 0;
    std::size_t unsent = 0;  // bytes
    std::uint64_t bytes_in = 0;
  };
  Load load_of(channel::LaneId interactive, std::optional<channel::LaneId> bulk) const;
  void tell_how_far(const channel::Lifecycle& lifecycle);
  void share_lanes(channel::LaneId newcomer, const std::string& node);

  io::EventLoop& loop_;
  router::Router& router_;
  SetSender set_sender_;
  Log& log_;
  channel::Table table_;
  io::Timer timer_;
  std::shared_ptr<const crypto::TlsContext> dial_tls_;
  PeerCheck check_;
  std::optional<crypto::TlsIdentity> identity_;
  std::unordered_map<channel::LaneId, std::unique_ptr<Lane>> lanes_;
  policy::SlotTable accepted_;  // lanes that nodes dialled, by node
  // Carrying out one step's actions may make the next: they are taken in order, never nested.
  std::deque<channel::TableEvent> pending_;
  bool stepping_ = false;
  std::function<void()> stopped_;
};

}  // namespace rap::fabric
