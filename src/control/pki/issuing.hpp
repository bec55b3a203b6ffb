// Issuing certificates to nodes: the profile of each kind, and the first staple.
#pragma once

#include <string>

#include "control/core/services.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/certificate_inventory.hpp"

namespace rap::control {

// Must-staple and where the status is asked for, once there is a responder.
crypto::Certificate issue_certificate(Services& s, const Authority& authority, CertificateKind kind,
                                      const crypto::PublicKey& key,
                                      const crypto::SubjectNames& names, WallTime now);

// An OCSP response about a certificate that is in good standing, in base64; empty when there is no
// responder, and so nothing to staple.
std::string first_staple(Services& s, const Authority& authority, const NodeCertificate& good,
                         WallTime now);

}  // namespace rap::control
