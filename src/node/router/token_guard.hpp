// Admits a data-plane token once (DP-2): signature, shape, time and cluster by crypto, then single
// use and ended sessions by memory. Entry and egress each keep a guard of their own.
//
// Memory is bounded because a token lives a minute at most: what has expired need not be
// remembered. A node that starts forgets what it admitted before, so it refuses tokens issued
// before its start.
#pragma once

#include <expected>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/tokens/data_plane_token.hpp"
#include "wire/flow_reason.hpp"

namespace rap::router {

inline constexpr std::size_t kMaxRememberedTokens = 65536;
inline constexpr std::size_t kMaxEndedSessions = 16384;

class TokenGuard {
 public:
  explicit TokenGuard(WallTime started) : started_(started) {}

  void configure(ClusterId cluster, std::vector<crypto::VerificationKey> keys);

  // Checks everything but single use, then `use()` it once the rest of the decision is positive.
  std::expected<crypto::DataPlaneToken, wire::FlowReason> check(std::string_view text,
                                                                WallTime now) const;
  // False when as many tokens are remembered as may be.
  bool use(const crypto::DataPlaneToken& token, WallTime now);

  // No token of this session is admitted from now on.
  void end_session(SessionId session, WallTime now);

 private:
  void forget_expired(WallTime now);

  WallTime started_;
  ClusterId cluster_;
  std::vector<crypto::VerificationKey> keys_;
  std::unordered_map<TokenId, WallTime> used_;
  std::unordered_map<SessionId, WallTime> ended_;
  WallTime next_sweep_{};
};

}  // namespace rap::router
