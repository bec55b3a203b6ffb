// Which address of a host a connection tries when (RFC 8305, "Happy Eyeballs"): the families take
// turns, the next attempt starts 250 ms after the last one or as soon as one fails, and the first
// that connects ends the others. A dead first address so costs a quarter of a second.
//
// The caller looks the name up, judges what it finds, dials and keeps the timer:
//
//            Found               Succeeded
//   looking ───────> attempting ───────────> over
//      │                 │ all failed, or the limit
//      └─────────────────┴─────────────────> over
//
// An event after the end is ignored: answers of look-ups and attempts may still be on their way.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "policy/addresses/ip_address.hpp"

namespace rap::dialling {

// RFC 8305 §8 names these two.
inline constexpr Duration kResolutionDelay = std::chrono::milliseconds{50};
inline constexpr Duration kAttemptDelay = std::chrono::milliseconds{250};
// How many addresses of one host are tried. Whoever controls a name decides how many connections it
// makes a node begin.
inline constexpr std::size_t kMaxAddresses = 8;

enum class DialFailure : std::uint8_t {
  no_address,  // the name has none
  unanswered,  // nobody said in time what addresses the name has
  denied,  // every address is one that may not be dialled
  unreachable,
  refused,  // nobody listens there
  reset,  // somebody took the connection and broke it off at once
  timeout,  // the attempts took longer than the limit
};

// What a look-up found. The first of its addresses goes first.
struct Found {
  std::vector<policy::IpAddress> addresses = {};
  bool denied = false;  // there were others, which may not be dialled
  bool unanswered = false;  // part of the look-up had no answer
  bool more = false;  // the other family is still looked up
};
struct Failed {
  policy::IpAddress address;
  DialFailure how = DialFailure::unreachable;  // unreachable, refused or reset
};
struct Succeeded {
  policy::IpAddress address;
};
struct TimePassed {};
using Event = std::variant<Found, Failed, Succeeded, TimePassed>;

struct Attempt {
  policy::IpAddress address;
  bool operator==(const Attempt&) const = default;
};
// This attempt is the connection; the others end.
struct Keep {
  policy::IpAddress address;
  bool operator==(const Keep&) const = default;
};
struct GiveUp {
  DialFailure failure = DialFailure::unreachable;
  bool operator==(const GiveUp&) const = default;
};
using Action = std::variant<Attempt, Keep, GiveUp>;

class HappyEyeballs {
 public:
  // The limit counts from the first attempt; a look-up has its own.
  explicit HappyEyeballs(Duration limit) : limit_(limit) {}

  std::vector<Action> step(MonoTime now, const Event& event);
  std::optional<MonoTime> next_wakeup() const;

 private:
  void take(MonoTime now, const Found& found);
  policy::IpAddress next_address();
  std::optional<MonoTime> next_attempt() const;
  void proceed(MonoTime now, std::vector<Action>& actions);
  DialFailure failure() const;
  bool is_untried() const { return !untried_[0].empty() || !untried_[1].empty(); }

  Duration limit_;
  bool looking_ = true;
  int parts_ = 0;  // of the look-up, so far
  bool over_ = false;
  std::optional<MonoTime> held_until_;  // IPv4 waits so long for IPv6's answer
  std::deque<policy::IpAddress> untried_[2];  // IPv4, IPv6
  std::optional<bool> turn_;  // whether IPv6 goes next
  std::vector<policy::IpAddress> known_;
  std::size_t under_way_ = 0;
  std::optional<MonoTime> first_attempt_;
  std::optional<MonoTime> last_attempt_;  // none once it has failed: the next goes at once
  bool denied_ = false;
  bool unanswered_ = false;
  bool refused_ = false;
  bool reset_ = false;
};

}  // namespace rap::dialling
