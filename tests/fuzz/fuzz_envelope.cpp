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
  // Signed together with others, and with the input in the place of the signatures.
  using rap::crypto::check_envelope;
  using rap::wire::JsonValue;
  const std::vector<std::string> payloads = {"x", std::string(text), "y"};
  const auto signatures = rap::crypto::sign_together(key, "config-1", "application/x", payloads);
  const auto of_it = JsonValue::of(signatures[1]);
  rap::fuzz::require(check_envelope("application/x", rap::as_bytes(text), of_it, keys).has_value());
  rap::fuzz::require(!check_envelope("application/y", rap::as_bytes(text), of_it, keys));
  rap::fuzz::require(
      !check_envelope("application/x", rap::as_bytes("z"), JsonValue::of(text), keys));
  return 0;
}
