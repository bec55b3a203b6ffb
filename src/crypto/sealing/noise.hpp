// The symmetric state of a Noise handshake (noiseprotocol.org rev 34 §5.2) with SHA-256 and
// AES-256-GCM, and X25519. Internal to this layer; sealing.cpp plays the pattern.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "crypto/sealing/sealing.hpp"

namespace rap::crypto {

using NoiseKey = std::array<std::uint8_t, 32>;

// X25519 (RFC 7748 §5); nullopt when the result is all zeros, which only a peer key of small order
// gives.
std::optional<NoiseKey> x25519(const NoiseKey& secret, const X25519Public& peer);
X25519Public x25519_public(const NoiseKey& secret);

void wipe(MutableBytes secret);

class NoiseState {
 public:
  explicit NoiseState(std::string_view protocol_name);
  ~NoiseState();
  NoiseState(const NoiseState&) = delete;
  NoiseState& operator=(const NoiseState&) = delete;

  void mix_hash(ByteView data);
  void mix_key(const NoiseKey& input);
  void encrypt_and_hash(ByteView plain, Bytes& out);  // appends; only after mix_key
  std::optional<Bytes> decrypt_and_hash(ByteView sealed);
  // The keys of the two directions: the initiator's first.
  std::pair<NoiseKey, NoiseKey> split() const;

 private:
  NoiseKey chaining_key_{};
  NoiseKey hash_{};
  std::optional<SealKey> cipher_;
};

}  // namespace rap::crypto
