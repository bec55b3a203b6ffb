#include "control/pki/issuing.hpp"

#include "base/encoding.hpp"
#include "control/pki/ocsp_signers.hpp"

namespace rap::control {

crypto::Certificate issue_certificate(Services& s, const Authority& authority, CertificateKind kind,
                                      const crypto::PublicKey& key,
                                      const crypto::SubjectNames& names, WallTime now) {
  const bool worker = kind == CertificateKind::worker;
  crypto::LeafProfile profile;
  profile.client = !worker;
  profile.must_staple = s.ocsp != nullptr;
  if (s.ocsp != nullptr) {
    profile.ocsp_url = s.ocsp->url();
    profile.crl_url = crl_url(profile.ocsp_url, authority.ca_ref());
  }
  return crypto::issue_leaf(
      authority.intermediate, key, names,
      validity_from(now, worker ? kWorkerCertificateLifetime : kNodeCertificateLifetime), s.rng,
      profile);
}

std::string first_staple(Services& s, const Authority& authority, const NodeCertificate& good,
                         WallTime now) {
  const auto leaf = crypto::Certificate::from_pem(good.pem);
  if (s.ocsp == nullptr || !leaf || !leaf->must_staple()) return {};
  return to_base64(first_ocsp_response(*s.ocsp, *leaf, good.kind, authority,
                                       s.settings.config_valid_for, s.rng, now));
}

}  // namespace rap::control
