#include "control/core/database_standing.hpp"

#include <algorithm>
#include <utility>

namespace rap::control {
namespace {

Outage joined(const Outage& first, const Outage& then) {
  return {.from = first.from,
          .until = then.until,
          .away = first.away + then.away,
          .times = first.times + then.times,
          .cause = first.cause};
}

}  // namespace

void DatabaseStanding::step(MonoTime now, WallTime at, std::optional<OutageCause> failure) {
  if (failure) {
    if (away_) return;
    away_ = Found{now, {.from = at, .until = at, .cause = *failure}};
    ++outages_;
    return;
  }
  if (!away_) return;
  Outage over = away_->outage;
  over.until = at;
  over.away = now - away_->at;
  away_.reset();
  back_at_ = now;
  away_in_all_ += over.away;
  if (over.away < kShortestOutage) return;
  pending_ = pending_ ? joined(*pending_, over) : over;
}

StandingFigures DatabaseStanding::figures(MonoTime now) const {
  const Duration going_on = away_ ? now - away_->at : Duration::zero();
  return {.up = !away_, .away = away_in_all_ + going_on, .outages = outages_};
}

std::optional<Outage> DatabaseStanding::take(MonoTime now) {
  if (away_ || !pending_ || now < back_at_ + kOutageSettled) return std::nullopt;
  if (said_up_to_ > now + (kOutagesSaidAtOnce - 1) * kOutagePause) return std::nullopt;
  said_up_to_ = std::max(said_up_to_, now) + kOutagePause;
  return std::exchange(pending_, std::nullopt);
}

void DatabaseStanding::put_back(const Outage& outage) {
  said_up_to_ -= kOutagePause;
  pending_ = pending_ ? joined(outage, *pending_) : outage;
}

}  // namespace rap::control
