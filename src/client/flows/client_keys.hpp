// The two keys of one run of the program, which are kept in memory alone: whoever has its session's
// tokens and grants and not these goes on with none of its flows. The control plane names the
// public halves in both.
#pragma once

#include <algorithm>

#include "client/api/client_public_keys.hpp"
#include "crypto/keys/keys.hpp"
#include "crypto/sealing/x25519.hpp"

namespace rap::client {

struct ClientKeys {
  crypto::X25519KeyPair flow;  // its end of every flow (Noise IK)
  crypto::PrivateKey proof;  // Ed25519: proves to an entry that a grant is its own

  static ClientKeys generate(RandomSource& rng) {
    return {crypto::X25519KeyPair::generate(rng),
            crypto::PrivateKey::generate(crypto::KeyType::ed25519)};
  }
  ClientPublicKeys public_keys() const {
    ClientPublicKeys out;
    out.flow = flow.public_key;
    std::ranges::copy(proof.public_key().raw(), out.proof.begin());
    return out;
  }
};

}  // namespace rap::client
