#include "node/agent/enrolment/enrolment_plan.hpp"

#include <array>

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "crypto/keys/digest.hpp"
#include "crypto/keys/keys.hpp"
#include "crypto/sealing/sealing.hpp"
#include "snapshot/certificate_names.hpp"

namespace rap::agent {
namespace {

constexpr std::size_t kPollSecretBytes = 32;

// The enrolment on disk, when it is this one and its key is still there.
std::expected<std::optional<EnrolmentRecord>, std::string> under_way(
    NodeFiles& state, const std::optional<wire::JoinToken>& token,
    const AdvertisedAddresses& addresses) {
  auto text = RAP_TRY(state.read(kEnrolmentFile));
  auto key_text = RAP_TRY(state.read(kNodeKeyFile));
  if (!text || !key_text) return std::nullopt;
  auto record = parse_enrolment_record(*text);
  const auto key = crypto::PrivateKey::from_pem(*key_text);
  if (!record || !key) return std::nullopt;
  const auto csr = crypto::CertificateRequest::from_pem(record->csr);
  if (!csr || csr->key.spki_sha256() != key->public_key().spki_sha256()) return std::nullopt;
  if (record->data_plane_advertise != addresses.data_plane.str() ||
      record->fabric_advertise != addresses.fabric.str()) {
    return std::nullopt;
  }
  if (token && record->join_secret_hash != crypto::sha256_hex(as_bytes(token->secret))) {
    return std::nullopt;
  }
  return *record;
}

EnrolmentPlan new_enrolment(const wire::JoinToken& token, const AdvertisedAddresses& addresses,
                            RandomSource& rng) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  const auto seal = crypto::X25519KeyPair::generate(rng);
  EnrolmentPlan plan;
  plan.join_secret = token.secret;
  plan.record = {
      .cluster = token.cluster,
      .node = token.node,
      .control_url = "https://" + token.control.authority.str() + "/",
      .root_fingerprint = token.root_fingerprint,
      .join_secret_hash = crypto::sha256_hex(as_bytes(token.secret)),
      .csr = crypto::make_csr(key, addresses.node_names(token.cluster, token.node)),
      .poll_secret = to_base64url(rng.bytes(kPollSecretBytes)),
      .seal_public = to_base64(seal.public_key),
      .data_plane_advertise = addresses.data_plane.str(),
      .fabric_advertise = addresses.fabric.str(),
      .enrolment_id = {},
      .node_url = {},
      .config_keys = {},
  };
  plan.unsaved = {{std::string(kNodeKeyFile), key.pem()},
                  {std::string(kSealKeyFile), to_base64(seal.secret) + "\n"},
                  {std::string(kEnrolmentFile), to_json(plan.record)}};
  return plan;
}

}  // namespace

crypto::SubjectNames AdvertisedAddresses::node_names(ClusterId cluster, NodeId node) const {
  return snapshot::node_certificate_names(cluster, node, std::array{data_plane, fabric});
}

std::expected<EnrolmentPlan, std::string> plan_enrolment(
    NodeFiles& state, const std::optional<wire::JoinToken>& token,
    const AdvertisedAddresses& addresses, RandomSource& rng) {
  auto record = RAP_TRY(under_way(state, token, addresses));
  if (record) {
    EnrolmentPlan plan{std::move(*record), std::nullopt, {}};
    if (token) plan.join_secret = token->secret;
    return plan;
  }
  if (token) return new_enrolment(*token, addresses, rng);
  return std::unexpected(
      "This node has no identity yet: start it with --join-token or --join-token-file (made by "
      "'rap admin join-tokens create --node NAME').");
}

}  // namespace rap::agent
