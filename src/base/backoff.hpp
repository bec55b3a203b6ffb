// Exponential backoff with full jitter: the n-th delay is uniform between zero and
// min(cap, first · 2ⁿ), so that peers that failed together do not come back together.
#pragma once

#include <algorithm>

#include "base/random.hpp"
#include "base/time.hpp"

namespace rap {

// The delay after `failures` failures in a row.
inline Duration full_jitter(Duration first, Duration cap, unsigned failures, RandomSource& rng) {
  constexpr unsigned kMaxDoublings = 20;
  const Duration ceiling = std::min(cap, first * (1 << std::min(failures, kMaxDoublings)));
  return Duration{
      static_cast<Duration::rep>(rng.u64() % (static_cast<std::uint64_t>(ceiling.count()) + 1))};
}

class Backoff {
 public:
  constexpr Backoff(Duration first, Duration cap) : first_(first), cap_(cap) {}

  Duration next(RandomSource& rng) { return full_jitter(first_, cap_, failures_++, rng); }
  void reset() { failures_ = 0; }

 private:
  Duration first_;
  Duration cap_;
  unsigned failures_ = 0;
};

}  // namespace rap
