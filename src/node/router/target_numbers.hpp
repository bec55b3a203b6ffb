// Adapters know a target by its number. The numbers of an egress's two kinds of flows are kept
// apart by one bit, and each kind hears of its own.
#pragma once

#include "adapters/contract/adapter.hpp"

namespace rap::router {

// In the numbers of targets whose flows are resumable.
inline constexpr adapters::TargetId kResumableTargets = adapters::TargetId{1} << 31;

class TargetNumbers final : public adapters::TargetEvents {
 public:
  // Both outlive it.
  TargetNumbers(adapters::TargetEvents& others, adapters::TargetEvents& resumable)
      : others_(others), resumable_(resumable) {}

  void target_opened(adapters::TargetId target) override { of(target).target_opened(target); }
  void target_failed(adapters::TargetId target, adapters::TargetFailure failure) override {
    of(target).target_failed(target, failure);
  }
  std::size_t target_data(adapters::TargetId target, ByteView data) override {
    return of(target).target_data(target, data);
  }
  void target_consumed(adapters::TargetId target, std::size_t n) override {
    of(target).target_consumed(target, n);
  }
  void target_ended(adapters::TargetId target) override { of(target).target_ended(target); }
  void target_lost(adapters::TargetId target, adapters::TargetFailure how) override {
    of(target).target_lost(target, how);
  }

 private:
  adapters::TargetEvents& of(adapters::TargetId target) {
    return (target & kResumableTargets) != 0 ? resumable_ : others_;
  }

  adapters::TargetEvents& others_;
  adapters::TargetEvents& resumable_;
};

}  // namespace rap::router
