// Which sessions had a flow of late. Whoever looks now and then sees no short ones otherwise.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace rap::router {

inline constexpr std::chrono::seconds kSessionIsRecent{60};  // longer than between two check-ins
inline constexpr std::size_t kMaxRecentSessions = 4096;  // beyond them new ones are not noted

class RecentSessions {
 public:
  void note(SessionId session, MonoTime now) {
    if (used_.size() >= kMaxRecentSessions && !used_.contains(session)) {
      forget_old(now);
      if (used_.size() >= kMaxRecentSessions) return;
    }
    used_[session] = now;
  }
  void forget(SessionId session) { used_.erase(session); }  // it is over
  std::vector<SessionId> list(MonoTime now) const {
    std::vector<SessionId> out;
    for (const auto& [session, at] : used_) {
      if (now - at < kSessionIsRecent) out.push_back(session);
    }
    return out;
  }

 private:
  void forget_old(MonoTime now) {
    std::erase_if(used_, [&](const auto& used) { return now - used.second >= kSessionIsRecent; });
  }

  std::map<SessionId, MonoTime> used_;
};

}  // namespace rap::router
