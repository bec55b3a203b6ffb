#include "control/keys/own_identity.hpp"

#include "base/try.hpp"
#include "control/pki/ocsp_signers.hpp"
#include "control/pki/own_certificate.hpp"

namespace rap::control::server {

std::vector<std::string> OwnIdentity::hosts() const {
  std::lock_guard lock(mutex_);
  return hosts_;
}

Result<crypto::TlsIdentity> OwnIdentity::load(WallTime now, bool anew) {
  const auto authority = authority_.get();
  OwnCertificate wanted{.anew = anew};
  if (issuing_.ocsp != nullptr) {
    wanted.profile.must_staple = true;
    wanted.profile.ocsp_url = issuing_.ocsp->url();
    wanted.profile.crl_url = control::crl_url(wanted.profile.ocsp_url, authority->ca_ref());
  }
  return state_.load_identity(*authority, now, issuing_.rng, nullptr, wanted);
}

Result<OwnIdentity::Shown> OwnIdentity::refresh(WallTime now) {
  std::lock_guard lock(refreshing_);
  const auto before = RAP_TRY(state_.own_certificate());
  const std::string replaced = before.serial_hex();
  const auto authority = authority_.get();
  auto identity = RAP_TRY(load(now, false));
  if (enter_own_certificate(database_, *authority, identity.chain, replaced, now) ==
      OwnStanding::revoked) {
    log_.warn("certificate.revoked", {{"serial", identity.chain.front().serial_hex()}});
    identity = RAP_TRY(load(now, true));
    enter_own_certificate(database_, *authority, identity.chain, {}, now);
  }
  const crypto::Certificate& leaf = identity.chain.front();
  const bool another = leaf.serial_hex() != serial_;
  const bool stale = another || now < stapled_at_ || now - stapled_at_ >= kStapleRefresh;
  if (stale && issuing_.ocsp != nullptr) {
    staple_ =
        control::first_ocsp_response(*issuing_.ocsp, leaf, control::CertificateKind::control,
                                     *authority, issuing_.config_valid_for, issuing_.rng, now);
    stapled_at_ = now;
  }
  if (another && !serial_.empty())
    log_.info("certificate.renewed", {{"serial", leaf.serial_hex()}});
  serial_ = leaf.serial_hex();
  identity.staple = staple_;
  auto hosts = RAP_TRY(state_.hosts());
  hosts.insert(hosts.end(), reached_at_.begin(), reached_at_.end());
  {
    std::lock_guard names(mutex_);
    hosts_ = std::move(hosts);
  }
  return Shown{std::move(identity), another || stale};
}

}  // namespace rap::control::server
