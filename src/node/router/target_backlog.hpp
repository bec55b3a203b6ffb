// What waits at an egress for targets that do not read, on one account a person: a window bounds
// what one flow may have there, and this what all of theirs may (docs/decisions/byte-budgets.md).
#pragma once

#include <cstddef>
#include <map>

#include "base/ids.hpp"

namespace rap::router {

// Beyond it the path of the person's flow ends whose data comes next.
inline constexpr std::size_t kMaxUserTargets = std::size_t{256} * 1024 * 1024;
// While more than this waits for the targets of everybody, a person may have no more than the
// share: who has little waiting does not pay for those who have much.
inline constexpr std::size_t kMaxTargets = std::size_t{2048} * 1024 * 1024;
inline constexpr std::size_t kTargetsShare = std::size_t{16} * 1024 * 1024;

class TargetBacklog {
 public:
  bool has_room(UserId user) const {
    const auto of = users_.find(user);
    if (of == users_.end()) return true;
    return of->second < (all_ < kMaxTargets ? kMaxUserTargets : kTargetsShare);
  }
  void came(UserId user, std::size_t bytes) {
    users_[user] += bytes;
    all_ += bytes;
  }
  // These many of those that came have left.
  void left(UserId user, std::size_t bytes) {
    const auto of = users_.find(user);
    if (bytes == 0 || of == users_.end()) return;
    all_ -= bytes;
    if ((of->second -= bytes) == 0) users_.erase(of);
  }
  std::size_t bytes() const { return all_; }

 private:
  std::map<UserId, std::size_t> users_;  // of those for whose targets something waits
  std::size_t all_ = 0;
};

}  // namespace rap::router
