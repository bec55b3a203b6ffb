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

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "crypto/sealing/seal_key.hpp"
#include "crypto/sealing/x25519.hpp"

namespace rap::crypto {

inline constexpr std::size_t kSealHandshakeOverhead = kX25519Key + kSealTag;

inline constexpr std::string_view kSealPrologue = "rap-flow-v1";

struct SealedFlow {
  SealKey send;
  SealKey receive;
};

// The entry's side.
class SealInitiator {
 public:
  SealInitiator(const X25519Public& responder_static, RandomSource& rng,
                std::string_view prologue = kSealPrologue);
  ~SealInitiator();
  SealInitiator(SealInitiator&&) noexcept;
  SealInitiator& operator=(SealInitiator&&) noexcept;

  // Called once. It is empty when the responder's key is a point of small order, which no honest
  // node has.
  Bytes first_message(ByteView payload);
  // Consumes the second message, once; nullopt when it does not authenticate.
  std::optional<SealedFlow> finish(ByteView second_message);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The egress's side, in one step: opens the first message, and answers it. A first message can be
// recorded and sent again; what makes the flow fresh is the second message's key, and what makes
// the request fresh is the single-use token inside.
class SealResponder {
 public:
  // `rng` is drawn from in second_message() and must live until then.
  SealResponder(const X25519KeyPair& static_key, RandomSource& rng,
                std::string_view prologue = kSealPrologue);
  ~SealResponder();
  SealResponder(SealResponder&&) noexcept;
  SealResponder& operator=(SealResponder&&) noexcept;

  // Called once. Returns the payload; nullopt when the message is not for this key, or changed.
  std::optional<Bytes> open_first(ByteView first_message);
  // Called once, after open_first() succeeded.
  std::pair<Bytes, SealedFlow> second_message(ByteView payload = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rap::crypto
