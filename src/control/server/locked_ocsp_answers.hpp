// The OCSP answers that are kept for all threads of the server.
#pragma once

#include <mutex>
#include <utility>

#include "control/pki/status/kept_ocsp_answers.hpp"

namespace rap::control::server {

class LockedOcspAnswers final : public control::KeptOcspAnswers {
 public:
  std::shared_ptr<const control::KeptOcspAnswer> find(const crypto::OcspCertId& id,
                                                      const control::OcspSigner& signer,
                                                      control::Moment now) override {
    const std::lock_guard lock(mutex_);
    return memory_.find(id, signer, now);
  }
  Reading begin(MonoTime now) const override {
    const std::lock_guard lock(mutex_);
    return memory_.begin(now);
  }
  void read(const Reading& reading, const std::optional<std::string>& version) override {
    const std::lock_guard lock(mutex_);
    memory_.read(reading, version);
  }
  void keep(const crypto::OcspCertId& id, control::KeptOcspAnswer answer,
            const std::string& version, control::Moment now) override {
    const std::lock_guard lock(mutex_);
    memory_.keep(id, std::move(answer), version, now);
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    memory_.forget();
  }
  control::KeptOcspFigures figures() const {
    const std::lock_guard lock(mutex_);
    return memory_.figures();
  }

 private:
  mutable std::mutex mutex_;
  control::OcspAnswerMemory memory_;
};

}  // namespace rap::control::server
