// Who signs what the control plane says of its certificates (RFC 6960 §4.2.2.2: delegates of the
// issuer), and where that is fetched.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "crypto/ocsp/ocsp.hpp"

namespace rap::control {

inline constexpr std::string_view kOcspPath = "/ocsp/";
inline constexpr std::string_view kCrlPath = "/crl";  // of who issues now; "/crl/CA_REF" of another
// A delegate signs for this long, and lives on until its last response has expired.
inline constexpr std::chrono::seconds kOcspSignerUse = std::chrono::hours{24};

// How long a response may be relied on: between nodes as long as the configuration that lists what
// is revoked anyway, so that an absent control plane harms nothing before the configuration itself
// expires; for clients, who have no such list of their own, never longer than they accept.
std::chrono::seconds ocsp_validity(CertificateKind kind, std::chrono::seconds config_valid_for);

// The address of an issuer's list, on the listener where its OCSP responder is; empty when that is
// not at ".../ocsp/".
std::string crl_url(std::string_view ocsp_url, std::string_view ca_ref);

// The certificate and key that an issuer lets speak for it.
struct OcspSigner {
  crypto::Issuer delegate;
  crypto::Certificate issuer;
  std::string ca_ref;
  WallTime use_until{};
};

// The delegates, one for each issuer whose certificates are in use. From any thread.
class OcspSigners {
 public:
  virtual ~OcspSigners() = default;
  // The URL that certificates name for OCSP.
  virtual std::string url() const = 0;
  // The signer for the issuer that the id names; null when that is none of ours.
  virtual std::shared_ptr<const OcspSigner> find(const crypto::OcspCertId& id,
                                                 const Authority& authority,
                                                 std::chrono::seconds config_valid_for,
                                                 RandomSource& rng, WallTime now) = 0;
};

// What is behind that port: delegates are made when first needed, kept in memory only, and replaced
// when they have signed for kOcspSignerUse or the issuer changed.
class OcspSignerSet {
 public:
  std::shared_ptr<const OcspSigner> find(const crypto::OcspCertId& id, const Authority& authority,
                                         std::chrono::seconds config_valid_for, RandomSource& rng,
                                         WallTime now);

 private:
  std::vector<std::shared_ptr<const OcspSigner>> signers_;
};

// The first response about a certificate that is known to be in good standing, so that it can be
// stapled from its first handshake on.
Bytes first_ocsp_response(OcspSigners& signers, const crypto::Certificate& leaf,
                          CertificateKind kind, const Authority& authority,
                          std::chrono::seconds config_valid_for, RandomSource& rng, WallTime now);

}  // namespace rap::control
