// The addresses at which a node's neighbours were reached last (SN-3), kept across restarts: a node
// that starts while the control plane is away dials what worked, the warmest first. Nothing in it
// is a source of truth: who may be dialled, and where, says the configuration alone; the cache says
// in which order. It is bounded, holds nobody whom the configuration does not name, and when it is
// lost, or of another node, everything goes on without.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace rap::channel {

class Table;

inline constexpr std::size_t kMaxCachedPeers = 256;  // the warmest
inline constexpr std::size_t kMaxCachedEndpoint = 320;

struct CachedPeer {
  NodeId node;
  std::string endpoint;  // "host:port"
  WallTime last_success;  // a channel was last established then, or last seen to be
  std::chrono::microseconds rtt{0};  // the round trip then; 0: it was not measured

  bool operator==(const CachedPeer&) const = default;
};

struct PeerCache {
  ClusterId cluster;
  NodeId node;  // the node whose cache it is
  std::vector<CachedPeer> peers;  // warmest first

  bool operator==(const PeerCache&) const = default;
};

// What is to be kept: of the peers that the table dials those it has a channel with, and of the
// others what was known before.
PeerCache remember(const Table& table, const PeerCache& before, WallTime wall);

std::string to_json(const PeerCache& cache);
// nullopt: damaged, or not ours.
std::optional<PeerCache> parse_peer_cache(std::string_view json);

}  // namespace rap::channel
