#include "node/router/admission/token_admission.hpp"

#include <algorithm>

namespace rap::router {

using crypto::DataPlaneToken;
using crypto::TokenFault;
using wire::FlowReason;

namespace {

FlowReason reason_of(TokenFault fault) {
  switch (fault) {
    case TokenFault::malformed:
    case TokenFault::unknown_key: return FlowReason::token_invalid;
    case TokenFault::not_yet_valid:
    case TokenFault::expired: return FlowReason::token_expired;
    case TokenFault::wrong_cluster: return FlowReason::wrong_cluster;
  }
  return FlowReason::token_invalid;
}

// How long a used token, or an ended session, must be remembered: from the earliest moment at which
// a node may admit it to the latest, both by a clock that is wrong as far as it may be.
constexpr std::chrono::seconds kMemory = crypto::kMaxTokenLifetime + 2 * crypto::kTokenClockSkew;
constexpr std::chrono::seconds kSweepInterval{10};

}  // namespace

void TokenAdmission::configure(ClusterId cluster, std::vector<crypto::VerificationKey> keys) {
  cluster_ = cluster;
  keys_ = std::move(keys);
}

void TokenAdmission::advance(MonoTime now) {
  now_ = now;
  forget_expired();
}

// The later of what the wall clock says and what admitted tokens said.
WallTime TokenAdmission::issuers_time(WallTime now) const {
  if (!issuer_) return now;
  return std::max(
      now, issuer_->first + std::chrono::floor<std::chrono::seconds>(now_ - issuer_->second));
}

std::expected<DataPlaneToken, TokenRefusal> TokenAdmission::check(std::string_view text,
                                                                  WallTime now) const {
  auto token = crypto::verify_token(text, keys_, cluster_, now);
  if (!token) return std::unexpected(TokenRefusal{reason_of(token.error())});
  const auto refuse = [&](FlowReason reason) {
    return std::unexpected(TokenRefusal{reason, std::move(*token)});
  };
  if (crypto::is_over(*token, issuers_time(now))) return refuse(FlowReason::token_expired);
  const bool used = used_.contains(token->id);
  if (used || token->issued_at < started_) {
    return std::unexpected(TokenRefusal{FlowReason::token_replayed, std::move(*token), used});
  }
  if (ended_.contains(token->session)) return refuse(FlowReason::session_ended);
  if (token->issued_at <= issued_after_) return refuse(FlowReason::limit_reached);
  return std::move(*token);
}

std::expected<crypto::ResumeGrant, FlowReason> TokenAdmission::check_grant(std::string_view text,
                                                                           WallTime now) const {
  auto grant = crypto::verify_grant(text, keys_, cluster_, issuers_time(now));
  if (!grant) return std::unexpected(reason_of(grant.error()));
  if (ended_.contains(grant->session) || ended_for_grants_.contains(grant->session)) {
    return std::unexpected(FlowReason::session_ended);
  }
  if (grant->issued_at <= grants_issued_after_) return std::unexpected(FlowReason::limit_reached);
  return std::move(*grant);
}

bool TokenAdmission::use(const DataPlaneToken& token) {
  if (used_.size() >= kMaxRememberedTokens) return false;
  const auto share = used_by_.find(token.user);
  if (share != used_by_.end() && share->second >= kMaxTokensOfAUser) return false;
  if (!issuer_ || issuers_time(WallTime::min()) < token.issued_at) {
    issuer_ = {token.issued_at, now_};
  }
  if (!used_.emplace(token.id, Used{now_ + kMemory, token.user}).second) return false;
  ++used_by_[token.user];
  return true;
}

void TokenAdmission::end_session(SessionId session, WallTime now) {
  if (ended_.size() < kMaxEndedSessions || ended_.contains(session)) {
    ended_[session] = now_ + kMemory;
  } else {
    issued_after_ = std::max(issued_after_, issuers_time(now + crypto::kTokenClockSkew));
  }
  if (ended_for_grants_.size() < kMaxEndedForGrants || ended_for_grants_.contains(session)) {
    ended_for_grants_[session] = now_ + kLongestHold + kMemory;
  } else {
    grants_issued_after_ =
        std::max(grants_issued_after_, issuers_time(now + crypto::kTokenClockSkew));
  }
}

void TokenAdmission::forget_expired() {
  if (now_ < next_sweep_) return;
  next_sweep_ = now_ + kSweepInterval;
  std::erase_if(used_, [&](const auto& e) {
    const auto& [id, used] = e;
    if (used.until >= now_) return false;
    const auto share = used_by_.find(used.user);
    if (--share->second == 0) used_by_.erase(share);
    return true;
  });
  const auto is_over = [&](const auto& e) { return e.second < now_; };
  std::erase_if(ended_, is_over);
  std::erase_if(ended_for_grants_, is_over);
}

}  // namespace rap::router
