// What the control plane says about the certificates it issued (CP-5, RFC 6960): signed on demand
// by a delegate of the issuer, from the inventory, never from a cache.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "control/core/services.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/crl.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "wire/http_message.hpp"

namespace rap::control {

inline constexpr std::string_view kOcspPath = "/ocsp/";
// A delegate signs for this long, and lives on until its last response has expired.
inline constexpr std::chrono::seconds kOcspSignerUse = std::chrono::hours{24};

// How long a response may be relied on. Between nodes as long as the configuration that lists what
// is revoked anyway, so that an absent control plane harms nothing before the configuration itself
// expires; for clients, who have no such list of their own, never longer than they accept.
std::chrono::seconds ocsp_validity(CertificateKind kind, const Settings& settings);

// Whom an issuer lets speak for it.
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
  // Where responses are fetched.
  virtual std::string url() const = 0;
  // Of the issuer that the id names; null when that is none of ours.
  virtual std::shared_ptr<const OcspSigner> find(const crypto::OcspCertId& id,
                                                 const Authority& authority,
                                                 const Settings& settings, RandomSource& rng,
                                                 WallTime now) = 0;
};

// What is behind it: made when first needed, kept in memory only, replaced when they have signed
// for kOcspSignerUse or the issuer changed.
class OcspSignerSet {
 public:
  std::shared_ptr<const OcspSigner> find(const crypto::OcspCertId& id, const Authority& authority,
                                         const Settings& settings, RandomSource& rng, WallTime now);

 private:
  std::vector<std::shared_ptr<const OcspSigner>> signers_;
};

// The first response about a certificate that is known to be in good standing, so that it can be
// stapled from its first handshake on.
Bytes first_ocsp_response(OcspSigners& signers, const crypto::Certificate& leaf,
                          CertificateKind kind, const Authority& authority,
                          const Settings& settings, RandomSource& rng, WallTime now);

// The listener's answers: POST of a request, or GET with it in base64 in the path (RFC 6960 §A.1),
// and what control/crl.hpp has.
class OcspResponder {
 public:
  // `services` may have another database than the other listeners: nothing is shared with them but
  // the keys. Its `ocsp` is not null.
  explicit OcspResponder(Services services);

  // From any thread; never throws.
  wire::HttpResponse handle(const wire::HttpRequest& request, WallTime now);

 private:
  wire::HttpResponse answer(const wire::HttpRequest& request, WallTime now,
                            std::string_view& outcome);
  Bytes answer(ByteView body, WallTime now, std::string_view& outcome);

  Services services_;
};

}  // namespace rap::control
