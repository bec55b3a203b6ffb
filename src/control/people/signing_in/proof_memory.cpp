#include "control/people/signing_in/proof_memory.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/time_text.hpp"
#include "base/try.hpp"

namespace rap::control {
namespace {

constexpr std::size_t kNonceBytes = 16;

std::string clock_sentence(std::chrono::seconds ahead) {
  return "The clock of this device is " + span_text(ahead) + " " +
         (ahead.count() > 0 ? "ahead of" : "behind") +
         " the server's. Correct it, or prove the device with the nonce of this answer.";
}

}  // namespace

std::string ProofMemory::nonce(MonoTime moment) {
  turn(moment);
  return nonce_;
}

Outcome<void> ProofMemory::use(const crypto::DeviceProof& proof, UserId user, MonoTime moment,
                               WallTime now) {
  RAP_TRY(check(proof, moment, now));
  std::size_t& share = of_user_[user];
  if (used_.size() >= kMaxProofsRemembered || share >= kMaxProofsOfUser) {
    if (share == 0) of_user_.erase(user);
    return std::unexpected(Problem{ProblemCode::too_many_attempts,
                                   "Too many requests within a minute; ask more slowly.",
                                   kProofRemembered.count()});
  }
  ++share;
  ids_.insert(proof.id);
  used_.push_back(
      {proof.id, user, proof.made_at, proof.nonce.empty(), moment + Duration{kProofRemembered}});
  return {};
}

Outcome<void> ProofMemory::check(const crypto::DeviceProof& proof, MonoTime moment, WallTime now) {
  turn(moment);
  forget(moment);
  if (!unsure_until_) unsure_until_ = now + kDeviceClockSkew;
  if (ids_.contains(proof.id)) {
    return ask_again(ProblemCode::device_proof_stale, "This proof of the device was used already.");
  }
  if (!proof.nonce.empty()) {
    if (proof.nonce == nonce_ || proof.nonce == nonce_before_) return {};
    return ask_again(ProblemCode::device_proof_stale, "The nonce of this proof is no longer good.");
  }
  const auto ahead = proof.made_at - now;
  if (std::chrono::abs(ahead) > kDeviceClockSkew) {
    return ask_again(ProblemCode::device_proof_stale, clock_sentence(ahead));
  }
  if (proof.made_at <= *unsure_until_) {
    return ask_again(ProblemCode::device_proof_stale,
                     "The server started a moment ago and cannot go by clocks yet. Prove the "
                     "device with the nonce of this answer.");
  }
  return {};
}

void ProofMemory::turn(MonoTime now) {
  if (turned_at_ && now - *turned_at_ < Duration{kNonceTurn}) return;
  const bool in_time = turned_at_ && now - *turned_at_ < Duration{2 * kNonceTurn};
  nonce_before_ = in_time ? nonce_ : to_base64url(rng_.bytes(kNonceBytes));
  nonce_ = to_base64url(rng_.bytes(kNonceBytes));
  turned_at_ = now;
}

void ProofMemory::forget(MonoTime now) {
  while (!used_.empty() && used_.front().until <= now) {
    const Used& oldest = used_.front();
    if (oldest.by_clock) unsure_until_ = std::max(*unsure_until_, oldest.made_at);
    ids_.erase(oldest.id);
    if (const auto share = of_user_.find(oldest.user); --share->second == 0) of_user_.erase(share);
    used_.pop_front();
  }
}

std::unexpected<Problem> ProofMemory::ask_again(ProblemCode code, std::string detail) const {
  Problem problem{code, std::move(detail), std::nullopt};
  problem.nonce = nonce_;
  return std::unexpected(std::move(problem));
}

}  // namespace rap::control
