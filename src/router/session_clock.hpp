// Since when sessions last, as far as this node saw: from the issue of the earliest token of theirs
// that it admitted. A session begins with a token, and one that nothing comes of ends within
// minutes, so where its flows go it is known here almost from its beginning. With it, entry and
// egress end what an organization's policy lets last no longer, also while the control plane, which
// ends sessions by their real age, is away.
#pragma once

#include <algorithm>
#include <deque>
#include <unordered_map>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/data_plane_token.hpp"
#include "snapshot/documents.hpp"

namespace rap::router {

// Then the one that came first is forgotten. A flow knows by itself when its session began.
inline constexpr std::size_t kMaxRememberedSessions = 65536;

class SessionClock {
 public:
  // The earliest issue of any token of the session that came by, this one among them.
  WallTime began(const crypto::DataPlaneToken& token) {
    const auto [it, is_new] = began_.try_emplace(token.session, token.issued_at);
    if (!is_new) return it->second = std::min(it->second, token.issued_at);
    order_.push_back(token.session);
    if (order_.size() > kMaxRememberedSessions) {
      began_.erase(order_.front());
      order_.pop_front();
    }
    return token.issued_at;
  }

 private:
  std::unordered_map<SessionId, WallTime> began_;
  std::deque<SessionId> order_;
};

// Has a session that began then reached what the organization's policy allows?
inline bool is_overlong(const snapshot::AppPolicies& policies, OrganizationId organization,
                        WallTime began, WallTime now) {
  const auto policy = policies.find(organization);
  return policy != policies.end() && policy->second.max_session &&
         now - began >= *policy->second.max_session;
}

}  // namespace rap::router
