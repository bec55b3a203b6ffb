// End-to-end sealing of a flow, so that the nodes in between forward ciphertext. The client knows
// the egress's static key, and the egress learns the client's, which the token names, so that
// nobody else can use the token (Noise_IK, noiseprotocol.org rev 34 §7.5):
//
//   -> e, es, s, ss   payload: the request          <- e, ee, se   payload: the answer
//
// Then one record per frame: AES-256-GCM, the nonce is the record's number, the associated data is
// given by the caller.
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
// The first message has the initiator's static key too.
inline constexpr std::size_t kFirstMessageOverhead = kSealHandshakeOverhead + kX25519Key + kSealTag;

inline constexpr std::string_view kSealPrologue = "rap-flow-v2";

struct SealedFlow {
  SealKey send;
  SealKey receive;
};

// The client's side; `self` is its static key.
class SealInitiator {
 public:
  SealInitiator(const X25519KeyPair& self, const X25519Public& responder_static, RandomSource& rng,
                std::string_view prologue = kSealPrologue);
  ~SealInitiator();
  SealInitiator(SealInitiator&&) noexcept;
  SealInitiator& operator=(SealInitiator&&) noexcept;

  // Called once. It is empty when the responder's key is a point of small order, which no honest
  // node has.
  Bytes first_message(ByteView payload);
  // Consumes the second message, once; nullopt when it does not authenticate.
  std::optional<SealedFlow> finish(ByteView second_message);
  // The payload of the second message, after finish() succeeded.
  ByteView answer() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The egress's side, in one step: opens the first message, and answers it. A first message can be
// recorded and sent again; what makes the flow fresh is the second message's key, and what makes
// the request fresh is the single-use token inside, or the first record after it.
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
  // Who the initiator has proven to be, after open_first() succeeded.
  const X25519Public& initiator_static() const;
  // Called once, after open_first() succeeded.
  std::pair<Bytes, SealedFlow> second_message(ByteView payload = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rap::crypto
