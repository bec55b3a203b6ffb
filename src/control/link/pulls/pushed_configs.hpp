// The next configuration of many nodes at once, as the increment from what each was last given:
// sent to nodes that keep a stream of events, who then need not ask for it. All are signed
// together.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "control/configuration/cluster_models.hpp"
#include "control/link/given_configs.hpp"

namespace rap::control {

// So many are signed together, and go out before the next are made.
inline constexpr std::size_t kMaxPushedTogether = 512;
// One that is larger is pulled.
inline constexpr std::size_t kMaxPushedBytes = std::size_t{16} * 1024;
// Those of relays list all their peers: fewer are signed together where their texts are longer.
inline constexpr std::size_t kMaxTextsTogether = std::size_t{32} * 1024 * 1024;

struct PushTarget {
  NodeId node;
  GivenConfig has;
};

struct PushedConfig {
  NodeId node;
  std::string text;   // what a pull would be answered
  GivenConfig given;  // what the node has then
};

// An acknowledgement of a change that reaches so many nodes at once is wanted within this.
std::chrono::milliseconds ack_spread(std::size_t nodes);

// A node is left out that has this version, takes no part in it, is given other roots or documents
// by it, or whose way there is not known here or too long.
std::vector<PushedConfig> push_configs(const ClusterModels& models, const ClusterState& to,
                                       std::span<const PushTarget> targets, WallTime now);

}  // namespace rap::control
