#include "node/router/admission/token_admission.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::router {
namespace {

using crypto::DataPlaneToken;
using wire::FlowReason;
using namespace std::chrono_literals;

class TokenAdmissionTest : public ::testing::Test {
 protected:
  TokenAdmissionTest() {
    admission.configure(cluster, {{"t1", key.public_key()}});
    admission.advance(mono);
  }

  // A token of a moment by the issuer's clock, which is right.
  DataPlaneToken token(WallTime issued) {
    DataPlaneToken t;
    t.id = TokenId::random(rng);
    t.cluster = cluster;
    t.session = SessionId::random(rng);
    t.attachment = AttachmentId::random(rng);
    t.user = UserId::random(rng);
    t.organization = OrganizationId::random(rng);
    t.resource = ResourceId::random(rng);
    t.egress_pool = EgressPoolId::random(rng);
    t.entry = NodeId::random(rng);
    t.classes = wire::TrafficClassSet::all();
    t.session_began = issued;
    t.issued_at = issued;
    t.expires_at = issued + crypto::kMaxTokenLifetime;
    return t;
  }
  // Admits it with the node's wall clock at `wall`.
  std::optional<FlowReason> admit(const DataPlaneToken& t, WallTime wall) {
    const auto checked = admission.check(crypto::sign_token(t, key, "t1"), wall);
    if (!checked) return checked.error();
    return admission.use(*checked) ? std::nullopt : std::optional(FlowReason::limit_reached);
  }
  void pass(std::chrono::seconds time) {
    mono += time;
    real += time;
    admission.advance(mono);
  }

