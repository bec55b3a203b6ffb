// Exponential backoff with full jitter: the n-th delay is uniform between zero and
// min(cap, first · 2ⁿ), so that peers that failed together do not come back together.
#pragma once

#include <algorithm>

#include "base/random.hpp"
#include "base/time.hpp"

namespace rap {

class Backoff {
 public:
  constexpr Backoff(Duration first, Duration cap) : first_(first), cap_(cap), ceiling_(first) {}

  Duration next(RandomSource& rng) {
    const auto range = static_cast<std::uint64_t>(std::min(ceiling_, cap_).count()) + 1;
    ceiling_ = std::min(ceiling_ * 2, cap_);
    return Duration{static_cast<Duration::rep>(rng.u64() % range)};
  }
  void reset() { ceiling_ = first_; }

 private:
  Duration first_;
  Duration cap_;
  Duration ceiling_;  // of the next delay
};

}  // namespace rap
