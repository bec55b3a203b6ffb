// Which proofs of devices are fresh and were not used before. The caller keeps threads apart.
//
// A proof is fresh by the device's clock, or by a nonce of ours where the clock is off or cannot
// tell: whoever is refused for that is given a nonce and asks again. What was used is remembered by
// the clock that never steps. Whatever may have been forgotten, or was used before this process
// began, needs a nonce, and nonces of an earlier process are none: so neither a restart nor a wall
// clock that steps makes a proof good again.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/ids.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "control/core/problem.hpp"
#include "crypto/tokens/device_proof.hpp"

namespace rap::control {

inline constexpr std::chrono::seconds kDeviceClockSkew{30};  // either way
inline constexpr std::chrono::seconds kNonceTurn{30};  // a nonce is good for one turn to two
// The longest that a proof may be good after its use: the skew both ways, or two turns.
inline constexpr std::chrono::seconds kProofRemembered{60};
inline constexpr std::size_t kMaxProofsRemembered = 131'072;  // some 100 bytes each
inline constexpr std::size_t kMaxProofsOfUser = 32'768;

class ProofMemory {
 public:
  explicit ProofMemory(RandomSource& rng) : rng_(rng) {}
  ProofMemory(const ProofMemory&) = delete;
  ProofMemory& operator=(const ProofMemory&) = delete;

  // The refusals are those of DeviceProofs; `moment` is the steady clock's.
  Outcome<void> check(const crypto::DeviceProof& proof, MonoTime moment, WallTime now);
  Outcome<void> use(const crypto::DeviceProof& proof, UserId user, MonoTime moment, WallTime now);

  std::string nonce(MonoTime moment);

  // How many ids were compared so far: what all look-ups cost.
  std::uint64_t comparisons() const { return comparisons_; }

 private:
  struct Used {
    TokenId id;
    UserId user;
    WallTime made_at;
    bool by_clock;
    MonoTime until;
  };

  // Clients choose these ids. Where a hash decides, and everybody knows it, one of them puts all of
  // theirs into one bucket, which the look-ups of all then walk through.
  struct Ordered {
    std::uint64_t* compared;
    bool operator()(const TokenId& a, const TokenId& b) const {
      ++*compared;
      return a < b;
    }
  };

  void turn(MonoTime now);
  void forget(MonoTime now);
  std::unexpected<Problem> ask_again(ProblemCode code, std::string detail) const;

  RandomSource& rng_;
  std::string nonce_;
  std::string nonce_before_;
  std::optional<MonoTime> turned_at_;
  // The clock cannot tell whether a proof that was made by then was used before.
  std::optional<WallTime> unsure_until_;
  std::deque<Used> used_;  // in the order of their ends
  std::uint64_t comparisons_ = 0;
  std::set<TokenId, Ordered> ids_{Ordered{&comparisons_}};
  std::map<UserId, std::size_t> of_user_;
};

}  // namespace rap::control
