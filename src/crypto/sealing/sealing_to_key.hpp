// Sealing to a key whose holder is not there to answer: Noise_N_25519_AESGCM_SHA256
// (noiseprotocol.org rev 34 §7.4). What is sealed proves nothing of its sender: whoever knows the
// public key can seal to it.
//
//   -> e, es   payload: empty
#pragma once

#include "crypto/sealing/sealing.hpp"

namespace rap::crypto {

struct SealedToKey {
  Bytes message;  // kSealHandshakeOverhead bytes
  SealKey key;    // of the records that follow it
};

// nullopt when the recipient is a point of small order, which no key pair has.
std::optional<SealedToKey> seal_to_key(const X25519Public& recipient, std::string_view prologue,
                                       RandomSource& rng);
// The key of the records; nullopt when the message is not for this key, or it or the prologue was
// changed.
std::optional<SealKey> open_with_key(const X25519KeyPair& recipient, std::string_view prologue,
                                     ByteView message);

}  // namespace rap::crypto
