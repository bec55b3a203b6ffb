// PathSearch says by which entry a flow that has lost its path asks for another, and when: first by
// the entry after the one that it lost, soon, and when all were asked in vain, later and later. No
// refusal ends it: any node between can say one (docs/protocol/flows.md).
#pragma once

#include <cstddef>

#include "base/backoff.hpp"
#include "base/time.hpp"

namespace rap::client {

inline constexpr Duration kPathRetryFirst = std::chrono::milliseconds{100};
inline constexpr Duration kPathRetryCap = std::chrono::seconds{5};
// A path that lasted for so long was a good one: what comes after it begins anew.
inline constexpr Duration kGoodPath = std::chrono::seconds{10};

class PathSearch {
 public:
  // `entries` is not 0; the flow's first path goes by `entry`.
  PathSearch(std::size_t entries, std::size_t entry) : entries_(entries), entry_(entry) {}

  std::size_t entry() const { return entry_; }
  void found(MonoTime now) { found_ = now; }
  // The path is lost, or there was none by this entry: returns when to ask the next one.
  MonoTime lost(MonoTime now, RandomSource& rng) {
    if (now - found_ >= kGoodPath) failures_ = 0;
    return failed(now, rng);
  }
  MonoTime failed(MonoTime now, RandomSource& rng) {
    entry_ = (entry_ + 1) % entries_;
    const auto rounds = static_cast<unsigned>(failures_++ / entries_);
    return now + full_jitter(kPathRetryFirst, kPathRetryCap, rounds, rng);
  }

 private:
  std::size_t entries_;
  std::size_t entry_;
  std::size_t failures_ = 0;  // since the last good path
  MonoTime found_{};
};

}  // namespace rap::client
