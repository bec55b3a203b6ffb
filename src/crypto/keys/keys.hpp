// Asymmetric keys. Values: copies share one immutable OpenSSL key.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "crypto/keys/digest.hpp"

struct evp_pkey_st;

namespace rap::crypto {

enum class KeyType : std::uint8_t { p256, ed25519, x25519, other };

class PublicKey {
 public:
  static std::optional<PublicKey> from_pem(std::string_view spki_pem);
  static std::optional<PublicKey> from_raw_ed25519(ByteView raw32);
  explicit PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

  KeyType type() const;
  std::string pem() const;    // SubjectPublicKeyInfo
  Bytes raw() const;          // 32 bytes for Ed25519 and X25519, else empty
  Sha256 spki_sha256() const; // the hash of the DER SubjectPublicKeyInfo
  evp_pkey_st* native() const { return key_.get(); }

 private:
  std::shared_ptr<evp_pkey_st> key_;
};

class PrivateKey {
 public:
  static PrivateKey generate(KeyType type);  // p256 or ed25519
  static std::optional<PrivateKey> from_pem(std::string_view pkcs8_pem);
  explicit PrivateKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

  KeyType type() const;
  std::string pem() const;  // PKCS #8, unencrypted: the caller protects the file
  PublicKey public_key() const;
  evp_pkey_st* native() const { return key_.get(); }

 private:
  std::shared_ptr<evp_pkey_st> key_;
};

// Signatures over a message: Ed25519, or ECDSA P-256 with SHA-256 in the fixed 64-byte r||s form
// (RFC 7518 §3.4). verify() is false for every other key type and every malformed signature.
Bytes sign(const PrivateKey& key, ByteView message);
bool verify(const PublicKey& key, ByteView message, ByteView signature);

}  // namespace rap::crypto
