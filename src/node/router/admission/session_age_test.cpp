#include "node/router/admission/session_age.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::router {
namespace {

using namespace std::chrono_literals;

TEST(SessionAge, IsLimitedByItsOrganizationsPolicyFromTheVerySecond) {
  SeededRandom rng{4};
  const WallTime start = from_unix(1'700'000'000);
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
