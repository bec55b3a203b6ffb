#include "control/store/recent_admissions.hpp"

namespace rap::store {

using control::ClusterVersions;

std::optional<ClusterVersions> RecentAdmissions::versions_for(NodeId node,
                                                              std::string_view serial) {
  const auto versions = recent();
  if (!versions) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto found = admitted_.find({node, std::string(serial)});
  if (found == admitted_.end()) return std::nullopt;
  if (holds(node, found->second)) return versions;
  admitted_.erase(found);
  return std::nullopt;
}

bool RecentAdmissions::holds(NodeId node, std::uint64_t admissions) const {
  const auto own = floor_of_.find(node);
  return admissions >= floor_ && (own == floor_of_.end() || admissions >= own->second);
}

void RecentAdmissions::remember(NodeId node, std::string_view serial, std::uint64_t admissions) {
  const std::lock_guard lock(mutex_);
  if (admitted_.size() >= kMaxRemembered) admitted_.clear();
  admitted_[{node, std::string(serial)}] = admissions;
}

void RecentAdmissions::forget() {
  const std::lock_guard lock(mutex_);
  ++generation_;
}

std::optional<ClusterVersions> RecentAdmissions::recent() {
  const MonoTime arrived = clock_();
  std::unique_lock lock(mutex_);
  const auto fits = [&] {
    return read_generation_ == generation_ && read_at_ + kVersionsAge >= arrived;
  };
  // One reads for all; who waited for a reading that does not fit makes the next.
  ended_.wait(lock, [&] { return !reading_ || fits(); });
  if (newest_ && fits()) return newest_;
  reading_ = true;
  const std::uint64_t generation = generation_;
  const std::uint64_t followed = followed_;
  lock.unlock();
  const Reading fresh = read(followed);
  lock.lock();
  reading_ = false;
  newest_ = fresh.versions;
  if (newest_) follow(fresh);
  read_at_ = arrived;
  read_generation_ = generation;
  ended_.notify_all();
  return newest_;
}

// A database that counts less than before is another one.
void RecentAdmissions::follow(const Reading& reading) {
  const std::uint64_t count = reading.versions->admissions;
  const bool lost = count < followed_ || reading.changes.size() > kMaxChangesFollowed;
  if (followed_ == 0 || lost || floor_of_.size() + reading.changes.size() > kMaxChangesFollowed) {
    floor_of_.clear();
    floor_ = count;
    if (count < followed_) admitted_.clear();
  } else {
    for (const control::AdmissionChange& change : reading.changes) {
      floor_of_[change.node] = change.number;
    }
  }
  followed_ = count;
}

RecentAdmissions::Reading RecentAdmissions::read(std::uint64_t followed) {
  Reading reading;
  const auto done = database_.run(control::Scope::cluster(cluster_), [&](control::Transaction& tx) {
    reading.versions = tx.admissions().versions();
    // Only ever more than the count says, which then come once more.
    if (reading.versions && followed != 0 && reading.versions->admissions > followed) {
      reading.changes = tx.admissions().changes(followed, kMaxChangesFollowed + 1);
    }
    return control::Ending::roll_back;
  });
  return done ? reading : Reading{};
}

}  // namespace rap::store
