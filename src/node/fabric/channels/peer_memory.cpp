#include "node/fabric/channels/peer_memory.hpp"

#include <algorithm>

#include "io/system/file.hpp"
#include "io/system/system.hpp"

namespace rap::fabric {
namespace {

constexpr Duration kLookInterval = std::chrono::seconds{5};
constexpr Duration kWriteInterval = std::chrono::minutes{1};

bool same_places(const channel::PeerCache& a, const channel::PeerCache& b) {
  return std::ranges::is_permutation(a.peers, b.peers, [](const auto& x, const auto& y) {
    return x.node == y.node && x.endpoint == y.endpoint;
  });
}

}  // namespace

void PeerMemory::load(ClusterId cluster, NodeId node, Channels& channels) {
  const auto text = io::read_file(file_);
  const auto cache = text ? channel::parse_peer_cache(*text) : std::nullopt;
  if (!cache || cache->cluster != cluster || cache->node != node) {
    if (text) log_.warn("peer_cache.dropped", {{"detail", "it is damaged, or another node's"}});
    return;
  }
  kept_ = *cache;
  std::map<NodeId, channel::Reconnector::Recalled> known;
  const WallTime wall = io::wall_now();
  const MonoTime now = io::mono_now();
  for (const channel::CachedPeer& peer : kept_.peers) {
    // One from the future is of a clock that was set since: no warmer than any other.
    const Duration ago = std::max(Duration::zero(), Duration{wall - peer.last_success});
    known.emplace(peer.node, channel::Reconnector::Recalled{peer.endpoint, now - ago});
  }
  log_.info("peer_cache.loaded", {{"peers", known.size()}});
  channels.recall(std::move(known));
}

void PeerMemory::keep(const Channels& channels, MonoTime now, bool at_once) {
  if (now < look_at_ && !at_once) return;
  look_at_ = now + kLookInterval;
  channel::PeerCache fresh = remember(channels.table(), kept_, io::wall_now());
  const bool soon = at_once || now >= write_at_ || !same_places(fresh, kept_);
  if (!soon || fresh == kept_) return;
  write_at_ = now + kWriteInterval;
  auto kept = io::make_directory(file_.parent_path());
  if (kept) kept = io::write_file_atomic(file_, to_json(fresh));
  if (!kept) return log_.warn("peer_cache.not_kept", {{"detail", kept.error()}});
  kept_ = std::move(fresh);
}

}  // namespace rap::fabric
