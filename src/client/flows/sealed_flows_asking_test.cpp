// These tests are of which egress a client asks for its next flow, after what it learnt with
// others.
#include <gtest/gtest.h>

#include "client/flows/sealed_flows.hpp"
#include "client/flows/test_sealed_flows.hpp"

namespace rap::client {
namespace {

std::size_t questions(const FlowsWorld& w) {
  return w.entries[0]->questions + w.entries[1]->questions;
}

TEST(SealedFlows, AnEgressThatDidNotReachTheResourceIsAskedLast) {
  FlowsWorld w;
  w.egresses[0]->refuses = wire::FlowReason::target_unreachable;
  FlowUserDouble user;
  w.open(user);
  w.run(std::chrono::seconds{1});
  EXPECT_EQ(user.accepted, 1);
  EXPECT_EQ(questions(w), 2U);
  w.open(user);
  w.run(std::chrono::seconds{1});
  EXPECT_EQ(user.accepted, 2);
  EXPECT_EQ(questions(w), 3U) << "it is not asked again";
  w.egresses[0]->refuses.reset();
  w.now += kUnreachedMemory;
  w.open(user);
  w.carry();
  EXPECT_EQ(&w.egress_of(2), w.egresses[0].get()) << "it may reach the resource again";
  EXPECT_EQ(w.flows.unreached().size(), 0U);
}

TEST(SealedFlows, AnEgressThatSaysNothingMakesWayForAnother) {
  FlowsWorld w;
  w.entries[0]->answers = false;
  FlowUserDouble user;
  w.open(user);
  w.run(kEgressPatience - std::chrono::seconds{1});
  EXPECT_EQ(user.accepted, 0);
  w.run(std::chrono::seconds{2});
  EXPECT_EQ(user.accepted, 1);
  EXPECT_EQ(&w.egress_of(0), w.egresses[1].get());
}

TEST(SealedFlows, AnEgressThatIsSlowAndAloneHasAllTheTimeThereIs) {
  FlowsWorld w(2, 1);
  w.entries[0]->answers = false;
  FlowUserDouble user;
  w.open(user);
  w.run(kOpenPatience - std::chrono::seconds{1}, std::chrono::milliseconds{500});
  EXPECT_EQ(questions(w), 1U);
  EXPECT_EQ(user.ended, 0);
}

}  // namespace
}  // namespace rap::client
