#include "node/router/admission/flow_judge.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::router {
namespace {

using wire::FlowReason;
using wire::TrafficClass;
using namespace std::chrono_literals;

struct FlowJudgeTest : testing::Test {
  static constexpr WallTime kNow = from_unix(1'800'000'000);
  SeededRandom rng{3};
  SecurityTable security;
  FlowJudge judge{security};
  FlowRight right{.principal = {UserId::random(rng), 1, {}, {}},
                  .session = SessionId::random(rng),
                  .organization = OrganizationId::random(rng),
                  .resource = ResourceId::random(rng),
                  .egress_pool = EgressPoolId::random(rng),
                  .classes = {TrafficClass::input, TrafficClass::clipboard},
                  .session_began = kNow};

  void allow(const snapshot::AppPolicy& policy) {
    judge.set_policies({{right.organization, policy}});
  }
};

TEST_F(FlowJudgeTest, LetsNobodyNewInBeforeTheSecurityDataIsThere) {
  EXPECT_FALSE(judge.is_ready());
  security.replace({}, true, true);
  EXPECT_TRUE(judge.is_ready());
}

TEST_F(FlowJudgeTest, AllowsWhatTheRightAndThePolicyBothAllow) {
  EXPECT_EQ(judge.refusal(right, TrafficClass::clipboard, kNow), std::nullopt);
  EXPECT_EQ(judge.refusal(right, TrafficClass::render, kNow), FlowReason::channel_class_denied);
  snapshot::AppPolicy policy;
  policy.classes = {TrafficClass::input, TrafficClass::render};
  allow(policy);
  EXPECT_EQ(judge.refusal(right, TrafficClass::input, kNow), std::nullopt);
  EXPECT_EQ(judge.refusal(right, TrafficClass::clipboard, kNow), FlowReason::channel_class_denied);
  EXPECT_EQ(judge.refusal(right, TrafficClass::render, kNow), FlowReason::channel_class_denied);
  EXPECT_EQ(judge.classes_for(right), wire::TrafficClassSet{TrafficClass::input});
}

TEST_F(FlowJudgeTest, RefusesThoseWhoAreSignedOutAndSessionsThatLastedTooLong) {
  snapshot::AppPolicy policy;
  policy.max_session = 60s;
  allow(policy);
  EXPECT_EQ(judge.refusal(right, TrafficClass::input, kNow + 59s), std::nullopt);
  EXPECT_EQ(judge.refusal(right, TrafficClass::input, kNow + 60s), FlowReason::session_ended);
  EXPECT_TRUE(judge.is_overlong(right, kNow + 60s));
  snapshot::SecurityChanges out;
  out.epochs = {{right.principal.user, 2}};
  security.apply(out);
  EXPECT_EQ(judge.barred(right, kNow), FlowReason::signed_out);
  EXPECT_EQ(judge.refusal(right, TrafficClass::input, kNow), FlowReason::signed_out);
}

TEST_F(FlowJudgeTest, HoldsFlowsForAsLongAsTheOrganizationsPolicySays) {
  EXPECT_EQ(judge.hold(right.organization), 300s);
  snapshot::AppPolicy policy;
  policy.flow_hold = 0s;
  allow(policy);
  EXPECT_EQ(judge.hold(right.organization), 0s);
  EXPECT_EQ(judge.hold(OrganizationId::random(rng)), 300s) << "it is somebody else's policy";
}

}  // namespace
}  // namespace rap::router
