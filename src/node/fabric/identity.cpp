#include "node/fabric/identity.hpp"

#include "base/encoding.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::fabric {
namespace {

bool is_about(const Bytes& staple, const std::vector<crypto::Certificate>& chain, WallTime now) {
  return chain.size() > 1 &&
         crypto::read_ocsp_response(staple, chain[0], chain[1], now).has_value();
}

// The agent replaces key and chain one after the other; in between there is nothing to show.
std::optional<crypto::TlsIdentity> read_worker(const wire::Credential& said, WallTime now) {
  auto key = crypto::PrivateKey::from_pem(said.key_pem);
  auto chain = crypto::Certificate::chain_from_pem(said.chain_pem);
  if (!key || !chain) return std::nullopt;
  if (key->public_key().spki_sha256() != chain->front().public_key().spki_sha256()) {
    return std::nullopt;
  }
  Bytes staple = is_about(said.staple, *chain, now) ? said.staple : Bytes{};
  return crypto::TlsIdentity{std::move(*chain), std::move(*key), std::move(staple)};
}

}  // namespace

std::expected<Identity, std::string> read_identity(const wire::Identify& said, WallTime now) {
  auto key = crypto::PrivateKey::from_pem(said.node.key_pem);
  if (!key) return std::unexpected("the node's key is no private key");
  auto chain = crypto::Certificate::chain_from_pem(said.node.chain_pem);
  if (!chain) return std::unexpected("the node's chain is no certificate chain");
  const auto raw = from_base64(said.seal_key);
  const auto seal = raw ? crypto::X25519KeyPair::from_secret(*raw) : std::nullopt;
  if (!seal) return std::unexpected("the seal key is not an X25519 key");
  Bytes staple = is_about(said.node.staple, *chain, now) ? said.node.staple : Bytes{};
  const auto names = chain->front().names();
  const auto id = names.uris.size() == 1 ? wire::SpiffeId::parse(names.uris.front()) : std::nullopt;
  return Identity{id ? std::optional(id->cluster) : std::nullopt,
                  {std::move(*chain), std::move(*key), std::move(staple)},
                  *seal,
                  said.worker ? read_worker(*said.worker, now) : std::nullopt};
}

}  // namespace rap::fabric
