#include "control/pki/issuing.hpp"

#include "base/encoding.hpp"

namespace rap::control {

crypto::Certificate issue_certificate(const IssuingPorts& ports, const Authority& authority,
                                      CertificateKind kind, const crypto::PublicKey& key,
                                      const crypto::SubjectNames& names, WallTime now) {
  const bool worker = kind == CertificateKind::worker;
  crypto::LeafProfile profile;
  profile.client = !worker;
  profile.must_staple = ports.ocsp != nullptr;
  if (ports.ocsp != nullptr) {
    profile.ocsp_url = ports.ocsp->url();
    profile.crl_url = crl_url(profile.ocsp_url, authority.ca_ref());
  }
  return crypto::issue_leaf(
      authority.intermediate, key, names,
      validity_from(now, worker ? kWorkerCertificateLifetime : kNodeCertificateLifetime), ports.rng,
      profile);
}

std::string first_staple(const IssuingPorts& ports, const Authority& authority,
                         const NodeCertificate& good, WallTime now) {
  const auto leaf = crypto::Certificate::from_pem(good.pem);
  if (ports.ocsp == nullptr || !leaf || !leaf->must_staple()) return {};
  return to_base64(first_ocsp_response(*ports.ocsp, *leaf, good.kind, authority,
                                       ports.config_valid_for, ports.rng, now));
}

}  // namespace rap::control
