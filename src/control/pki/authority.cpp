#include "control/pki/authority.hpp"

#include "base/encoding.hpp"

namespace rap::control {
namespace {

constexpr std::size_t kShortFingerprint = 16;  // hex digits

}  // namespace

SigningKey make_signing_key(std::string_view use, crypto::PrivateKey key) {
  const std::string digest = to_hex(key.public_key().spki_sha256());
  return {std::string(use) + "-" + digest.substr(0, kShortFingerprint), std::move(key)};
}

snapshot::TokenKey token_key_of(const SigningKey& key) {
  return {key.kid, key.key.public_key().pem()};
}

std::string Authority::trust_bundle_pem() const { return crypto::chain_pem(roots); }

std::string Authority::root_fingerprint() const { return roots.front().fingerprint_hex(); }

std::string Authority::ca_ref() const { return ca_ref_of(roots.front()); }

std::string ca_ref_of(const crypto::Certificate& root) {
  return "rap-" + root.fingerprint_hex().substr(0, kShortFingerprint);
}

crypto::Validity validity_from(WallTime now, std::chrono::seconds lifetime) {
  return {now - kCertificateBackdate, now + lifetime};
}

}  // namespace rap::control
