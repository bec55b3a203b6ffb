// Password hashing: argon2id (RFC 9106), PHC string format.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace rap::crypto {

inline constexpr std::uint32_t kArgon2MemoryKiB = 19 * 1024;
inline constexpr std::uint32_t kArgon2Passes = 2;
inline constexpr std::size_t kMaxPasswordBytes = 1024;

// Empty, and so never matched by any password, when `password` is longer than kMaxPasswordBytes.
std::string hash_password(std::string_view password, RandomSource& rng);
// A malformed hash costs as much as a good one, so that an unknown account takes as long as a wrong
// password.
bool check_password(std::string_view password, std::string_view phc_hash);

// A key for what lies where it can be guessed at offline for years: argon2id with the second set of
// parameters that RFC 9106 §4 recommends.
inline constexpr std::uint32_t kPassphraseMemoryKiB = 64 * 1024;
inline constexpr std::uint32_t kPassphrasePasses = 3;
inline constexpr std::uint32_t kPassphraseLanes = 4;
inline constexpr std::size_t kPassphraseSalt = 16;
std::array<std::uint8_t, 32> key_of_passphrase(std::string_view passphrase, ByteView salt);

}  // namespace rap::crypto
