#include "control/link/pulls/pushed_configs.hpp"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "control/configuration/config_document.hpp"
#include "control/link/pulls/pulled_configs.hpp"
#include "crypto/tokens/dsse.hpp"
#include "snapshot/configuration/build.hpp"
#include "snapshot/configuration/config_texts.hpp"
#include "snapshot/configuration/increment.hpp"

namespace rap::control {
namespace {

using nlohmann::json;

constexpr std::size_t kAcksPerMillisecond = 1;

struct NextConfig {
  snapshot::Increment increment;  // without patch and signatures
  std::shared_ptr<const std::string> patch;
  GivenConfig given;
};

// Makes the increments of one version, from what is held of those before.
class Increments {
 public:
  Increments(const ClusterModels& models, const ClusterState& to, WallTime now)
      : models_(models), to_(to), now_(now) {}

  // Its text is put with the payloads. nullopt: the node cannot go on by an increment alone.
  std::optional<NextConfig> next_of(const PushTarget& target, std::vector<std::string>& payloads) {
    const auto next = snapshot::build_node_config(to_.index, target.node, now_);
    if (!next) return std::nullopt;
    const auto base = base_of(target, *next);
    if (!base) return std::nullopt;
    const std::string base_text = base_texts_.text_of(*base);
    if (crypto::sha256(as_bytes(base_text)) != target.has.sha256) {
      patch_.reset();  // the next one is not like the one that it was made for
      return std::nullopt;
    }
    std::string text = texts_.text_of(*next);
    const bool is_alike = base_texts_.was_alike() && texts_.was_alike();
    auto patch =
        patch_ && is_alike && base->node_name == next->node_name ? patch_ : make(*base, *next);
    patch_ = base->node_name == next->node_name ? patch : nullptr;
    if (!patch) return std::nullopt;
    payloads.push_back(std::move(text));
    const crypto::Sha256 sha256 = crypto::sha256(as_bytes(payloads.back()));
    return NextConfig{{.cluster = next->cluster,
                       .node = next->node,
                       .base_version = target.has.version,
                       .base_sha256 = target.has.sha256,
                       .version = next->version,
                       .sha256 = sha256,
                       .signatures = {},
                       .patch = {}},
                      std::move(patch),
                      {next->version, from_unix(next->issued_at), sha256}};
  }

 private:
  std::optional<snapshot::NodeConfig> base_of(const PushTarget& target,
                                              const snapshot::NodeConfig& next) {
    const auto [from, is_new] = held_.try_emplace(target.has.version);
    if (is_new) from->second = models_.recall(next.cluster, target.has.version);
    if (!from->second) return std::nullopt;
    auto base = snapshot::build_node_config(from->second->index, target.node, target.has.issued_at);
    if (!base || base->documents != next.documents ||
        base->trust_bundle_version != next.trust_bundle_version) {
      return std::nullopt;
    }
    return base;
  }

  // nullptr: it has more steps than a node takes.
  static std::shared_ptr<const std::string> make(const snapshot::NodeConfig& base,
                                                 const snapshot::NodeConfig& next) {
    const auto [before, after] = snapshot::differing_members(base, next);
    const auto patch = snapshot::make_patch(before, after);
    if (patch.get().size() > snapshot::kMaxPatchOperations) return nullptr;
    return std::make_shared<const std::string>(patch.dump());
  }

  const ClusterModels& models_;
  const ClusterState& to_;
  const WallTime now_;
  std::map<std::uint64_t, std::shared_ptr<const ClusterState>> held_;
  snapshot::ConfigTexts base_texts_;
  snapshot::ConfigTexts texts_;
  std::shared_ptr<const std::string> patch_;  // of the last one, for others like it
};

std::string answer_with(const NextConfig& next, std::size_t payload_bytes,
                        std::string_view signatures, std::chrono::milliseconds ack_within) {
  PulledConfigs configs;
  configs.add({{"type", kNodeConfig},
               {"version", next.given.version},
               {"sha256", to_hex(next.given.sha256)},
               {"size", payload_bytes}},
              "increment", increment_text(next.increment, *next.patch, signatures));
  return std::move(configs).reply(ack_within).body;
}

}  // namespace

// A change reaches all nodes at once and is acknowledged by all: the acknowledgements, which
// nothing waits for, come spread over so long that most come when the last node has the change.
// One costs the control plane and its database more than half as much as a pull.
std::chrono::milliseconds ack_spread(std::size_t nodes) {
  return std::min(std::chrono::milliseconds(nodes / kAcksPerMillisecond), snapshot::kMaxAckSpread);
}

std::vector<PushedConfig> push_configs(const ClusterModels& models, const ClusterState& to,
                                       std::span<const PushTarget> targets, WallTime now) {
  Increments increments(models, to, now);
  const SigningKey& signer = to.authority->config_key;
  const auto ack_within = ack_spread(to.index.model().nodes.size());
  std::vector<NextConfig> made;
  std::vector<std::string> payloads;
  std::size_t held_bytes = 0;
  std::vector<PushedConfig> out;
  const auto sign = [&] {
    const auto signatures =
        crypto::sign_together(signer.key, signer.kid, snapshot::kNodeConfigType, payloads);
    for (std::size_t i = 0; i < made.size(); ++i) {
      std::string text = answer_with(made[i], payloads[i].size(), signatures[i], ack_within);
      if (text.size() > kMaxPushedBytes) continue;
      out.push_back({made[i].increment.node, std::move(text), made[i].given});
    }
    made.clear();
    payloads.clear();
    held_bytes = 0;
  };
  for (const PushTarget& target : targets) {
    if (target.has.version >= to.version()) continue;
    auto next = increments.next_of(target, payloads);
    if (!next) continue;
    held_bytes += payloads.back().size();
    made.push_back(std::move(*next));
    if (held_bytes > kMaxTextsTogether) sign();
  }
  sign();
  return out;
}

}  // namespace rap::control