  static constexpr WallTime kStart = from_unix(1'800'000'000);
  SeededRandom rng{7};
  ClusterId cluster = ClusterId::random(rng);
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  WallTime real = kStart;
  MonoTime mono{1h};
  TokenAdmission admission{kStart - 24h};
};

TEST_F(TokenAdmissionTest, AdmitsAGrantAsOftenAsItIsShownUntilItExpiresOrItsSessionEnds) {
  crypto::ResumeGrant grant;
  grant.id = TokenId::random(rng);
  grant.cluster = cluster;
  grant.session = SessionId::random(rng);
  grant.classes = {wire::TrafficClass::input};
  grant.session_began = grant.issued_at = kStart - 48h;
  grant.expires_at = kStart - 47h;
  const auto judge = [&](WallTime now) {
    const auto checked = admission.check_grant(sign_grant(grant, key, "t1"), now);
    return checked ? std::nullopt : std::optional(checked.error());
  };
  EXPECT_EQ(judge(real), FlowReason::token_expired);
  grant.expires_at = kStart - 24h;
  EXPECT_EQ(judge(grant.expires_at), std::nullopt) << "though it is older than this node's start";
  EXPECT_EQ(judge(grant.expires_at), std::nullopt);
  EXPECT_EQ(judge(grant.expires_at + crypto::kTokenClockSkew), FlowReason::token_expired);
  admission.end_session(grant.session, real);
  EXPECT_EQ(judge(grant.expires_at), FlowReason::session_ended);
  pass(kLongestHold);
  EXPECT_EQ(judge(grant.expires_at), FlowReason::session_ended)
      << "for as long as a flow may be held";
  grant.cluster = ClusterId::random(rng);
  EXPECT_EQ(judge(grant.expires_at), FlowReason::wrong_cluster);
}

TEST_F(TokenAdmissionTest, ToleratesAClockThatIsHalfAMinuteOff) {
  EXPECT_EQ(admit(token(real), real - 30s), std::nullopt);
  EXPECT_EQ(admit(token(real), real - 31s), FlowReason::token_expired);
  EXPECT_EQ(admit(token(real), real + 89s), std::nullopt);
  EXPECT_EQ(admit(token(real), real + 90s), FlowReason::token_expired);
}

// Scenario 40.
TEST_F(TokenAdmissionTest, AClockThatJumpsAheadForgetsNoUsedToken) {
  const auto used = token(real);
  ASSERT_EQ(admit(used, real), std::nullopt);
  pass(20s);
  EXPECT_EQ(admit(token(real), real + 1h), FlowReason::token_expired);
  EXPECT_EQ(admit(used, real), FlowReason::token_replayed) << "and stepped back";
}

TEST_F(TokenAdmissionTest, AClockThatStepsBackRevivesNoToken) {
  const auto used = token(real);
  const auto unused = token(real);
  const auto of_ended = token(real);
  ASSERT_EQ(admit(used, real), std::nullopt);
  admission.end_session(of_ended.session, real);
  for (int i = 0; i < 60; ++i) {
    pass(10s);
    const WallTime stepped = kStart + 5s;
    EXPECT_NE(admit(used, stepped), std::nullopt) << i;
    EXPECT_NE(admit(of_ended, stepped), std::nullopt) << i;
  }
  EXPECT_EQ(admit(unused, kStart + 5s), FlowReason::token_expired);
}

TEST_F(TokenAdmissionTest, ANodeThatRestartsHalfAMinuteBehindAdmitsNothingAgain) {
  const auto used = token(real - 1s);
  const WallTime behind = real - crypto::kTokenClockSkew;
  TokenAdmission restarted{behind + crypto::kTokenClockSkew};  // as Fabric does
  restarted.configure(cluster, {{"t1", key.public_key()}});
  const auto refusal = restarted.check(crypto::sign_token(used, key, "t1"), behind + 1s);
  ASSERT_FALSE(refusal);
  EXPECT_EQ(refusal.error().reason, FlowReason::token_replayed);
}

TEST_F(TokenAdmissionTest, ANodeThatIsToldItsClockAdmitsWhatIsIssuedAfterItsStart) {
  TokenAdmission restarted{real + crypto::kTokenClockSkew};
  restarted.configure(cluster, {{"t1", key.public_key()}});
  const std::string fresh = crypto::sign_token(token(real + 1s), key, "t1");
  EXPECT_FALSE(restarted.check(fresh, real + 1s)) << "its clock may be behind";
  restarted.started_at(real + 1s);
  EXPECT_TRUE(restarted.check(fresh, real + 1s));
  EXPECT_FALSE(restarted.check(crypto::sign_token(token(real), key, "t1"), real + 1s));
}

TEST_F(TokenAdmissionTest, AClockThatJumpedAheadAndIsRightAgainAdmitsAtOnce) {
  ASSERT_EQ(admit(token(real), real), std::nullopt);
  EXPECT_EQ(admit(token(real), real + 1h), FlowReason::token_expired);
  EXPECT_EQ(admit(token(real), real), std::nullopt);
}

TEST_F(TokenAdmissionTest, ATableOfEndedSessionsThatIsFullFailsClosed) {
  for (std::size_t i = 0; i < kMaxEndedSessions; ++i) {
    admission.end_session(SessionId::random(rng), real);
  }
  const auto doomed = token(real);
  const auto other = token(real);
  EXPECT_EQ(admit(other, real), std::nullopt) << "it holds as many as may be";
  admission.end_session(doomed.session, real);
  EXPECT_EQ(admit(doomed, real), FlowReason::limit_reached);
  pass(crypto::kTokenClockSkew + 1s);
  EXPECT_EQ(admit(token(real), real), std::nullopt) << "what was issued after that is known to be";
  EXPECT_EQ(admit(doomed, real), FlowReason::limit_reached);
}

TEST_F(TokenAdmissionTest, NobodySpendsTheMemoryOfAllOnTokensOfTheirOwn) {
  const UserId greedy = UserId::random(rng);
  const auto of_greedy = [&] {
    DataPlaneToken t = token(real);
    t.user = greedy;
    return t;
  };
  for (std::size_t i = 0; i < kMaxTokensOfAUser; ++i) ASSERT_TRUE(admission.use(of_greedy()));
  EXPECT_FALSE(admission.use(of_greedy()));
  EXPECT_EQ(admit(token(real), real), std::nullopt) << "somebody else";
  pass(crypto::kMaxTokenLifetime + 2 * crypto::kTokenClockSkew + 11s);
  EXPECT_TRUE(admission.use(of_greedy())) << "what has expired does not count";
}

TEST_F(TokenAdmissionTest, RemembersAsManyTokensAsMayBeAndThenAdmitsNone) {
  for (std::size_t i = 0; i < kMaxRememberedTokens; ++i) ASSERT_TRUE(admission.use(token(real)));
  EXPECT_FALSE(admission.use(token(real)));
  pass(crypto::kMaxTokenLifetime + 2 * crypto::kTokenClockSkew);
  pass(11s);
  EXPECT_TRUE(admission.use(token(real)));
}

}  // namespace
}  // namespace rap::router
