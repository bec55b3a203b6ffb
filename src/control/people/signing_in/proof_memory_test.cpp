#include "control/people/signing_in/proof_memory.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "base/seeded_random.hpp"

namespace rap::control {
namespace {

using namespace std::chrono_literals;
constexpr WallTime kStart = from_unix(1'800'000'000);

struct ProofsOfDevices : testing::Test {
  SeededRandom rng{9};
  MonoTime moment{1h};
  WallTime now = kStart;
  ProofMemory proofs{rng};
  const UserId user = UserId::random(rng);

  crypto::DeviceProof made(WallTime at, std::string nonce = "") {
    crypto::DeviceProof proof;
    proof.id = TokenId::random(rng);
    proof.made_at = at;
    proof.nonce = std::move(nonce);
    return proof;
  }
  std::string refusal(const crypto::DeviceProof& proof) {
    const auto outcome = proofs.use(proof, user, moment, now);
    return outcome ? "" : outcome.error().detail;
  }
  void pass(std::chrono::seconds span) {
    moment += span;
    now += span;
  }
  // Long enough after the start for clocks to count.
  void settle() {
    EXPECT_NE(refusal(made(now)), "");
    pass(2 * kDeviceClockSkew);
  }
};

TEST_F(ProofsOfDevices, GoByTheClockWithinItsTolerance) {
  settle();
  EXPECT_EQ(refusal(made(now)), "");
  EXPECT_EQ(refusal(made(now - kDeviceClockSkew + 1s)), "");
  EXPECT_EQ(refusal(made(now + kDeviceClockSkew)), "");
  EXPECT_NE(refusal(made(now + kDeviceClockSkew + 1s)).find("31 s ahead of"), std::string::npos);
  EXPECT_NE(refusal(made(now - 3h)).find("3 h behind"), std::string::npos);
}

TEST_F(ProofsOfDevices, HealAWrongClockWithANonce) {
  settle();
  const auto refused = proofs.use(made(from_unix(0)), user, moment, now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ProblemCode::device_proof_stale);
  EXPECT_NE(refused.error().nonce, "");
  EXPECT_EQ(refusal(made(from_unix(0), refused.error().nonce)), "");
  EXPECT_NE(refusal(made(now, "guess")), "");
}

TEST_F(ProofsOfDevices, AreGoodOnceHoweverOftenTheyCome) {
  settle();
  for (const bool by_nonce : {false, true}) {
    const auto proof = made(now, by_nonce ? proofs.nonce(moment) : "");
    EXPECT_EQ(refusal(proof), "");
    for (int second = 0; second < 200; ++second) {
      EXPECT_NE(refusal(proof), "") << second;
      pass(1s);
    }
  }
}

TEST_F(ProofsOfDevices, AreNotRevivedByAClockThatStepsBack) {
  settle();
  const auto proof = made(now);
  EXPECT_EQ(refusal(proof), "");
  pass(10min);
  EXPECT_NE(refusal(made(now - 1h)), "") << "which has what is over forgotten";
  now = proof.made_at;
  EXPECT_NE(refusal(proof), "");
  EXPECT_EQ(refusal(made(now, proofs.nonce(moment))), "") << "a nonce goes on";
}

TEST_F(ProofsOfDevices, OfBeforeARestartAreRefusedAfterIt) {
  settle();
  const auto ahead = made(now + kDeviceClockSkew);
  const auto noted = made(now, proofs.nonce(moment));
  EXPECT_EQ(refusal(ahead), "");
  EXPECT_EQ(refusal(noted), "");
  ProofMemory restarted(rng);
  EXPECT_FALSE(restarted.use(ahead, user, moment, now));
  EXPECT_FALSE(restarted.use(noted, user, moment, now));
  EXPECT_TRUE(restarted.use(made(now, restarted.nonce(moment)), user, moment, now));
}

TEST_F(ProofsOfDevices, OfOnePersonTakeTheirShareAndNoMore) {
  const std::string nonce = proofs.nonce(moment);
  for (std::size_t i = 0; i < kMaxProofsOfUser; ++i) ASSERT_EQ(refusal(made(now, nonce)), "");
  const auto full = proofs.use(made(now, nonce), user, moment, now);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ProblemCode::too_many_attempts);
  EXPECT_TRUE(full.error().retry_after_s);
  EXPECT_TRUE(proofs.use(made(now, nonce), UserId::random(rng), moment, now))
      << "others have theirs";
  pass(kProofRemembered);
  EXPECT_EQ(refusal(made(now, proofs.nonce(moment))), "");
}

// Ids that share the hash of std::hash<TokenId>, which everybody can work out.
TokenId colliding(std::uint64_t number) {
  const std::uint64_t last = number * 0x9e3779b97f4a7c15ULL;
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &number, sizeof number);
  std::memcpy(bytes.data() + sizeof number, &last, sizeof last);
  return TokenId(bytes);
}

TEST_F(ProofsOfDevices, WithIdsThatCollideCostOthersNoMoreThanAnyDo) {
  ASSERT_EQ(std::hash<TokenId>{}(colliding(1)), std::hash<TokenId>{}(colliding(2)));
  auto proof = made(now, proofs.nonce(moment));
  for (std::size_t i = 1; i <= kMaxProofsOfUser; ++i) {
    proof.id = colliding(i);
    ASSERT_EQ(refusal(proof), "");
  }
  // A balanced tree is at most twice as deep as it has to be.
  const std::uint64_t deepest = 2 * std::bit_width(kMaxProofsOfUser);
  for (const TokenId id : {colliding(kMaxProofsOfUser + 1), TokenId::random(rng), colliding(7)}) {
    proof.id = id;
    const std::uint64_t before = proofs.comparisons();
    (void)proofs.check(proof, moment, now);
    EXPECT_LE(proofs.comparisons() - before, deepest + 1);
  }
}

TEST_F(ProofsOfDevices, TakeNoPlaceBeforeWhoeverAsksIsProven) {
  const std::string nonce = proofs.nonce(moment);
  const auto proof = made(now, nonce);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(proofs.check(proof, moment, now));
  EXPECT_TRUE(proofs.use(proof, user, moment, now));
  EXPECT_FALSE(proofs.check(proof, moment, now));
}

}  // namespace
}  // namespace rap::control
