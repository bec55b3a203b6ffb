// The OCSP signers that all threads of the server share.
#pragma once

#include <mutex>

#include "control/pki/ocsp_signers.hpp"

namespace rap::control::server {

class LockedOcspSigners final : public control::OcspSigners {
 public:
  std::string url() const override {
    std::lock_guard lock(mutex_);
    return url_;
  }
  void set_url(std::string url) {
    std::lock_guard lock(mutex_);
    url_ = std::move(url);
  }
  std::shared_ptr<const control::OcspSigner> find(const crypto::OcspCertId& id,
                                                  const control::Authority& authority,
                                                  std::chrono::seconds config_valid_for,
                                                  RandomSource& rng, WallTime now) override {
    std::lock_guard lock(mutex_);
    return signers_.find(id, authority, config_valid_for, rng, now);
  }

 private:
  mutable std::mutex mutex_;
  std::string url_;
  control::OcspSignerSet signers_;
};

}  // namespace rap::control::server
