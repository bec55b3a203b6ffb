#include "store/standings.hpp"

namespace rap::store {

using control::Horizon;

std::optional<Horizon> RecentStandings::horizon_of(NodeId node, std::string_view serial) {
  const auto horizon = recent();
  if (!horizon) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto found = admitted_.find({node, std::string(serial)});
  if (found == admitted_.end() || found->second != horizon->admissions) return std::nullopt;
  return horizon;
}

void RecentStandings::remember(NodeId node, std::string_view serial, std::uint64_t admissions) {
  const std::lock_guard lock(mutex_);
  if (admitted_.size() >= kMaxRemembered) admitted_.clear();
  admitted_[{node, std::string(serial)}] = admissions;
}

void RecentStandings::forget() {
  const std::lock_guard lock(mutex_);
  ++generation_;
}

std::optional<Horizon> RecentStandings::recent() {
  const MonoTime arrived = clock_();
  std::unique_lock lock(mutex_);
  const auto fits = [&] {
    return read_generation_ == generation_ && read_at_ + kHorizonAge >= arrived;
  };
  // One reads for all; who waited for a reading that does not fit makes the next.
  ended_.wait(lock, [&] { return !reading_ || fits(); });
  if (newest_ && fits()) return newest_;
  reading_ = true;
  const std::uint64_t generation = generation_;
  lock.unlock();
  const auto horizon = read();
  lock.lock();
  reading_ = false;
  newest_ = horizon;
  read_at_ = arrived;
  read_generation_ = generation;
  ended_.notify_all();
  return horizon;
}

std::optional<Horizon> RecentStandings::read() {
  std::optional<Horizon> horizon;
  const auto done = database_.run(control::Scope::platform(), [&](control::Transaction& tx) {
    horizon = tx.nodes().horizon();
    return control::Ending::roll_back;
  });
  return done ? horizon : std::nullopt;
}

}  // namespace rap::store
