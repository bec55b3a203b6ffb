// The keys the control plane signs with while it serves. The root's key is not among them: it made
// the intermediate at init and went offline.
#pragma once

#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/model.hpp"
#include "crypto/ca.hpp"
#include "crypto/keys.hpp"

namespace rap::control {

inline constexpr std::chrono::seconds kNodeCertificateLifetime = std::chrono::days{90};
// A certificate is valid from a little before it was issued: clocks differ.
inline constexpr std::chrono::seconds kCertificateBackdate = std::chrono::minutes{5};

struct SigningKey {
  std::string kid;
  crypto::PrivateKey key;
};
// The kid names the key: "<use>-<first 16 hex digits of its SPKI's SHA-256>".
SigningKey make_signing_key(std::string_view use, crypto::PrivateKey key);

struct Authority {
  ClusterId cluster;
  std::vector<crypto::Certificate> roots;
  crypto::Issuer intermediate;
  SigningKey token_key;   // data-plane tokens
  SigningKey config_key;  // node configurations

  std::string trust_bundle_pem() const;
  std::string root_fingerprint() const;  // SHA-256 of the first root's DER, lower-case hex
  std::string ca_ref() const;            // "rap-<first 16 digits of it>"
};

// What the inventory keeps of a certificate just issued.
NodeCertificate inventory_entry(NodeId node, const crypto::Certificate& leaf, std::string ca_ref);

crypto::Validity validity_from(WallTime now, std::chrono::seconds lifetime);

}  // namespace rap::control
