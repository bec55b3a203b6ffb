#include "router/session_clock.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::router {
namespace {

using namespace std::chrono_literals;

class SessionClockTest : public ::testing::Test {
 protected:
  static crypto::DataPlaneToken token(SessionId session, WallTime issued_at) {
    crypto::DataPlaneToken out;
    out.session = session;
    out.issued_at = issued_at;
    return out;
  }

  SeededRandom rng{4};
  SessionClock clock;
  const WallTime start = from_unix(1'700'000'000);
};

TEST_F(SessionClockTest, ASessionLastsSinceItsEarliestTokenInWhateverOrderTheyCome) {
  const SessionId one = SessionId::random(rng);
  const SessionId two = SessionId::random(rng);
  EXPECT_EQ(clock.began(token(one, start + 60s)), start + 60s);
  EXPECT_EQ(clock.began(token(two, start + 90s)), start + 90s);
  EXPECT_EQ(clock.began(token(one, start)), start);
  EXPECT_EQ(clock.began(token(one, start + 120s)), start);
}

TEST_F(SessionClockTest, RemembersUpToItsBoundAndForgetsTheFirst) {
  const SessionId first = SessionId::random(rng);
  const SessionId second = SessionId::random(rng);
  clock.began(token(first, start));
  clock.began(token(second, start));
  for (std::size_t i = 2; i < kMaxRememberedSessions; ++i) {
    clock.began(token(SessionId::random(rng), start));
  }
  EXPECT_EQ(clock.began(token(first, start + 1h)), start);
  clock.began(token(SessionId::random(rng), start));
  EXPECT_EQ(clock.began(token(second, start + 1h)), start);
  EXPECT_EQ(clock.began(token(first, start + 1h)), start + 1h);
}

TEST_F(SessionClockTest, APolicyIsItsOrganizationsAndHoldsFromTheVerySecond) {
  const OrganizationId org = OrganizationId::random(rng);
  snapshot::AppPolicies policies;
  policies[org].max_session = 60s;
  policies[OrganizationId::random(rng)].max_session = 1s;
  EXPECT_FALSE(is_overlong(policies, org, start, start + 59s));
  EXPECT_TRUE(is_overlong(policies, org, start, start + 60s));
  EXPECT_FALSE(is_overlong(policies, OrganizationId::random(rng), start, start + 60s));
  policies[org].max_session.reset();
  EXPECT_FALSE(is_overlong(policies, org, start, start + 60s));
}

}  // namespace
}  // namespace rap::router
