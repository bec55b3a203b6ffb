#include "node/agent/public_credential.hpp"

#include <utility>

#include "base/try.hpp"
#include "crypto/keys/keys.hpp"
#include "crypto/x509/certificate.hpp"
#include "crypto/x509/validation/public_path.hpp"

namespace rap::agent {

std::expected<PublicCredential::One, std::string> PublicCredential::judge(
    const PublicFilesRead& files, WallTime wall) const {
  if (!files) return std::unexpected(files.error());
  const auto chain = crypto::Certificate::chain_from_pem(files->chain_pem);
  if (!chain || chain->size() > crypto::kMaxPresentedCertificates) {
    return std::unexpected(
        "--data-plane-certificate holds no chain of certificates in PEM (the certificate first, "
        "then its intermediates, eight at most).");
  }
  const auto key = crypto::PrivateKey::from_pem(files->key_pem);
  if (!key) {
    return std::unexpected(
        "--data-plane-key holds no private key in PEM (PKCS #8) of the kind ECDSA P-256 or "
        "Ed25519. Ask for a certificate with such a key (certbot: --key-type ecdsa), or convert "
        "the file (openssl pkcs8 -topk8 -nodes).");
  }
  const crypto::Certificate& leaf = chain->front();
  if (key->public_key().spki_sha256() != leaf.public_key().spki_sha256()) {
    return std::unexpected(
        "The key of --data-plane-key is not that of the certificate: one of the files is older "
        "than the other.");
  }
  if (!crypto::is_for_host(leaf, host_)) {
    return std::unexpected("The certificate is not for " + host_ +
                           ", where people reach this node (--data-plane-advertise).");
  }
  if (leaf.not_after() <= wall) return std::unexpected("The certificate has expired.");
  if (leaf.must_staple()) {
    return std::unexpected(
        "The certificate demands an OCSP staple of its authority, and none is got for it. Ask for "
        "one without must-staple.");
  }
  return One{*files,
             {files->key_pem, files->chain_pem, {}},
             leaf.key_hash(),
             leaf.not_before(),
             leaf.not_after()};
}

PublicCredential::Step PublicCredential::show(One one) {
  const bool is_first = !shown_;
  shown_ = std::move(one);
  next_.reset();
  refusal_said_.clear();
  return {.tell_identity = true,
          .say = Say{LogLevel::info, "public_certificate.shown",
                     std::string(is_first ? "People are shown the certificate of"
                                          : "People are shown the renewed certificate of") +
                         " --data-plane-certificate."}};
}

// One that has expired helps nobody; the platform's own is as good as ever.
PublicCredential::Step PublicCredential::refuse(const std::string& why, WallTime wall) {
  Step step;
  step.tell_identity = shown_ && shown_->not_after <= wall;
  if (step.tell_identity) shown_.reset();
  next_.reset();
  if (!step.tell_identity && why == refusal_said_) return step;
  refusal_said_ = why;
  step.say = Say{LogLevel::error, "public_certificate.unusable",
                 why + (shown_ ? " The one from before is shown on."
                               : " People are shown the platform's own certificate.")};
  return step;
}

PublicCredential::Step PublicCredential::looked(const PublicFilesRead& files, MonoTime now,
                                                WallTime wall) {
  const bool is_expired = shown_ && shown_->not_after <= wall;
  if (shown_ && files && shown_->files == *files && !is_expired) {
    next_.reset();
    refusal_said_.clear();
    return {};
  }
  if (next_ && files && next_->files == *files && next_->not_after > wall) {
    const bool is_known =
        next_is_known_since_ && now - *next_is_known_since_ >= Duration{kKeyToldBeforehand};
    return is_known ? show(*std::exchange(next_, std::nullopt)) : Step{};
  }
  auto one = judge(files, wall);
  if (!one) return refuse(one.error(), wall);
  // With nothing good to show there is nothing to wait for, and the same key is known already.
  if (!shown_ || is_expired || shown_->key == one->key) return show(std::move(*one));
  next_ = std::move(*one);
  next_is_told_ = false;
  next_is_known_since_.reset();
  return {};
}

PublicCredential::Told PublicCredential::tell() {
  next_is_told_ = next_.has_value();
  if (!shown_) return {};
  Told told{{shown_->key}, shown_->not_before, shown_->not_after};
  if (next_) told.keys.push_back(next_->key);
  return told;
}

void PublicCredential::check_in_succeeded(MonoTime now) {
  if (next_ && next_is_told_ && !next_is_known_since_) next_is_known_since_ = now;
}

}  // namespace rap::agent
