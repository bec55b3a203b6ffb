#include "control/link/pulls/pushed_configs.hpp"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "control/configuration/config_document.hpp"
#include "control/link/pulls/pulled_configs.hpp"
#include "crypto/tokens/dsse.hpp"
#include "snapshot/configuration/build.hpp"
#include "snapshot/configuration/increment.hpp"

namespace rap::control {
namespace {

using nlohmann::json;

constexpr std::size_t kAcksPerMillisecond = 1;

struct NextConfig {
  snapshot::Increment increment;  // without its signatures
  GivenConfig given;
};

// What the node has, built again; nullopt when it cannot go on from that by an increment alone.
std::optional<snapshot::NodeConfig> base_of(const ClusterState* from, const PushTarget& target,
                                            const snapshot::NodeConfig& next) {
  if (from == nullptr) return std::nullopt;
  auto base = snapshot::build_node_config(from->index, target.node, target.has.issued_at);
  if (!base || base->documents != next.documents ||
      base->trust_bundle_version != next.trust_bundle_version ||
      crypto::sha256(as_bytes(snapshot::to_json(*base))) != target.has.sha256) {
    return std::nullopt;
  }
  return base;
}

std::string text_of(const NextConfig& next, std::size_t payload_bytes,
                    std::chrono::milliseconds ack_within) {
  PulledConfigs configs;
  configs.add({{"type", kNodeConfig},
               {"version", next.given.version},
               {"sha256", to_hex(next.given.sha256)},
               {"size", payload_bytes}},
              "increment", to_json(next.increment));
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
  std::map<std::uint64_t, std::shared_ptr<const ClusterState>> held;
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
      made[i].increment.signatures = wire::JsonValue::of(signatures[i]);
      std::string text = text_of(made[i], payloads[i].size(), ack_within);
      if (text.size() > kMaxPushedBytes) continue;
      out.push_back({made[i].increment.node, std::move(text), made[i].given});
    }
    made.clear();
    payloads.clear();
    held_bytes = 0;
  };
  for (const PushTarget& target : targets) {
    if (target.has.version >= to.version()) continue;
    const auto next = snapshot::build_node_config(to.index, target.node, now);
    if (!next) continue;
    const auto [from, is_new] = held.try_emplace(target.has.version);
    if (is_new) from->second = models.recall(next->cluster, target.has.version);
    const auto base = base_of(from->second.get(), target, *next);
    if (!base) continue;
    const auto [before, after] = snapshot::differing_members(*base, *next);
    auto patch = snapshot::make_patch(before, after);
    if (patch.get().size() > snapshot::kMaxPatchOperations) continue;
    payloads.push_back(snapshot::to_json(*next));
    held_bytes += payloads.back().size();
    const crypto::Sha256 sha256 = crypto::sha256(as_bytes(payloads.back()));
    made.push_back({{.cluster = next->cluster,
                     .node = next->node,
                     .base_version = target.has.version,
                     .base_sha256 = target.has.sha256,
                     .version = next->version,
                     .sha256 = sha256,
                     .signatures = {},
                     .patch = std::move(patch)},
                    {next->version, from_unix(next->issued_at), sha256}});
    if (held_bytes > kMaxTextsTogether) sign();
  }
  sign();
  return out;
}

}  // namespace rap::control
