// Signed envelopes (DSSE) from strangers: none that was not sealed with our key opens.

#include "crypto/tokens/dsse.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto key = rap::crypto::PrivateKey::generate(rap::crypto::KeyType::ed25519);
  static const std::vector<rap::crypto::VerificationKey> keys = {{"config-1", key.public_key()}};
  const auto text = rap::fuzz::as_text(data, size);
  rap::fuzz::require(!rap::crypto::open_envelope(text, "application/x", keys));
  // The parts of one that does open, with the input in the place of one of them.
  const std::string sealed =
      rap::crypto::seal_envelope(key, "config-1", "application/x", rap::as_bytes(text));
  const auto opened = rap::crypto::open_envelope(sealed, "application/x", keys);
  rap::fuzz::require(opened && rap::as_text(*opened) == text);
  rap::fuzz::require(!rap::crypto::open_envelope(sealed, "application/y", keys));
  return 0;
}
