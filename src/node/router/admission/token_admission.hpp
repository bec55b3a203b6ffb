// Admits a data-plane token once (DP-2), and a resume grant as often as it is shown (DP-6):
// signature, shape, time and cluster by crypto, then single use and ended sessions by memory. Entry
// and egress each admit for themselves, and judge the rest in entry_gate and egress_gate.
//
// Memory is bounded because a token lives a minute at most: what has expired need not be
// remembered. It is kept by the clock that never steps, and what was forgotten stays expired
// whatever the wall clock says: each admitted token tells how late it is at its issuer's at the
// least, and that goes on by the steady clock too. So a wall clock that jumps ahead forgets
// nothing, and one that steps back revives nothing (scenario 40). A node that starts forgets what
// it admitted before, so it refuses tokens issued before its start, by the issuer's clock: until it
// is told how far its own is off, it takes it to be as far behind as it may be.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/tokens/data_plane_token.hpp"
#include "crypto/tokens/resume_grant.hpp"
#include "wire/flow_reason.hpp"

namespace rap::router {

inline constexpr std::size_t kMaxRememberedTokens = 131'072;
// One person's share, so that nobody spends the memory of all on tokens of their own.
inline constexpr std::size_t kMaxTokensOfAUser = kMaxRememberedTokens / 4;
inline constexpr std::size_t kMaxEndedSessions = 16384;
inline constexpr std::size_t kMaxEndedForGrants = 65'536;
// A flow without a path is held for no longer (snapshot::kMaxFlowHold), so that no grant is of use
// for it afterwards.
inline constexpr std::chrono::hours kLongestHold{1};

// Why a token is not admitted, and the token, if it is one of this cluster's.
struct TokenRefusal {
  wire::FlowReason reason;
  std::optional<crypto::DataPlaneToken> token = {};
  bool used_before = false;  // and not merely issued before this node started

  operator wire::FlowReason() const { return reason; }
};

class TokenAdmission {
 public:
  explicit TokenAdmission(WallTime started) : started_(started) {}
  void started_at(WallTime by_issuer) { started_ = by_issuer; }

  // Every later call is of this moment.
  void advance(MonoTime now);
  void configure(ClusterId cluster, std::vector<crypto::VerificationKey> keys);

  // Checks everything but single use, then `use()` it once the rest of the decision is positive.
  std::expected<crypto::DataPlaneToken, TokenRefusal> check(std::string_view text,
                                                            WallTime now) const;
  // False when as many tokens are remembered as may be, of all or of this person.
  bool use(const crypto::DataPlaneToken& token);

  // The right to go on with flows that there are. Of a session that ended long ago it is not known
  // here that it did; what is known is that it has no flow at any egress.
  std::expected<crypto::ResumeGrant, wire::FlowReason> check_grant(std::string_view text,
                                                                   WallTime now) const;

  // No token of this session is admitted from now on. When as many are remembered as may be, none
  // of any session is that may have been issued by now.
  void end_session(SessionId session, WallTime now);

 private:
  struct Used {
    MonoTime until;
    UserId user;
  };

  void forget_expired();
  WallTime issuers_time(WallTime now) const;

  WallTime started_;
  ClusterId cluster_;
  std::vector<crypto::VerificationKey> keys_;
  // The ids are kept in their order: a look-up costs the logarithm, whoever chose them.
  std::map<TokenId, Used> used_;
  std::map<UserId, std::size_t> used_by_;  // how many of these are whose
  std::map<SessionId, MonoTime> ended_;
  std::map<SessionId, MonoTime> ended_for_grants_;
  MonoTime now_{};
  MonoTime next_sweep_{};
  // It was at least this late at the issuer's, at that moment.
  std::optional<std::pair<WallTime, MonoTime>> issuer_;
  WallTime grants_issued_after_{};  // likewise
  WallTime issued_after_{};  // tokens that were not are refused: a session that ended did not fit
};

}  // namespace rap::router
