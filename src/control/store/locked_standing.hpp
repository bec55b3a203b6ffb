// How the database stands, for all threads that call it. Calls that reach it while it is not away
// do not come here.
#pragma once

#include <functional>
#include <mutex>

#include "control/core/database_standing.hpp"
#include "io/system/system.hpp"

namespace rap::store {

class LockedStanding final : public control::Outages {
 public:
  struct Clocks {
    std::function<MonoTime()> mono = io::mono_now;
    std::function<WallTime()> wall = io::wall_now;
  };
  explicit LockedStanding(Clocks clocks) : clocks_(std::move(clocks)) {}

  void step(std::optional<control::OutageCause> failure) {
    const std::lock_guard lock(mutex_);
    standing_.step(clocks_.mono(), clocks_.wall(), failure);
  }
  control::StandingFigures figures() const {
    const std::lock_guard lock(mutex_);
    return standing_.figures(clocks_.mono());
  }
  std::optional<control::Outage> take() override {
    const std::lock_guard lock(mutex_);
    return standing_.take(clocks_.mono());
  }
  void put_back(const control::Outage& outage) override {
    const std::lock_guard lock(mutex_);
    standing_.put_back(outage);
  }

 private:
  const Clocks clocks_;
  mutable std::mutex mutex_;
  control::DatabaseStanding standing_;
};

}  // namespace rap::store
