#include "crypto/sealing/noise.hpp"

#include <algorithm>

#include <openssl/crypto.h>
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

Handle<evp_pkey_st> private_key(const NoiseKey& secret) {
  Handle<evp_pkey_st> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, secret.data(), secret.size()));
  require(key != nullptr, "load an X25519 key");
  return key;
}

}  // namespace

void wipe(MutableBytes secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

X25519Public x25519_public(const NoiseKey& secret) {
  const auto key = private_key(secret);
  X25519Public out;
  std::size_t size = out.size();
  require(EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) == 1 && size == out.size(),
          "compute an X25519 public key");
  return out;
}

std::optional<NoiseKey> x25519(const NoiseKey& secret, const X25519Public& peer) {
  const QuietErrors quiet;
  const auto mine = private_key(secret);
  Handle<evp_pkey_st> theirs(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, peer.data(), peer.size()));
  Handle<evp_pkey_ctx_st> context(EVP_PKEY_CTX_new_from_pkey(nullptr, mine.get(), nullptr));
  require(theirs && context && EVP_PKEY_derive_init(context.get()) == 1 &&
              EVP_PKEY_derive_set_peer(context.get(), theirs.get()) == 1,
          "start X25519");
  NoiseKey out;
  std::size_t size = out.size();
  if (EVP_PKEY_derive(context.get(), out.data(), &size) != 1) return std::nullopt;
  return out;
}

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
