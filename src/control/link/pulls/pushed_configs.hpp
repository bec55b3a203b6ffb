// The next configuration of many nodes at once, as the increment from what each was last given:
// sent to nodes that keep a stream of events, who then need not ask for it. All are signed
// together.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "control/configuration/cluster_models.hpp"
#include "control/link/given_configs.hpp"
#include "snapshot/configuration/config_texts.hpp"

namespace rap::control {

// So many are signed together, and go out before the next are made.
inline constexpr std::size_t kMaxPushedTogether = 512;
// One that is larger is pulled.
inline constexpr std::size_t kMaxPushedBytes = std::size_t{16} * 1024;
// So much of the texts that increments start from is kept for the next nodes that have them: those
// of entries list all egresses.
inline constexpr std::size_t kMaxKeptTexts = std::size_t{32} * 1024 * 1024;

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

// The configurations of one version, of one moment.
class PushedConfigs {
 public:
  // Both are to outlive it.
  PushedConfigs(const ClusterModels& models, const ClusterState& to, WallTime now);

  // A node is left out that has this version, takes no part in it, is given other roots or
  // documents by it, or whose way there is not known here or too long.
  std::vector<PushedConfig> make(std::span<const PushTarget> targets);

 private:
  struct Base {
    std::shared_ptr<const ClusterState> state;
    snapshot::ConfigTexts texts;
  };
  using Texts = std::shared_ptr<const snapshot::OwnableConfig>;
  using Patch = std::shared_ptr<const std::string>;  // null: no increment alone leads there
  struct Next;

  std::optional<Next> next_of(const PushTarget& target);
  Base* base_of(const GivenConfig& has);
  Patch patch_between(const Texts& base, const snapshot::ModelNode& was, const Texts& next,
                      const snapshot::ModelNode& is);
  std::string answer_with(const Next& next, std::string_view signatures) const;

  const ClusterModels& models_;
  const ClusterState& to_;
  snapshot::ConfigTexts texts_;
  // Each is of one version, as it was issued at one moment.
  std::map<std::pair<std::uint64_t, WallTime>, std::optional<Base>> bases_;
  std::map<std::pair<Texts, Texts>, Patch> patches_;  // of nodes that kept their name
  std::size_t kept_ = 0;  // bytes of both
  std::string text_;  // of the one that is at hand
};

}  // namespace rap::control
