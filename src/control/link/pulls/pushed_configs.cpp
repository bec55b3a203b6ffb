#include "control/link/pulls/pushed_configs.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/log/json_writer.hpp"
#include "control/configuration/config_document.hpp"
#include "control/link/pulls/pulled_configs.hpp"
#include "crypto/tokens/dsse.hpp"
#include "snapshot/configuration/increment.hpp"

namespace rap::control {
namespace {

using snapshot::ModelNode;

constexpr std::size_t kAcksPerMillisecond = 1;

// nullptr: it has more steps than a node takes.
std::shared_ptr<const std::string> make_patch_text(const snapshot::NodeConfig& base,
                                                   const snapshot::NodeConfig& next) {
  const auto patch = snapshot::make_patch(snapshot::differing_members(base, next));
  if (patch.get().size() > snapshot::kMaxPatchOperations) return nullptr;
  return std::make_shared<const std::string>(patch.dump());
}

}  // namespace

// A change reaches all nodes at once and is acknowledged by all: the acknowledgements, which
// nothing waits for, come spread over so long that most come when the last node has the change.
// One costs the control plane and its database more than half as much as a pull.
std::chrono::milliseconds ack_spread(std::size_t nodes) {
  return std::min(std::chrono::milliseconds(nodes / kAcksPerMillisecond), snapshot::kMaxAckSpread);
}

struct PushedConfigs::Next {
  snapshot::Increment increment;  // without patch and signatures
  Patch patch;
  GivenConfig given;
  std::size_t text_bytes = 0;
  crypto::Sha256 leaf{};  // in the tree that is signed
};

PushedConfigs::PushedConfigs(const ClusterModels& models, const ClusterState& to, WallTime now)
    : models_(models), to_(to), texts_(to.index, now) {}

std::vector<PushedConfig> PushedConfigs::make(std::span<const PushTarget> targets) {
  std::vector<Next> made;
  std::vector<crypto::Sha256> leaves;
  for (const PushTarget& target : targets) {
    if (target.has.version >= to_.version()) continue;
    auto next = next_of(target);
    if (!next) continue;
    leaves.push_back(next->leaf);
    made.push_back(std::move(*next));
  }
  const SigningKey& signer = to_.authority->config_key;
  const auto signatures = crypto::sign_leaves(signer.key, signer.kid, std::move(leaves));
  std::vector<PushedConfig> out;
  out.reserve(made.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    std::string text = answer_with(made[i], signatures[i]);
    if (text.size() > kMaxPushedBytes) continue;
    out.push_back({made[i].increment.node, std::move(text), made[i].given});
  }
  return out;
}

// nullopt: the node cannot go on by an increment alone.
std::optional<PushedConfigs::Next> PushedConfigs::next_of(const PushTarget& target) {
  const ModelNode* is = to_.index.find(target.node);
  Base* from = base_of(target.has);
  const ModelNode* was = from == nullptr ? nullptr : from->state->index.find(target.node);
  if (is == nullptr || was == nullptr) return std::nullopt;
  const std::size_t before = from->texts.kept_bytes();
  const auto base = from->texts.find(*was);
  kept_ += from->texts.kept_bytes() - before;
  const auto next = texts_.find(*is);
  if (!base || !next) return std::nullopt;
  base->write_text_of(was->id, was->name, text_);
  if (crypto::sha256(as_bytes(text_)) != target.has.sha256) return std::nullopt;
  auto patch = patch_between(base, *was, next, *is);
  if (!patch) return std::nullopt;
  next->write_text_of(is->id, is->name, text_);
  const crypto::Sha256 sha256 = crypto::sha256(as_bytes(text_));
  const snapshot::NodeConfig& config = next->config();
  return Next{{.cluster = config.cluster,
               .node = target.node,
               .base_version = target.has.version,
               .base_sha256 = target.has.sha256,
               .version = config.version,
               .sha256 = sha256},
              std::move(patch),
              {config.version, from_unix(config.issued_at), sha256},
              text_.size(),
              crypto::signed_leaf(snapshot::kNodeConfigType, as_bytes(text_))};
}

// nullptr: the cluster as it was then is not held any more.
PushedConfigs::Base* PushedConfigs::base_of(const GivenConfig& has) {
  if (kept_ > kMaxKeptTexts) {
    patches_.clear();
    bases_.clear();
    kept_ = 0;
  }
  const auto [at, is_new] = bases_.try_emplace({has.version, has.issued_at});
  if (is_new) {
    if (auto state = models_.recall(to_.index.model().cluster, has.version)) {
      const snapshot::ClusterIndex& index = state->index;
      at->second.emplace(std::move(state), snapshot::ConfigTexts(index, has.issued_at));
    }
  }
  return at->second ? &*at->second : nullptr;
}

// What is alike before and after has one patch for all.
PushedConfigs::Patch PushedConfigs::patch_between(const Texts& base, const ModelNode& was,
                                                  const Texts& next, const ModelNode& is) {
  const bool is_shared = base->is_shared() && next->is_shared() && was.name == is.name;
  if (is_shared) {
    if (const auto known = patches_.find({base, next}); known != patches_.end()) {
      return known->second;
    }
  }
  Patch out;
  if (base->config().documents == next->config().documents &&
      base->config().trust_bundle_version == next->config().trust_bundle_version) {
    out = make_patch_text(base->config_of(was.id, was.name), next->config_of(is.id, is.name));
  }
  if (!is_shared) return out;
  patches_.emplace(std::pair(base, next), out);
  if (out) kept_ += out->size();
  return out;
}

std::string PushedConfigs::answer_with(const Next& next, std::string_view signatures) const {
  JsonWriter item;
  item.begin_object().key("type").text(kNodeConfig);
  item.key("version").number(static_cast<std::int64_t>(next.given.version));
  item.key("sha256").text(to_hex(next.given.sha256));
  item.key("size").number(static_cast<std::int64_t>(next.text_bytes));
  item.key("increment").text(increment_text(next.increment, *next.patch, signatures)).end_object();
  PulledConfigs configs;
  configs.add_text(item.str());
  return std::move(configs).reply(ack_spread(to_.index.model().nodes.size())).body;
}

}  // namespace rap::control
