// How many records a peer may send that carry next to nothing. Every kBytesARecord bytes of data
// earn a record; beyond them there are as many as kThinRecords says. The smallest frame of the
// fabric (credit is one of 12 bytes, and comes by the thousand) or the head of a request earns its
// own; a byte at a time does not.
#pragma once

#include <algorithm>
#include <cstdint>

#include "policy/rate_limit.hpp"
#include "wire/frames/frame.hpp"

namespace rap::io {

inline constexpr std::int64_t kBytesARecord = wire::kFrameHeader;
inline constexpr policy::RateLimit kThinRecords{.burst = 256,
                                                .refill = std::chrono::milliseconds{100}};

class ThinRecords {
 public:
  // The stream has had so many records and bytes by now. False: too many carry too little.
  bool may_go_on(std::uint64_t records, std::uint64_t bytes, MonoTime now) {
    const auto unearned = static_cast<std::int64_t>(records) -
                          static_cast<std::int64_t>(bytes / std::uint64_t{kBytesARecord});
    // What was earned is kept, but not for ever: a large file does not buy a flood.
    paid_ = std::min(paid_, unearned + std::int64_t{kThinRecords.burst});
    if (unearned <= paid_) return true;
    const auto more = static_cast<unsigned>(
        std::min(unearned - paid_, std::int64_t{2} * std::int64_t{kThinRecords.burst}));
    paid_ = unearned;
    return !bucket_.take(kThinRecords, now, more);
  }

 private:
  std::int64_t paid_ = 0;  // unearned records that the bucket has been asked for
  policy::TokenBucket bucket_;
};

}  // namespace rap::io
