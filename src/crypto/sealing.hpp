// End-to-end sealing of a flow between its entry and its egress node, so that relays forward
// ciphertext: Noise_NK_25519_AESGCM_SHA256 (noiseprotocol.org rev 34 §7.5). The entry knows the
// egress's static key from signed configuration; the egress recognizes the entry's right by the
// token inside the first message.
//
//   -> e, es   payload: the flow request     <- e, ee   payload: empty
//
// Then one record per DATA frame: AES-256-GCM, the nonce is the record's number, the associated
// data is given by the caller (the frame type).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace rap::crypto {

inline constexpr std::size_t kSealTag = 16;
inline constexpr std::size_t kX25519Key = 32;
inline constexpr std::size_t kSealHandshakeOverhead = kX25519Key + kSealTag;

using X25519Public = std::array<std::uint8_t, kX25519Key>;

struct X25519KeyPair {
  std::array<std::uint8_t, kX25519Key> secret{};
  X25519Public public_key{};
  static X25519KeyPair generate(RandomSource& rng);
  static std::optional<X25519KeyPair> from_secret(ByteView secret);
};

// One direction of an established flow. Not copyable: a copied nonce counter would be a disaster.
class SealKey {
 public:
  explicit SealKey(const std::array<std::uint8_t, 32>& key);
  ~SealKey();
  SealKey(SealKey&&) noexcept;
  SealKey& operator=(SealKey&&) noexcept;

  // Encrypts `plain` into `out`, which has plain.size() + kSealTag bytes; they may be the same
  // memory. No allocation.
  void seal(ByteView associated, ByteView plain, std::uint8_t* out);
  // Decrypts `sealed` into `out` (sealed.size() - kSealTag bytes, may be the same memory). False,
  // and nothing usable in `out`, when the record is not the next one of this flow.
  bool open(ByteView associated, ByteView sealed, std::uint8_t* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct SealedFlow {
  SealKey send;
  SealKey receive;
};

// The entry's side.
class SealInitiator {
 public:
  SealInitiator(const X25519Public& responder_static, RandomSource& rng);
  ~SealInitiator();
  SealInitiator(SealInitiator&&) noexcept;
  SealInitiator& operator=(SealInitiator&&) noexcept;

  Bytes first_message(ByteView payload);
  // Consumes the second message; nullopt when it does not authenticate.
  std::optional<SealedFlow> finish(ByteView second_message);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The egress's side, in one step: opens the first message, and answers it.
class SealResponder {
 public:
  SealResponder(const X25519KeyPair& static_key, RandomSource& rng);
  ~SealResponder();
  SealResponder(SealResponder&&) noexcept;
  SealResponder& operator=(SealResponder&&) noexcept;

  std::optional<Bytes> open_first(ByteView first_message);  // the payload
  // Only after open_first succeeded.
  std::pair<Bytes, SealedFlow> second_message();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rap::crypto
