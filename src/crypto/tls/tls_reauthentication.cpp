// A second proof on an established connection: see TlsEngine::prove_again.
#include <openssl/ssl.h>

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/tls/tls_engine.hpp"
#include "wire/frames/reauthentication.hpp"

namespace rap::crypto {

Bytes TlsEngine::export_key(std::string_view label) const {
  if (!established_) return {};
  Bytes key(kExportedKeyBytes);
  require(SSL_export_keying_material(ssl_.get(), key.data(), key.size(), label.data(), label.size(),
                                     nullptr, 0, 0) == 1,
          "export keying material");
  return key;
}

Bytes TlsEngine::proof_message(bool by_client, const Certificate& leaf) {
  const Bytes binding = export_key("EXPORTER-rap-channel-reauthentication");
  Bytes message = to_bytes(as_bytes("rap channel reauthentication 1"));
  ByteWriter w(message);
  w.u8(by_client ? 1 : 0);
  w.raw(binding);
  w.raw(leaf.fingerprint());
  return message;
}

Bytes TlsEngine::prove_again(const TlsIdentity& identity) {
  wire::Reauthentication proof;
  for (const Certificate& c : identity.chain) proof.chain.push_back(c.der());
  const bool client = context_->role() == TlsRole::client;
  proof.signature = sign(identity.key, proof_message(client, identity.chain.front()));
  proof.staple = identity.staple;
  return proof.encode();
}

std::expected<wire::SpiffeId, CertificateFault> TlsEngine::accept_proof(
    ByteView payload, const std::vector<Certificate>& roots, const DenyList* deny, WallTime now) {
  const auto* member = std::get_if<AcceptMember>(&context_->policy());
  const auto proof = wire::Reauthentication::decode(payload);
  if (member == nullptr || !established_ || !peer_ || !proof) {
    return std::unexpected(CertificateFault::no_certificate);
  }
  std::vector<Certificate> chain;
  for (const Bytes& der : proof->chain) {
    auto certificate = Certificate::from_der(der);
    if (!certificate) return std::unexpected(CertificateFault::no_certificate);
    chain.push_back(std::move(*certificate));
  }
  const bool by_client = context_->role() == TlsRole::server;
  if (!crypto::verify(chain.front().public_key(), proof_message(by_client, chain.front()),
                      proof->signature)) {
    return std::unexpected(CertificateFault::no_certificate);
  }
  const auto path_before = path_;
  auto identity = verify_member_of(*member, chain.front(), chain, roots, deny, now);
  if (identity && *identity != *peer_) identity = std::unexpected(CertificateFault::no_identity);
  if (identity) {
    if (const auto fault = status_fault(*member, chain.front(), proof->staple)) {
      identity = std::unexpected(*fault);
    }
  }
  if (identity) {
    proven_again_ = std::move(chain);
  } else {
    path_ = path_before;
  }
  return identity;
}

}  // namespace rap::crypto
