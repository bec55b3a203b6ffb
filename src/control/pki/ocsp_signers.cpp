#include "control/pki/ocsp_signers.hpp"

#include <algorithm>

namespace rap::control {

std::chrono::seconds ocsp_validity(CertificateKind kind, std::chrono::seconds config_valid_for) {
  if (kind != CertificateKind::node) return crypto::kMaxStapleAge;
  return std::max(crypto::kMaxStapleAge, config_valid_for);
}

std::shared_ptr<const OcspSigner> OcspSignerSet::find(const crypto::OcspCertId& id,
                                                      const Authority& authority,
                                                      std::chrono::seconds config_valid_for,
                                                      RandomSource& rng, WallTime now) {
  const crypto::Issuer* issuer = nullptr;
  std::string ca_ref;
  if (id.is_issued_by(authority.intermediate.certificate)) {
    issuer = &authority.intermediate;
    ca_ref = authority.ca_ref();
  } else if (authority.former && id.is_issued_by(authority.former->intermediate.certificate)) {
    issuer = &authority.former->intermediate;
    ca_ref = authority.former->ca_ref;
  }
  if (issuer == nullptr) return nullptr;
  std::erase_if(signers_, [&](const auto& s) { return now >= s->use_until; });
  const auto fingerprint = issuer->certificate.fingerprint();
  for (const auto& signer : signers_) {
    if (signer->issuer.fingerprint() == fingerprint) return signer;
  }
  const auto lifetime = kOcspSignerUse + ocsp_validity(CertificateKind::node, config_valid_for);
  auto made = std::make_shared<const OcspSigner>(OcspSigner{
      crypto::make_ocsp_signer(*issuer, authority.cluster, validity_from(now, lifetime), rng),
      issuer->certificate, std::move(ca_ref), now + kOcspSignerUse});
  signers_.push_back(made);
  return made;
}

Bytes first_ocsp_response(OcspSigners& signers, const crypto::Certificate& leaf,
                          CertificateKind kind, const Authority& authority,
                          std::chrono::seconds config_valid_for, RandomSource& rng, WallTime now) {
  const auto& issuer = authority.intermediate.certificate;
  const auto request = crypto::parse_ocsp_request(crypto::make_ocsp_request(leaf, issuer));
  if (!request) return {};
  const auto& id = request->certificates.front();
  const auto signer = signers.find(id, authority, config_valid_for, rng, now);
  if (!signer) return {};
  return crypto::sign_ocsp_response(
      signer->delegate,
      {{id, {crypto::OcspStatus::Kind::good}, now, now + ocsp_validity(kind, config_valid_for)}},
      {}, now);
}

std::string crl_url(std::string_view ocsp_url, std::string_view ca_ref) {
  constexpr std::string_view kEnd = "/ocsp/";
  if (!ocsp_url.ends_with(kEnd)) return {};
  ocsp_url.remove_suffix(kEnd.size());
  return std::string(ocsp_url) + std::string(kCrlPath) + "/" + std::string(ca_ref);
}

}  // namespace rap::control
