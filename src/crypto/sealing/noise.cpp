#include "crypto/sealing/noise.hpp"

#include <algorithm>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "crypto/keys/digest.hpp"
#include "crypto/keys/openssl_handle.hpp"

namespace rap::crypto {
namespace {

NoiseKey hmac(const NoiseKey& key, ByteView data) {
  NoiseKey out;
  unsigned size = 0;
  require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(),
               out.data(), &size) != nullptr &&
              size == out.size(),
          "compute HMAC-SHA256");
  return out;
}

// §4.3 with two outputs.
std::pair<NoiseKey, NoiseKey> hkdf(const NoiseKey& chaining_key, ByteView input) {
  NoiseKey temporary = hmac(chaining_key, input);
  const std::uint8_t one = 1;
  const NoiseKey first = hmac(temporary, {&one, 1});
  std::array<std::uint8_t, sizeof(NoiseKey) + 1> block;
  std::ranges::copy(first, block.begin());
  block.back() = 2;
  const NoiseKey second = hmac(temporary, block);
  wipe(temporary);
  wipe(block);
  return {first, second};
}

}  // namespace

NoiseState::NoiseState(std::string_view protocol_name) {
  if (protocol_name.size() <= hash_.size()) {
    std::ranges::copy(protocol_name, hash_.begin());
  } else {
    hash_ = sha256(as_bytes(protocol_name));
  }
  chaining_key_ = hash_;
}

NoiseState::~NoiseState() {
  wipe(chaining_key_);
  wipe(hash_);
}

void NoiseState::mix_hash(ByteView data) {
  Bytes both(hash_.begin(), hash_.end());
  both.insert(both.end(), data.begin(), data.end());
  hash_ = sha256(both);
}

void NoiseState::mix_key(const NoiseKey& input) {
  auto [chaining_key, key] = hkdf(chaining_key_, input);
  chaining_key_ = chaining_key;
  cipher_.emplace(key);
  wipe(chaining_key);
  wipe(key);
}

void NoiseState::encrypt_and_hash(ByteView plain, Bytes& out) {
  const std::size_t start = out.size();
  out.resize(start + plain.size() + kSealTag);
  cipher_->seal(hash_, plain, out.data() + start);
  mix_hash(ByteView(out).subspan(start));
}

std::optional<Bytes> NoiseState::decrypt_and_hash(ByteView sealed) {
  if (sealed.size() < kSealTag) return std::nullopt;
  Bytes plain(sealed.size() - kSealTag);
  if (!cipher_->open(hash_, sealed, plain.data())) return std::nullopt;
  mix_hash(sealed);
  return plain;
}

std::pair<NoiseKey, NoiseKey> NoiseState::split() const { return hkdf(chaining_key_, {}); }

}  // namespace rap::crypto
