#include "node/router/ended_flows.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::router {
namespace {

using wire::FlowId;
using wire::FlowReason;

TEST(EndedFlows, TellTheClientThatHadThemAndNobodyElse) {
  SeededRandom rng{5};
  EndedFlows ended;
  const FlowId flow = FlowId::random(rng);
  crypto::X25519Public client{};
  client[0] = 1;
  ended.note(flow, client, FlowReason::hold_expired);
  EXPECT_EQ(ended.why(flow, client), FlowReason::hold_expired);
  EXPECT_EQ(ended.why(flow, crypto::X25519Public{}), std::nullopt);
  EXPECT_EQ(ended.why(FlowId::random(rng), client), std::nullopt);
}

TEST(EndedFlows, AreSoManyAndThenTheOldestIsForgotten) {
  SeededRandom rng{5};
  EndedFlows ended;
  const crypto::X25519Public client{};
  const FlowId first = FlowId::random(rng);
  ended.note(first, client, FlowReason::signed_out);
  const FlowId next = FlowId::random(rng);
  ended.note(next, client, FlowReason::blocklisted);
  while (ended.size() < kMaxEndedFlows) {
    ended.note(FlowId::random(rng), client, FlowReason::session_ended);
  }
  EXPECT_EQ(ended.why(first, client), FlowReason::signed_out);
  ended.note(FlowId::random(rng), client, FlowReason::session_ended);
  EXPECT_EQ(ended.size(), kMaxEndedFlows);
  EXPECT_EQ(ended.why(first, client), std::nullopt);
  EXPECT_EQ(ended.why(next, client), FlowReason::blocklisted);
}

}  // namespace
}  // namespace rap::router
