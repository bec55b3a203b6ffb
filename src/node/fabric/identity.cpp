#include "node/fabric/identity.hpp"

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "io/system/file.hpp"

namespace rap::fabric {
namespace {

Bytes staple_of(const std::vector<crypto::Certificate>& chain, const std::filesystem::path& file,
                WallTime now) {
  const auto text = io::read_file(file);
  if (!text || chain.size() < 2) return {};
  const auto about = crypto::read_ocsp_response(as_bytes(*text), chain[0], chain[1], now);
  return about ? to_bytes(as_bytes(*text)) : Bytes{};
}

// Key and chain are replaced one after the other; in between there is nothing to show.
std::optional<crypto::TlsIdentity> read_worker(const std::filesystem::path& dir, WallTime now) {
  const auto key_text = io::read_file(dir / "worker.key");
  const auto chain_text = io::read_file(dir / "worker.pem");
  if (!key_text || !chain_text) return std::nullopt;
  auto key = crypto::PrivateKey::from_pem(*key_text);
  auto chain = crypto::Certificate::chain_from_pem(*chain_text);
  if (!key || !chain) return std::nullopt;
  if (key->public_key().spki_sha256() != chain->front().public_key().spki_sha256()) {
    return std::nullopt;
  }
  Bytes staple = staple_of(*chain, dir / "worker.ocsp", now);
  return crypto::TlsIdentity{std::move(*chain), std::move(*key), std::move(staple)};
}

}  // namespace

std::expected<Identity, std::string> read_identity(const std::filesystem::path& state,
                                                   WallTime now) {
  const auto dir = state / "identity";
  const auto key_text = RAP_TRY(io::read_file(dir / "node.key"));
  const auto chain_text = RAP_TRY(io::read_file(dir / "chain.pem"));
  const auto seal_text = RAP_TRY(io::read_file(dir / "seal.key"));

  auto key = crypto::PrivateKey::from_pem(key_text);
  if (!key) return std::unexpected((dir / "node.key").string() + ": not a private key");
  auto chain = crypto::Certificate::chain_from_pem(chain_text);
  if (!chain) return std::unexpected((dir / "chain.pem").string() + ": not a certificate chain");
  std::string seal_base64 = seal_text;
  while (!seal_base64.empty() && seal_base64.back() == '\n') seal_base64.pop_back();
  const auto raw = from_base64(seal_base64);
  const auto seal = raw ? crypto::X25519KeyPair::from_secret(*raw) : std::nullopt;
  if (!seal) return std::unexpected((dir / "seal.key").string() + ": not an X25519 key");
  Bytes staple = staple_of(*chain, dir / "chain.ocsp", now);
  return Identity{
      {std::move(*chain), std::move(*key), std::move(staple)}, *seal, read_worker(dir, now)};
}

}  // namespace rap::fabric
