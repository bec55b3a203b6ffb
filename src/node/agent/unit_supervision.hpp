// What the agent does about a rap-fabric that it did not start: one that the host's service manager
// runs as another user, and starts again whenever it ends. The agent has no right to end it and
// knows it by its connection alone: it takes up whoever comes, asks it to end, and hangs up on one
// that is silent or does not go.
//
//            connected            restart, hold
//   away ───────────────► here ─────────────────► leaving
//     ▲                    │ silent: cut            │ late: cut; asked again when it comes back
//     └────────────────────┴────────────────────────┘ disconnected
#pragma once

#include <optional>
#include <vector>

#include <sys/types.h>

#include "base/time.hpp"

namespace rap::agent {

// A fabric that has begun to report does so every second.
inline constexpr Duration kFabricSilence = std::chrono::seconds{30};
inline constexpr Duration kLeaveGrace = std::chrono::seconds{5};

enum class UnitAction {
  take_up,  // a process that was not known
  ask_to_end,  // over its connection
  cut_silent,  // hang up
  cut_late,
};
using UnitActions = std::vector<UnitAction>;

struct UnitPatience {
  Duration silence = kFabricSilence;
  Duration leaving = kLeaveGrace;
};

class UnitSupervision {
 public:
  static constexpr MonoTime kNever = MonoTime::max();

  explicit UnitSupervision(UnitPatience patience = {}) : patience_(patience) {}

  // `pid` 0: nobody knows which process it is, and it is taken for another one each time.
  UnitActions connected(MonoTime now, pid_t pid);
  void heard(MonoTime now) { heard_at_ = now; }
  void disconnected();

  // The process there is makes way for another: at once, or when it comes.
  UnitActions restart(MonoTime now);
  // While it is held no fabric carries anything: the one there is goes, and the next, which has
  // neither keys nor a configuration, is told nothing (by whoever tells it).
  UnitActions hold(MonoTime now, bool held);

  UnitActions woken(MonoTime now);
  MonoTime next_wakeup() const;

 private:
  UnitActions ask(MonoTime now);

  UnitPatience patience_;
  bool here_ = false;
  bool next_goes_ = false;  // the next that comes may be one that was to go
  pid_t known_ = 0;
  pid_t leaving_ = 0;
  std::optional<MonoTime> heard_at_;
  std::optional<MonoTime> gone_by_;
};

}  // namespace rap::agent
