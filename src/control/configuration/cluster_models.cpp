#include "control/configuration/cluster_models.hpp"

#include <utility>

#include "crypto/tokens/dsse.hpp"

namespace rap::control {
namespace {

// The versions come from the database and not from the keys at hand, so that a configuration never
// says another version than it shows.
std::string bundle_pem(const std::vector<StoredBundle>& bundles, std::uint64_t version,
                       const Authority& authority) {
  for (const StoredBundle& bundle : bundles) {
    if (bundle.version == version) return bundle.pem;
  }
  return authority.trust_bundle_pem();
}

// The same for the keys of tokens.
std::vector<snapshot::TokenKey> token_keys(const TokenKeyState& state, const Authority& authority) {
  std::vector<snapshot::TokenKey> keys = {
      state.current.kid.empty() ? token_key_of(authority.token_key) : state.current};
  if (state.phase != TokenKeyPhase::stable) keys.push_back(state.next);
  return keys;
}

}  // namespace

ClusterState::ClusterState(snapshot::ClusterModel model, std::vector<StoredBundle> all_bundles,
                           std::shared_ptr<const Authority> by)
    : index(std::move(model)), bundles(std::move(all_bundles)), authority(std::move(by)) {
  for (const snapshot::IndexedDocument& d : index.documents()) {
    envelopes.emplace(d.ref.sha256,
                      crypto::seal_envelope(authority->config_key.key, authority->config_key.kid,
                                            snapshot::kDocumentType, as_bytes(d.payload)));
  }
}

std::shared_ptr<const ClusterState> load_cluster(Transaction& tx,
                                                 const std::shared_ptr<const Authority>& authority,
                                                 std::chrono::seconds config_valid_for,
                                                 WallTime now) {
  snapshot::ClusterModel model = tx.cluster_model().load(now);
  auto bundles = tx.trust().bundles();
  if (model.version == 0) return nullptr;
  model.valid_for_s = config_valid_for.count();
  model.trust_bundle_pem = bundle_pem(bundles, model.trust_bundle_version, *authority);
  model.token_keys = token_keys(tx.trust().token_keys(), *authority);
  return std::make_shared<const ClusterState>(std::move(model), std::move(bundles), authority);
}

}  // namespace rap::control
