// What must hold after every event of every history, and the digest by which two histories are
// compared. The first violation stops the world and says what happened, when and to whom.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "sim/node.hpp"

namespace rap::sim {

// A revoked peer may carry something for this long after the node has been told (CH-13).
inline constexpr Duration kRevocationBound = 1s;

class Invariants final : public Witness {
 public:
  explicit Invariants(const Schedule& schedule) : schedule_(schedule) {}

  const std::optional<std::string>& violated() const { return violated_; }
  std::uint64_t digest() const { return digest_; }
  std::uint64_t payloads() const { return payloads_; }
  std::uint64_t transitions() const { return transitions_; }
  std::uint64_t dials() const { return dials_; }
  std::uint64_t drains() const { return drains_; }  // that ended in order

  void payload_accepted(const Node& node, channel::LaneId lane, NodeId from,
                        wire::TrafficClass c) override;
  void dialled(const Node& node, NodeId peer) override;
  void state_changed(const Node& node, const channel::table_action::StateChanged& t) override;
  void link_up(const Node& node, channel::LaneId lane) override;
  void drained(const Node& node, std::size_t payloads) override;
  void stepped(const Node& node) override;

  // The node applied a view: whom must it cut off from now on?
  void told(const Node& node);
  // Forgets what it knew of a node that lost its memory.
  void crashed(const Node& node);
  // It is called now and then: no state outlives its bound, whether anything happens or not.
  void check_bounds(const Node& node);
  void violate(const Node& node, const std::string& what);

 private:
  void mix(std::uint64_t value);
  void mix(const NodeId& node);
  void check_one_channel_a_peer(const Node& node);
  void check_gates(const Node& node);
  void check_degraded(const Node& node);
  void check_stale(const Node& node);

  const Schedule& schedule_;
  std::optional<std::string> violated_;
  std::uint64_t digest_ = 0xcbf29ce484222325ULL;  // FNV-1a
  std::uint64_t payloads_ = 0;
  std::uint64_t transitions_ = 0;
  std::uint64_t dials_ = 0;
  std::uint64_t drains_ = 0;
  // The time at which a node was told that the peer of a lane is denied.
  std::map<std::pair<NodeId, channel::LaneId>, Duration> denied_since_;
  // The time since which a channel has been in its state, by node and lane (never used again).
  struct Since {
    channel::State state;
    MonoTime local;
  };
  std::map<std::pair<NodeId, channel::LaneId>, Since> since_;
  std::set<std::pair<NodeId, ChannelId>> over_;
  // The time since which the peer of a channel has been behind what its node requires.
  std::map<std::pair<NodeId, channel::LaneId>, MonoTime> stale_since_;
  // What each channel carried when its node last had a current configuration.
  std::map<std::pair<NodeId, channel::LaneId>, wire::TrafficClassSet> current_;
};

}  // namespace rap::sim
