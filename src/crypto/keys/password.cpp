#include "crypto/keys/password.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

#include <argon2.h>

namespace rap::crypto {
namespace {

constexpr std::uint32_t kLanes = 1;
constexpr std::size_t kSalt = 16;
constexpr std::size_t kHash = 32;
constexpr std::size_t kMaxEncoded = 256;

[[noreturn]] void give_up(int rc) {
  // Only memory can be lacking here.
  std::fprintf(stderr, "fatal: argon2id failed: %s\n", argon2_error_message(rc));
  std::abort();
}

std::string hash_with(std::string_view password, ByteView salt) {
  std::array<char, kMaxEncoded> encoded{};
  const int rc = argon2id_hash_encoded(kArgon2Passes, kArgon2MemoryKiB, kLanes, password.data(),
                                       password.size(), salt.data(), salt.size(), kHash,
                                       encoded.data(), encoded.size());
  if (rc != ARGON2_OK) give_up(rc);
  return encoded.data();
}

// Costs what checking a real hash costs.
bool refuse_slowly() {
  constexpr std::array<std::uint8_t, kSalt> salt{};
  hash_with("", salt);
  return false;
}

}  // namespace

std::string hash_password(std::string_view password, RandomSource& rng) {
  if (password.size() > kMaxPasswordBytes) return {};
  std::array<std::uint8_t, kSalt> salt;
  rng.fill(salt);
  return hash_with(password, salt);
}

bool check_password(std::string_view password, std::string_view phc_hash) {
  if (password.size() > kMaxPasswordBytes || phc_hash.size() >= kMaxEncoded) {
    return refuse_slowly();
  }
  const std::string encoded(phc_hash);
  if (encoded.find('\0') != std::string::npos) return refuse_slowly();
  const int rc = argon2id_verify(encoded.c_str(), password.data(), password.size());
  if (rc == ARGON2_OK) return true;
  return rc == ARGON2_VERIFY_MISMATCH ? false : refuse_slowly();
}

std::array<std::uint8_t, 32> key_of_passphrase(std::string_view passphrase, ByteView salt) {
  std::array<std::uint8_t, 32> key;
  const int rc = argon2id_hash_raw(kPassphrasePasses, kPassphraseMemoryKiB, kPassphraseLanes,
                                   passphrase.data(), passphrase.size(), salt.data(), salt.size(),
                                   key.data(), key.size());
  if (rc != ARGON2_OK) give_up(rc);
  return key;
}

}  // namespace rap::crypto
