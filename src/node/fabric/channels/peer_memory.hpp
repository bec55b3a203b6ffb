// The peer cache of a running rap-fabric: read before the first channel is made, written when a
// peer was reached for the first time or elsewhere, once a minute, and at the end.
#pragma once

#include <filesystem>

#include "base/log/log.hpp"
#include "node/channel/peer_cache.hpp"
#include "node/fabric/channels/channels.hpp"

namespace rap::fabric {

class PeerMemory {
 public:
  PeerMemory(const std::filesystem::path& state, Log& log)
      : file_(state / "cache" / "peers.json"), log_(log) {}

  // Hands what an earlier run of this node kept to the channels. At the first configuration.
  void load(ClusterId cluster, NodeId node, Channels& channels);
  void keep(const Channels& channels, MonoTime now, bool at_once = false);

 private:
  const std::filesystem::path file_;
  Log& log_;
  channel::PeerCache kept_;
  MonoTime look_at_{};
  MonoTime write_at_{};
};

}  // namespace rap::fabric
