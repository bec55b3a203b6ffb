// Signed envelopes (DSSE v1, github.com/secure-systems-lab/dsse): signed configuration and, later,
// release manifests. Unknown key ids are skipped; a signature without one is tried with every key.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/tokens/jws.hpp"

namespace rap::crypto {

inline constexpr std::size_t kMaxEnvelopeBytes = std::size_t{6} * 1024 * 1024;
inline constexpr std::size_t kMaxEnvelopeSignatures = 16;

enum class EnvelopeFault : std::uint8_t { malformed, wrong_type, no_trusted_signature };
std::string_view to_string(EnvelopeFault fault);

Bytes pre_auth_encoding(std::string_view payload_type, ByteView payload);

std::string seal_envelope(const PrivateKey& key, std::string_view kid,
                          std::string_view payload_type, ByteView payload);  // JSON text

// The payload, when at least `threshold` different keys signed it as `payload_type`.
std::expected<Bytes, EnvelopeFault> open_envelope(std::string_view json,
                                                  std::string_view payload_type,
                                                  const std::vector<VerificationKey>& keys,
                                                  std::size_t threshold = 1);

}  // namespace rap::crypto
