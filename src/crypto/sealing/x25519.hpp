// X25519 (RFC 7748 §5): keys, and what two of them agree on.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace rap::crypto {

inline constexpr std::size_t kX25519Key = 32;

using X25519Public = std::array<std::uint8_t, kX25519Key>;
using X25519Secret = std::array<std::uint8_t, kX25519Key>;

struct X25519KeyPair {
  X25519Secret secret{};
  X25519Public public_key{};
  static X25519KeyPair generate(RandomSource& rng);
  static std::optional<X25519KeyPair> from_secret(ByteView secret);
};

// What both agree on; nullopt when the result is all zeros, which only a peer key of small order
// gives.
std::optional<X25519Secret> x25519(const X25519Secret& secret, const X25519Public& peer);
X25519Public x25519_public(const X25519Secret& secret);

void wipe(MutableBytes secret);

}  // namespace rap::crypto
