// The keys the control plane signs with while it serves. The root's key is not among them: it made
// the intermediate at init and went offline.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/keys/keys.hpp"
#include "crypto/x509/ca.hpp"
#include "snapshot/configuration/node_config.hpp"
#include "snapshot/trust_bundle.hpp"

namespace rap::control {

inline constexpr std::chrono::seconds kNodeCertificateLifetime = std::chrono::days{90};
inline constexpr std::chrono::seconds kWorkerCertificateLifetime = std::chrono::days{30};
// A certificate is valid from a little before it was issued: clocks differ.
inline constexpr std::chrono::seconds kCertificateBackdate = std::chrono::minutes{5};

struct SigningKey {
  std::string kid;
  crypto::PrivateKey key;
};
snapshot::TokenKey token_key_of(const SigningKey& key);
// The kid names the key: "<use>-<first 16 hex digits of its SPKI's SHA-256>".
SigningKey make_signing_key(std::string_view use, crypto::PrivateKey key);

struct Authority {
  ClusterId cluster;
  std::vector<crypto::Certificate> roots;  // in force; the one that issues comes first
  crypto::Issuer intermediate;
  SigningKey token_key;   // data-plane tokens
  SigningKey config_key;  // node configurations
  // The bundles that lead from the first root to those in force, oldest first; signed by roots.
  std::uint64_t bundle_version = snapshot::kFirstTrustBundle;
  std::vector<std::string> bundles = {};
  // Who issued before, while what it issued is still in use: it says no more than how that stands.
  struct Former {
    crypto::Issuer intermediate;
    std::string ca_ref;
  };
  std::optional<Former> former = std::nullopt;

  std::string trust_bundle_pem() const;
  std::string root_fingerprint() const;  // SHA-256 of the first root's DER, lower-case hex
  std::string ca_ref() const;  // "rap-<first 16 digits of it>"
};

// "rap-<first 16 digits of the root's SHA-256>"
std::string ca_ref_of(const crypto::Certificate& root);

// The authority as it is now: rotating trust puts another in its place while requests run. Whoever
// asks keeps theirs for as long as they hold it.
class CurrentAuthority {
 public:
  virtual ~CurrentAuthority() = default;
  virtual std::shared_ptr<const Authority> get() const = 0;  // from any thread
  std::shared_ptr<const Authority> operator->() const { return get(); }
};

crypto::Validity validity_from(WallTime now, std::chrono::seconds lifetime);

}  // namespace rap::control
