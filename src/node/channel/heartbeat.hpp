// Whether the other end of one lane is alive, and how far away (CH-8): numbers the heartbeats that
// go out, matches the answers, and says when silence turns into suspicion and then into failure.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "wire/frames/channel_frames.hpp"

namespace rap::channel {

using namespace std::chrono_literals;

// The cadence goes by what a lane may carry (S0 §9): the bulk lane is the channel of low priority.
inline constexpr Duration kRealtimeCadence = 2s;  // render, input
inline constexpr Duration kControlCadence = 5s;
inline constexpr Duration kStorageCadence = 15s;  // files, storage, updates, telemetry alone
inline constexpr Duration kSuspicionCadence = 1s;  // the bounded retry
inline constexpr unsigned kMissedUntilSuspect = 2;
inline constexpr unsigned kMissedUntilHint = 3;  // time to look for another path
inline constexpr unsigned kMissedUntilFailed = 5;
inline constexpr unsigned kLossWindow = 32;  // heartbeats the loss is computed over

constexpr Duration cadence_of(wire::TrafficClassSet classes) {
  using enum wire::TrafficClass;
  const auto has = [&](wire::TrafficClassSet some) { return !classes.intersect(some).empty(); };
  if (has({render, input})) return kRealtimeCadence;
  if (has({fabric_control, route_control, health, clipboard, vpn_packet})) return kControlCadence;
  return kStorageCadence;
}

class HeartbeatMonitor {
 public:
  // The next heartbeat goes out; its sequence and timestamp.
  std::uint64_t send(MonoTime now, Duration cadence) {
    ++sequence_;
    // Judged when the next one goes out: until then its answer may be on its way.
    history_ = (history_ << 1) | 1U;
    sent_ = std::min(sent_ + 1, kLossWindow);
    ++unanswered_;
    next_ = now + (suspect() ? std::min(cadence, kSuspicionCadence) : cadence);
    return sequence_;
  }

  // Returns false for an answer to something that was never sent.
  bool answered(const wire::HeartbeatAck& ack, MonoTime now) {
    if (ack.sequence == 0 || ack.sequence > sequence_) return false;
    const std::uint64_t age = sequence_ - ack.sequence;
    if (age < kLossWindow) history_ &= ~(1U << age);
    unanswered_ = static_cast<unsigned>(std::min<std::uint64_t>(unanswered_, age));
    answered_ = std::max(answered_, ack.sequence);
    measure(now.time_since_epoch() - std::chrono::microseconds(ack.timestamp_us));
    return true;
  }

  MonoTime next() const { return next_; }
  std::uint64_t sequence() const { return sequence_; }
  std::uint64_t answered() const { return answered_; }  // the newest that was
  unsigned unanswered() const { return unanswered_; }
  bool suspect() const { return unanswered_ > kMissedUntilSuspect; }
  bool hinted() const { return unanswered_ > kMissedUntilHint; }
  bool failed() const { return unanswered_ > kMissedUntilFailed; }
  Duration rtt() const { return rtt_; }  // zero: not measured yet
  Duration jitter() const { return jitter_; }
  std::uint16_t loss_permille() const {
    if (sent_ <= 1) return 0;
    // The newest may still be answered.
    const auto lost = static_cast<unsigned>(std::popcount(history_ >> 1 << 1));
    return static_cast<std::uint16_t>(std::min(1000U, lost * 1000 / (sent_ - 1)));
  }

 private:
  // RFC 6298 §2: smoothed by 1/8, its variation by 1/4.
  void measure(Duration sample) {
    if (sample < Duration::zero() || sample > 1min) return;
    const Duration delta = sample > rtt_ ? sample - rtt_ : rtt_ - sample;
    jitter_ = rtt_ == Duration::zero() ? sample / 2 : jitter_ + (delta - jitter_) / 4;
    rtt_ = rtt_ == Duration::zero() ? sample : rtt_ + (sample - rtt_) / 8;
  }

  std::uint64_t sequence_ = 0;
  std::uint64_t answered_ = 0;
  unsigned unanswered_ = 0;
  std::uint32_t history_ = 0;  // bit n: the n-th newest went unanswered
  unsigned sent_ = 0;
  MonoTime next_{};
  Duration rtt_{0};
  Duration jitter_{0};
};

}  // namespace rap::channel
