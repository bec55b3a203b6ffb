// The authority that all threads of the server share.
#pragma once

#include <mutex>

#include "control/pki/authority.hpp"

namespace rap::control::server {

class LockedAuthority final : public control::CurrentAuthority {
 public:
  explicit LockedAuthority(control::Authority authority) { set(std::move(authority)); }

  std::shared_ptr<const control::Authority> get() const override {
    std::lock_guard lock(mutex_);
    return current_;
  }
  void set(control::Authority authority) {
    auto next = std::make_shared<const control::Authority>(std::move(authority));
    std::lock_guard lock(mutex_);
    current_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const control::Authority> current_;
};

}  // namespace rap::control::server
