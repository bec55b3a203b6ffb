#include "crypto/sealing/x25519.hpp"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/keys/openssl_handle.hpp"

namespace rap::crypto {
namespace {

Handle<evp_pkey_st> private_key(const X25519Secret& secret) {
  Handle<evp_pkey_st> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, secret.data(), secret.size()));
  require(key != nullptr, "load an X25519 key");
  return key;
}

}  // namespace

X25519KeyPair X25519KeyPair::generate(RandomSource& rng) {
  X25519KeyPair pair;
  rng.fill(pair.secret);
  pair.public_key = x25519_public(pair.secret);
  return pair;
}

std::optional<X25519KeyPair> X25519KeyPair::from_secret(ByteView secret) {
  if (secret.size() != kX25519Key) return std::nullopt;
  X25519KeyPair pair;
  std::ranges::copy(secret, pair.secret.begin());
  pair.public_key = x25519_public(pair.secret);
  return pair;
}

void wipe(MutableBytes secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

X25519Public x25519_public(const X25519Secret& secret) {
  const auto key = private_key(secret);
  X25519Public out;
  std::size_t size = out.size();
  require(EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) == 1 && size == out.size(),
          "compute an X25519 public key");
  return out;
}

std::optional<X25519Secret> x25519(const X25519Secret& secret, const X25519Public& peer) {
  const QuietErrors quiet;
  const auto mine = private_key(secret);
  Handle<evp_pkey_st> theirs(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, peer.data(), peer.size()));
  Handle<evp_pkey_ctx_st> context(EVP_PKEY_CTX_new_from_pkey(nullptr, mine.get(), nullptr));
  require(theirs && context && EVP_PKEY_derive_init(context.get()) == 1 &&
              EVP_PKEY_derive_set_peer(context.get(), theirs.get()) == 1,
          "start X25519");
  X25519Secret out;
  std::size_t size = out.size();
  if (EVP_PKEY_derive(context.get(), out.data(), &size) != 1) return std::nullopt;
  return out;
}

}  // namespace rap::crypto
