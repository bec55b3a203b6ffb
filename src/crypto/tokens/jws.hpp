// Compact JWS (RFC 7515) with EdDSA (RFC 8037) or ES256 (RFC 7518), and nothing else: the algorithm
// is a property of the verification key, never of the header. The header holds "alg", "kid" and
// "typ" and no other member: "crit", "b64" and embedded keys ("jwk", "jku", "x5c", "x5u") are
// refused.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/keys/keys.hpp"

namespace rap::crypto {

struct VerificationKey {
  std::string kid;
  PublicKey key;  // its type fixes the algorithm
};

enum class JwsFault : std::uint8_t {
  malformed,
  wrong_type,
  wrong_algorithm,
  unknown_key,
  bad_signature
};
std::string_view to_string(JwsFault fault);

inline constexpr std::size_t kMaxJwsBytes = std::size_t{8} * 1024;

// `payload` is JSON text; `typ` goes into the protected header and must match on verification. An
// empty `typ` means that the header has none.
std::string sign_jws(const PrivateKey& key, std::string_view kid, std::string_view typ,
                     std::string_view payload);

// The payload of a token whose signature holds. Duplicate header members are malformed.
std::expected<std::string, JwsFault> verify_jws(std::string_view token, std::string_view typ,
                                                const std::vector<VerificationKey>& keys);

}  // namespace rap::crypto
