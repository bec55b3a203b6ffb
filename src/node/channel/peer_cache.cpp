#include "node/channel/peer_cache.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "node/channel/table.hpp"
#include "wire/json_reader.hpp"

namespace rap::channel {
namespace {

using Json = nlohmann::json;
using std::chrono::microseconds;

// One measured slower than this is as good as none.
constexpr std::int64_t kMaxRttUs = 600'000'000;
constexpr std::int64_t kFormat = 1;

microseconds rtt_to(const Table& table, NodeId node) {
  for (const auto& channel : table.channels()) {
    const Lifecycle& l = channel->lifecycle;
    if (l.peer() != node || !l.established_at()) continue;
    return std::chrono::duration_cast<microseconds>(
        l.heartbeats(wire::LaneKind::interactive).rtt());
  }
  return {};
}

// The address at which the peer is reached now; nullopt: it is not.
std::optional<std::string> reached_at(const Table& table, const PeerRule& rule) {
  const auto& peers = table.reconnector().peers();
  const auto it = peers.find(rule.node);
  if (it == peers.end() || !it->second.engaged || !it->second.alive_since) return std::nullopt;
  const auto index = it->second.good_endpoint;
  if (!index || *index >= rule.endpoints.size()) return std::nullopt;
  return rule.endpoints[*index];
}

}  // namespace

PeerCache remember(const Table& table, const PeerCache& before, WallTime wall) {
  PeerCache out{table.context().cluster, table.context().node, {}};
  for (const PeerRule& rule : table.context().peers) {
    if (!rule.dial) continue;
    if (const auto endpoint = reached_at(table, rule)) {
      out.peers.push_back({rule.node, *endpoint, wall, rtt_to(table, rule.node)});
      continue;
    }
    const auto known = std::ranges::find(before.peers, rule.node, &CachedPeer::node);
    if (known != before.peers.end()) out.peers.push_back(*known);
  }
  std::ranges::stable_sort(out.peers, std::ranges::greater{}, &CachedPeer::last_success);
  if (out.peers.size() > kMaxCachedPeers) out.peers.resize(kMaxCachedPeers);
  return out;
}

std::string to_json(const PeerCache& cache) {
  Json peers = Json::array();
  for (const CachedPeer& peer : cache.peers) {
    peers.push_back({{"node", peer.node.str()},
                     {"endpoint", peer.endpoint},
                     {"last_success", to_unix(peer.last_success)},
                     {"rtt_us", peer.rtt.count()}});
  }
  return Json({{"format", kFormat},
               {"cluster", cache.cluster.str()},
               {"node", cache.node.str()},
               {"peers", std::move(peers)}})
      .dump();
}

std::optional<PeerCache> parse_peer_cache(std::string_view json) {
  const auto value = wire::parse_strict_json(json);
  if (!value) return std::nullopt;
  wire::JsonFault fault;
  wire::JsonReader in(*value, "", fault);
  in.integer("format", kFormat, kFormat);
  PeerCache out{in.id<ClusterId>("cluster"), in.id<NodeId>("node"), {}};
  const Json& peers = in.array("peers", kMaxCachedPeers);
  for (std::size_t i = 0; i < peers.size() && !fault.any(); ++i) {
    wire::JsonReader item(peers[i], in.item_path("peers", i), fault);
    CachedPeer peer;
    peer.node = item.id<NodeId>("node");
    peer.endpoint = item.text("endpoint", kMaxCachedEndpoint);
    peer.last_success = from_unix(item.integer("last_success", 0, INT64_MAX));
    peer.rtt = microseconds{item.integer("rtt_us", 0, kMaxRttUs)};
    item.finish();
    out.peers.push_back(std::move(peer));
  }
  in.finish();
  if (fault.any()) return std::nullopt;
  return out;
}

}  // namespace rap::channel
