// What the channels of a node are judged by: values out of its verified configuration, and whether
// that configuration still has authority. Replaced as a whole, never changed in place.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "wire/severity.hpp"
#include "wire/traffic_class.hpp"

namespace rap::channel {

// A neighbour this node may have a channel with.
struct PeerRule {
  NodeId node;
  wire::TrafficClassSet classes;  // what roles and routes let a channel with it carry
  bool dial = false;              // this node opens the channel; else it waits for the peer
  std::vector<std::string> endpoints;  // "host:port", tried in turn
  bool bootstrap = false;         // one that many nodes share: approached gently (CH-9)
  bool draining = false;          // it is going out of service: no new channels with it
  bool disabled = false;          // it was taken out: no channel with it at all
  bool operator==(const PeerRule&) const = default;
};

// What the configuration is worth at this moment (CH-14).
enum class ConfigAuthority : std::uint8_t {
  current,   // signed, not expired, and the control plane was heard of lately
  degraded,  // signed and not expired, but the control plane is out of reach
  expired,   // its lifetime is over: nothing may be founded on it
};

struct Versions {
  std::uint64_t config = 0;
  std::uint64_t peer_directory = 0;
  std::uint64_t trust_bundle = 0;
  std::uint64_t revocation = 0;
  std::uint64_t route_epoch = 0;
  bool operator==(const Versions&) const = default;
};

struct Context {
  ClusterId cluster;
  NodeId node;
  Versions versions;
  std::uint64_t trust_bundle_floor = 0;  // a peer that runs an older bundle is refused
  std::uint64_t route_epoch_floor = 0;   // likewise
  ConfigAuthority authority = ConfigAuthority::expired;
  bool draining = false;                    // this node is going out of service
  std::optional<MonoTime> drain_by;         // what is left then is cut
  // What a new channel may carry without the control plane, and what one that is there may go on
  // carrying.
  wire::TrafficClassSet degraded_classes;
  wire::TrafficClassSet degraded_continuing = wire::TrafficClassSet::all();
  // A live channel whose peer has fallen behind one of the floors goes on degraded for so long;
  // zero: it is closed (CH-5).
  Duration stale_peer{0};
  std::vector<PeerRule> peers;
  std::map<NodeId, wire::Severity>
      revoked;  // nodes; certificates and keys are the verifier's matter

  std::optional<wire::Severity> revoked_as(NodeId peer) const {
    const auto it = revoked.find(peer);
    return it == revoked.end() ? std::nullopt : std::optional(it->second);
  }
  const PeerRule* find(NodeId peer) const {
    for (const PeerRule& rule : peers) {
      if (rule.node == peer) return &rule;
    }
    return nullptr;
  }
  bool operator==(const Context&) const = default;
};

}  // namespace rap::channel
