// The symmetric state of a Noise handshake (noiseprotocol.org rev 34 §5.2) with SHA-256 and
// AES-256-GCM, and X25519. Internal to this layer; sealing.cpp plays the pattern.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "crypto/sealing/seal_key.hpp"
#include "crypto/sealing/x25519.hpp"

namespace rap::crypto {

using NoiseKey = X25519Secret;  // of as many bytes

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
