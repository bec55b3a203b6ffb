#include "crypto/sealing/sealing_to_key.hpp"

#include <algorithm>

#include "crypto/sealing/noise.hpp"

namespace rap::crypto {
namespace {

constexpr std::string_view kSealProtocol = "Noise_N_25519_AESGCM_SHA256";

// Both sides start from the prologue and the recipient's key ("<- s"), and go on to "e, es".
bool agree(NoiseState& noise, std::string_view prologue, const X25519Public& recipient,
           const X25519Public& ephemeral, const std::optional<NoiseKey>& exchanged) {
  noise.mix_hash(as_bytes(prologue));
  noise.mix_hash(recipient);
  noise.mix_hash(ephemeral);
  if (exchanged) noise.mix_key(*exchanged);
  return exchanged.has_value();
}

SealKey key_of(const NoiseState& noise) {
  auto [first, second] = noise.split();
  SealKey key(first);
  wipe(first);
  wipe(second);
  return key;
}

}  // namespace

std::optional<SealedToKey> seal_to_key(const X25519Public& recipient, std::string_view prologue,
                                       RandomSource& rng) {
  X25519KeyPair ephemeral = X25519KeyPair::generate(rng);
  NoiseState noise(kSealProtocol);
  const bool agreed =
      agree(noise, prologue, recipient, ephemeral.public_key, x25519(ephemeral.secret, recipient));
  wipe(ephemeral.secret);
  if (!agreed) return std::nullopt;
  Bytes message = to_bytes(ByteView(ephemeral.public_key));
  noise.encrypt_and_hash({}, message);
  return SealedToKey{std::move(message), key_of(noise)};
}

std::optional<SealKey> open_with_key(const X25519KeyPair& recipient, std::string_view prologue,
                                     ByteView message) {
  if (message.size() != kSealHandshakeOverhead) return std::nullopt;
  X25519Public ephemeral;
  std::ranges::copy(message.first(kX25519Key), ephemeral.begin());
  NoiseState noise(kSealProtocol);
  if (!agree(noise, prologue, recipient.public_key, ephemeral,
             x25519(recipient.secret, ephemeral)) ||
      !noise.decrypt_and_hash(message.subspan(kX25519Key))) {
    return std::nullopt;
  }
  return key_of(noise);
}

}  // namespace rap::crypto
