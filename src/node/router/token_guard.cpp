#include "node/router/token_guard.hpp"

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

// How long a used token, or an ended session, must be remembered.
constexpr std::chrono::seconds kMemory = crypto::kMaxTokenLifetime + 2 * crypto::kTokenClockSkew;

}  // namespace

void TokenGuard::configure(ClusterId cluster, std::vector<crypto::VerificationKey> keys) {
  cluster_ = cluster;
  keys_ = std::move(keys);
}

std::expected<DataPlaneToken, FlowReason> TokenGuard::check(std::string_view text,
                                                            WallTime now) const {
  auto token = crypto::verify_token(text, keys_, cluster_, now);
  if (!token) return std::unexpected(reason_of(token.error()));
  if (token->issued_at < started_ || used_.contains(token->id)) {
    return std::unexpected(FlowReason::token_replayed);
  }
  if (ended_.contains(token->session)) return std::unexpected(FlowReason::session_ended);
  return *token;
}

bool TokenGuard::use(const DataPlaneToken& token, WallTime now) {
  forget_expired(now);
  if (used_.size() >= kMaxRememberedTokens) return false;
  return used_.emplace(token.id, now + kMemory).second;
}

void TokenGuard::end_session(SessionId session, WallTime now) {
  forget_expired(now);
  if (ended_.size() < kMaxEndedSessions) ended_[session] = now + kMemory;
}

void TokenGuard::forget_expired(WallTime now) {
  if (now < next_sweep_) return;
  next_sweep_ = now + std::chrono::seconds{10};
  std::erase_if(used_, [&](const auto& e) { return e.second < now; });
  std::erase_if(ended_, [&](const auto& e) { return e.second < now; });
}

}  // namespace rap::router
