// Credit windows (QO-2): how many bytes of a flow may be on the way. The receiving edge grants, the
// sending edge spends, and every hop between checks, so a flow never occupies more than its window
// anywhere. Bytes are plaintext bytes: the tag of a record does not count.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

namespace rap::flow {

// Enough for 8 Gbit/s at 4 ms, as when busy hosts keep their processes waiting, and for 320 Mbit/s
// at 100 ms.
inline constexpr std::uint32_t kInitialWindow = 4 * 1024 * 1024;
inline constexpr std::uint32_t kMaxWindow = 16 * 1024 * 1024;
// A receiver grants in steps, not for every frame.
inline constexpr std::uint32_t kCreditStep = kInitialWindow / 64;

// A hop passes credit on in steps too, so that small ones cannot make more frames than the data
// did.
inline constexpr std::uint32_t kMinCredit = 16 * 1024;
static_assert(kMinCredit <= kCreditStep);

// What may still be sent, at the sender and as seen by a hop in between.
class SendWindow {
 public:
  std::uint32_t available() const { return available_; }
  // Returns false when it was not there to spend: at the sender a bug, from a peer a violation.
  bool spend(std::uint32_t n) {
    if (n > available_) return false;
    available_ -= n;
    return true;
  }
  // Returns false when the grants exceed the maximum.
  bool grant(std::uint32_t n) {
    if (n > kMaxWindow - std::min(available_, kMaxWindow)) return false;
    available_ += n;
    return true;
  }

 private:
  std::uint32_t available_ = kInitialWindow;
};

// What left a hop's queue and was not credited by the receiver yet. Credit is believed as far as
// bytes have left: a receiver that credits and never reads gets no more than its window.
class CreditCheck {
 public:
  void departed(std::uint32_t n) { uncredited_ += n; }
  // Returns the credit to pass on now, 0 for none yet.
  std::uint32_t believe(std::uint32_t credit) {
    const std::uint32_t n = std::min(credit, uncredited_);
    uncredited_ -= n;
    believed_ += n;
    if (believed_ < kMinCredit) return 0;
    return std::exchange(believed_, 0);
  }

 private:
  std::uint32_t uncredited_ = 0;
  std::uint32_t believed_ = 0;  // and not passed on yet
};

// The receiving edge keeps what was taken off the flow for good and not granted again yet.
class ReceiveWindow {
 public:
  // Bytes left the fabric; returns the credit to send now, 0 for none yet.
  std::uint32_t consumed(std::uint32_t n) {
    pending_ += n;
    if (pending_ < kCreditStep) return 0;
    return std::exchange(pending_, 0);
  }

 private:
  std::uint32_t pending_ = 0;
};

}  // namespace rap::flow
