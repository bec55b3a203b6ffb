#include "node/agent/enrolment/node_identity.hpp"

#include "base/try.hpp"

namespace rap::agent {
namespace {

std::unexpected<std::string> unusable(std::string_view file, std::string_view why) {
  return std::unexpected(std::string(file) + " " + std::string(why) +
                         ". Restore it from a backup, or remove the 'identity' directory and "
                         "enrol this node again with a new join token.");
}

std::expected<std::string, std::string> required(NodeFiles& state, std::string_view file) {
  auto content = RAP_TRY(state.read(file));
  if (!content) return unusable(file, "is missing although this node is enrolled");
  return std::move(*content);
}

bool belongs_to(const crypto::PrivateKey& key, const crypto::Certificate& leaf) {
  return key.public_key().spki_sha256() == leaf.public_key().spki_sha256();
}

// A renewal that was cut short between the chain and the key: the staged key is the chain's.
std::optional<crypto::PrivateKey> finish_renewal(NodeFiles& state, const crypto::Certificate& leaf,
                                                 std::string_view next_file,
                                                 std::string_view key_file) {
  const auto text = state.read(next_file);
  if (!text || !*text) return std::nullopt;
  auto key = crypto::PrivateKey::from_pem(**text);
  if (!key || !belongs_to(*key, leaf)) return std::nullopt;
  if (!state.write({std::string(key_file), **text})) return std::nullopt;
  return key;
}

}  // namespace

std::expected<std::optional<NodeIdentity>, std::string> load_identity(NodeFiles& state) {
  auto chain_text = RAP_TRY(state.read(kChainFile));
  if (!chain_text) return std::nullopt;  // written last: without it nothing is complete

  auto record_text = RAP_TRY(required(state, kEnrolmentFile));
  auto key_text = RAP_TRY(required(state, kNodeKeyFile));
  auto bundle_text = RAP_TRY(required(state, kTrustBundleFile));

  auto record = parse_enrolment_record(record_text);
  if (!record) return unusable(kEnrolmentFile, record.error());
  auto config_keys = verification_keys(record->config_keys);
  if (!config_keys) return unusable(kEnrolmentFile, "holds a malformed configuration key");
  auto chain = crypto::Certificate::chain_from_pem(*chain_text);
  if (!chain) return unusable(kChainFile, "holds no certificate");
  auto key = crypto::PrivateKey::from_pem(key_text);
  if (!key) return unusable(kNodeKeyFile, "holds no private key");
  if (!belongs_to(*key, chain->front())) {
    key = finish_renewal(state, chain->front(), kNextKeyFile, kNodeKeyFile);
  }
  if (!key) {
    return unusable(kNodeKeyFile, "does not belong to the certificate in identity/chain.pem");
  }
  auto roots = crypto::Certificate::chain_from_pem(bundle_text);
  if (!roots) return unusable(kTrustBundleFile, "holds no certificate");
  return NodeIdentity{std::move(*record),
                      {std::move(*chain), std::move(*key)},
                      std::move(*roots),
                      std::move(*config_keys)};
}

std::optional<crypto::TlsIdentity> load_worker(NodeFiles& state) {
  const auto chain_text = state.read(kWorkerChainFile);
  if (!chain_text || !*chain_text) return std::nullopt;
  auto chain = crypto::Certificate::chain_from_pem(**chain_text);
  if (!chain) return std::nullopt;
  const auto key_text = state.read(kWorkerKeyFile);
  auto key = key_text && *key_text ? crypto::PrivateKey::from_pem(**key_text) : std::nullopt;
  if (!key || !belongs_to(*key, chain->front())) {
    key = finish_renewal(state, chain->front(), kWorkerNextKeyFile, kWorkerKeyFile);
  }
  if (!key) return std::nullopt;
  return crypto::TlsIdentity{std::move(*chain), std::move(*key)};
}

}  // namespace rap::agent
