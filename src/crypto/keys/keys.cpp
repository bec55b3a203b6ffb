#include "crypto/keys/keys.hpp"

#include <algorithm>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/keys/pem.hpp"

namespace rap::crypto {
namespace {

constexpr std::string_view kPublicLabel = "PUBLIC KEY";
constexpr std::string_view kPrivateLabel = "PRIVATE KEY";
constexpr std::size_t kScalar = 32;  // bytes of r and of s on P-256
constexpr std::size_t kSignature = 64;

bool is_named_p256(const EVP_PKEY* key) {
  char group[32];
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, group, sizeof group, &size) != 1) return false;
  if (std::string_view(group, size) != SN_X9_62_prime256v1) return false;
  int is_explicit = 0;
  EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit);
  return is_explicit == 0;
}

KeyType type_of(const EVP_PKEY* key) {
  if (key == nullptr) return KeyType::other;
  const QuietErrors quiet;
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC: return is_named_p256(key) ? KeyType::p256 : KeyType::other;
    case EVP_PKEY_ED25519: return KeyType::ed25519;
    case EVP_PKEY_X25519: return KeyType::x25519;
    default: return KeyType::other;
  }
}

Bytes ecdsa_to_fixed(ByteView der) {
  auto parsed = from_der(d2i_ECDSA_SIG, der);
  require(parsed != nullptr, "read an ECDSA signature it made");
  Bytes out(kSignature);
  const int n = static_cast<int>(kScalar);
  require(BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out.data(), n) == n &&
              BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), out.data() + kScalar, n) == n,
          "encode an ECDSA signature");
  return out;
}

Bytes ecdsa_from_fixed(ByteView fixed) {
  Handle<bignum_st> r(BN_bin2bn(fixed.data(), kScalar, nullptr));
  Handle<bignum_st> s(BN_bin2bn(fixed.data() + kScalar, kScalar, nullptr));
  Handle<ECDSA_SIG_st> parsed(ECDSA_SIG_new());
  require(r && s && parsed, "build an ECDSA signature");
  require(ECDSA_SIG_set0(parsed.get(), r.release(), s.release()) == 1, "build an ECDSA signature");
  return to_der(i2d_ECDSA_SIG, parsed.get());
}

// Ed25519 hashes inside; EVP wants no digest then.
const EVP_MD* digest_for(KeyType type) { return type == KeyType::ed25519 ? nullptr : EVP_sha256(); }

}  // namespace

std::optional<PublicKey> PublicKey::from_pem(std::string_view spki_pem) {
  const QuietErrors quiet;
  auto der = parse_single_pem(spki_pem, kPublicLabel);
  if (!der) return std::nullopt;
  std::shared_ptr<EVP_PKEY> key = from_der(d2i_PUBKEY, *der);
  if (!key) return std::nullopt;
  return PublicKey(std::move(key));
}

std::optional<PublicKey> PublicKey::from_raw_ed25519(ByteView raw32) {
  const QuietErrors quiet;
  Handle<evp_pkey_st> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw32.data(), raw32.size()));
  if (!key) return std::nullopt;
  return PublicKey(std::move(key));
}

KeyType PublicKey::type() const { return type_of(key_.get()); }

std::string PublicKey::pem() const {
  return encode_pem(kPublicLabel, to_der(i2d_PUBKEY, key_.get()));
}

Bytes PublicKey::raw() const {
  const KeyType t = type();
  if (t != KeyType::ed25519 && t != KeyType::x25519) return {};
  Bytes out(32);
  std::size_t size = out.size();
  require(EVP_PKEY_get_raw_public_key(key_.get(), out.data(), &size) == 1 && size == out.size(),
          "read a raw public key");
  return out;
}

Sha256 PublicKey::spki_sha256() const { return sha256(to_der(i2d_PUBKEY, key_.get())); }

PrivateKey PrivateKey::generate(KeyType type) {
  EVP_PKEY* key = nullptr;
  if (type == KeyType::p256) {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", SN_X9_62_prime256v1);
  } else if (type == KeyType::ed25519) {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  require(key != nullptr, "generate a key");
  return PrivateKey(Handle<evp_pkey_st>(key));
}

std::optional<PrivateKey> PrivateKey::from_pem(std::string_view pkcs8_pem) {
  const QuietErrors quiet;
  auto der = parse_single_pem(pkcs8_pem, kPrivateLabel);
  if (!der) return std::nullopt;
  auto info = from_der(d2i_PKCS8_PRIV_KEY_INFO, *der);
  if (!info) return std::nullopt;
  PrivateKey key{Handle<evp_pkey_st>(EVP_PKCS82PKEY(info.get()))};
  if (key.type() == KeyType::other) return std::nullopt;
  // The file may carry a public half of its own: it has to be this secret's.
  Handle<evp_pkey_ctx_st> check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.native(), nullptr));
  require(check != nullptr, "check a key");
  if (EVP_PKEY_pairwise_check(check.get()) != 1) return std::nullopt;
  return key;
}

KeyType PrivateKey::type() const { return type_of(key_.get()); }

std::string PrivateKey::pem() const {
  Handle<pkcs8_priv_key_info_st> info(EVP_PKEY2PKCS8(key_.get()));
  require(info != nullptr, "encode a private key");
  return encode_pem(kPrivateLabel, to_der(i2d_PKCS8_PRIV_KEY_INFO, info.get()));
}

PublicKey PrivateKey::public_key() const {
  auto copy = from_der(d2i_PUBKEY, to_der(i2d_PUBKEY, key_.get()));
  require(copy != nullptr, "take the public half of a key");
  return PublicKey(std::move(copy));
}

Bytes sign(const PrivateKey& key, ByteView message) {
  const KeyType type = key.type();
  require(type == KeyType::p256 || type == KeyType::ed25519, "sign with this type of key");
  Handle<evp_md_ctx_st> ctx(EVP_MD_CTX_new());
  std::size_t size = 0;
  require(
      ctx && EVP_DigestSignInit(ctx.get(), nullptr, digest_for(type), nullptr, key.native()) == 1 &&
          EVP_DigestSign(ctx.get(), nullptr, &size, message.data(), message.size()) == 1,
      "start a signature");
  Bytes out(size);
  require(EVP_DigestSign(ctx.get(), out.data(), &size, message.data(), message.size()) == 1,
          "sign");
  out.resize(size);
  return type == KeyType::p256 ? ecdsa_to_fixed(out) : out;
}

bool verify(const PublicKey& key, ByteView message, ByteView signature) {
  const KeyType type = key.type();
  if (type != KeyType::p256 && type != KeyType::ed25519) return false;
  if (signature.size() != kSignature) return false;
  const QuietErrors quiet;
  const Bytes encoded = type == KeyType::p256 ? ecdsa_from_fixed(signature)
                                              : Bytes(signature.begin(), signature.end());
  Handle<evp_md_ctx_st> ctx(EVP_MD_CTX_new());
  require(
      ctx && EVP_DigestVerifyInit(ctx.get(), nullptr, digest_for(type), nullptr, key.native()) == 1,
      "start a verification");
  return EVP_DigestVerify(ctx.get(), encoded.data(), encoded.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace rap::crypto
