// Issuing certificates to nodes: the profile of each kind, and the first staple.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "control/pki/ocsp_signers.hpp"
#include "snapshot/configuration/node_config.hpp"

namespace rap::control {

// The hosts that people and nodes reach the control plane by. No node gets a certificate for one.
class OwnNames {
 public:
  virtual ~OwnNames() = default;
  virtual std::vector<std::string> hosts() const = 0;  // from any thread
};

struct IssuingPorts {
  RandomSource& rng;
  OcspSigners* ocsp = nullptr;  // null: there is no responder, and certificates demand none
  // How long nodes may act on what they were told without hearing of us.
  std::chrono::seconds config_valid_for{snapshot::kDefaultValidForS};
  const OwnNames* own_names = nullptr;  // null: it has none
};

// Once there is a responder, the certificate says where its status is asked for, and demands a
// staple.
crypto::Certificate issue_certificate(const IssuingPorts& ports, const Authority& authority,
                                      CertificateKind kind, const crypto::PublicKey& key,
                                      const crypto::SubjectNames& names, WallTime now);

// An OCSP response about a certificate that is in good standing, in base64; empty when there is no
// responder, and so nothing to staple.
std::string first_staple(const IssuingPorts& ports, const Authority& authority,
                         const NodeCertificate& good, WallTime now);

}  // namespace rap::control
