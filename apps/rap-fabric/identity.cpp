#include "identity.hpp"

#include "base/encoding.hpp"
#include "io/file.hpp"

namespace rap::fabric {

std::expected<Identity, std::string> read_identity(const std::filesystem::path& state) {
  const auto dir = state / "identity";
  const auto key_text = io::read_file(dir / "node.key");
  if (!key_text) return std::unexpected(key_text.error());
  const auto chain_text = io::read_file(dir / "chain.pem");
  if (!chain_text) return std::unexpected(chain_text.error());
  const auto seal_text = io::read_file(dir / "seal.key");
  if (!seal_text) return std::unexpected(seal_text.error());

  auto key = crypto::PrivateKey::from_pem(*key_text);
  if (!key) return std::unexpected((dir / "node.key").string() + ": not a private key");
  auto chain = crypto::Certificate::chain_from_pem(*chain_text);
  if (!chain) return std::unexpected((dir / "chain.pem").string() + ": not a certificate chain");
  std::string seal_base64 = *seal_text;
  while (!seal_base64.empty() && seal_base64.back() == '\n') seal_base64.pop_back();
  const auto raw = from_base64(seal_base64);
  const auto seal = raw ? crypto::X25519KeyPair::from_secret(*raw) : std::nullopt;
  if (!seal) return std::unexpected((dir / "seal.key").string() + ": not an X25519 key");
  return Identity{{std::move(*chain), std::move(*key)}, *seal};
}

}  // namespace rap::fabric
