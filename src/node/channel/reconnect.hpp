// The choice of whom to dial, and when (CH-9): exponential backoff with full jitter. Peers that
// answered lately come first and shared bootstrap peers last; whoever we may not talk to is left
// alone until the configuration changes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "node/channel/context.hpp"
#include "node/channel/state.hpp"

namespace rap::channel {

using namespace std::chrono_literals;

inline constexpr Duration kRetryFirst = 200ms;
inline constexpr Duration kRetryCap = 10s;
// When 10,000 nodes lose a bootstrap peer at once, its listener sees at most a tenth of them in any
// second, and a thirtieth once they have backed off.
inline constexpr Duration kBootstrapRetryFirst = 20s;
inline constexpr Duration kBootstrapRetryCap = 120s;
inline constexpr Duration kStableAfter = 30s;  // a channel that lived this long starts afresh
inline constexpr unsigned kAttemptsUntilExhausted =
    10;  // after so many it is reported, and tried at the cap
inline constexpr std::size_t kMaxConcurrentDials = 16;

class Reconnector {
 public:
  struct Peer {
    unsigned failures = 0;  // failures in a row
    MonoTime next_at{};
    FailureReason last_reason = FailureReason::none;
    bool stopped = false;  // denied: not before the configuration changes
    bool engaged = false;  // a channel with it exists or is being made
    bool was_draining = false;
    std::optional<MonoTime> alive_since;  // the engaged channel has been established since then
    std::optional<MonoTime> established_at;  // the last time: how warm it is
    std::optional<MonoTime> recalled_at;  // an earlier run says so, before this one knows better
    std::size_t next_endpoint = 0;
    std::size_t endpoint = 0;  // the attempt, or the channel, goes there
    std::optional<std::size_t> good_endpoint;  // it was reached there last; it is tried first
    bool exhausted() const { return failures >= kAttemptsUntilExhausted; }
  };

  // What an earlier run knew of a peer; for those that the next context begins to dial.
  struct Recalled {
    std::string endpoint;
    MonoTime at;
  };
  void recall(std::map<NodeId, Recalled> peers) { recalled_ = std::move(peers); }

  // Forgets who is no longer dialled, gives everybody who was denied another chance.
  void context_changed(MonoTime now, const Context& context, RandomSource& rng);

  // The peers to dial now, in order. Never any while this node drains or its configuration has
  // expired, nor one that drains.
  std::vector<NodeId> due(MonoTime now, const Context& context) const;
  std::optional<MonoTime> next_timeout(const Context& context) const;

  // An attempt begins; which of its endpoints to use.
  std::size_t begin(NodeId peer, std::size_t endpoints);
  void established(NodeId peer, MonoTime now);
  // The channel, or the attempt at one, is over.
  void ended(NodeId peer, MonoTime now, FailureReason reason, bool refused_by_peer,
             const Context& context, RandomSource& rng);

  const std::map<NodeId, Peer>& peers() const { return peers_; }

 private:
  static bool wanted(const Peer& peer, const PeerRule& rule);
  void take_up(Peer& peer, const PeerRule& rule);
  std::map<NodeId, Peer> peers_;
  std::map<NodeId, Recalled> recalled_;
};

}  // namespace rap::channel
