// How much of a flow's window an egress uses towards a client that may be slow. A window is opened
// as the client takes bytes, as TCP's is by slow start: so much that a client never asked anything
// of arrives of its flows before they can be paused, that what an entry may hold for it is enough
// for all of them (docs/decisions/byte-budgets.md).
//
//   kFirstWindow ── a credit while it was full: as many bytes more ──► kInitialWindow
//        ▲                                                                   │
//        └────────────── kReopenAfter without data, or a pause ──────────────┘
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "base/time.hpp"
#include "node/flow/window.hpp"

namespace rap::flow {

// More than a client takes before it credits, so that a flow never waits for credit it has earned.
inline constexpr std::uint32_t kFirstWindow = 112 * 1024;
static_assert(kFirstWindow > kCreditStep + kMinCredit);
// What was learnt of the client is old then.
inline constexpr Duration kReopenAfter = std::chrono::seconds{1};

class OpeningWindow {
 public:
  explicit OpeningWindow(std::uint32_t opened = kFirstWindow) : opened_(opened) {}

  // What may be sent now, of a window of which that much is left.
  std::uint32_t room(const SendWindow& window, MonoTime now) {
    if (sent_at_ && now - *sent_at_ > kReopenAfter) opened_ = kFirstWindow;
    const std::uint32_t left = std::min(window.available(), kInitialWindow);
    const std::uint32_t on_the_way = kInitialWindow - left;
    return on_the_way < opened_ ? std::min(left, opened_ - on_the_way) : 0;
  }
  void sent(MonoTime now) { sent_at_ = now; }
  // More was to be sent than there was room for.
  void was_full() { full_ = true; }
  void credited(std::uint32_t n, MonoTime now) {
    if (!std::exchange(full_, false)) return;
    opened_ = std::min(kInitialWindow, opened_ + n);
    sent_at_ = now;  // it waited for the client until now, and did not rest
  }
  void paused() {
    opened_ = kFirstWindow;
    full_ = false;
  }

 private:
  std::uint32_t opened_;
  bool full_ = false;
  std::optional<MonoTime> sent_at_;
};

}  // namespace rap::flow
