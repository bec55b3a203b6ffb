#include "client/api/flow_failure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rap::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using wire::FlowReason;

TEST(FlowFailure, ATargetThatBreaksOffWasReached) {
  EXPECT_THAT(flow_failure(FlowReason::target_unreachable, false, "office", "").text,
              HasSubstr("cannot be reached"));
  EXPECT_THAT(flow_failure(FlowReason::target_reset, true, "office", "").text,
              AllOf(HasSubstr("broke the connection off"), Not(HasSubstr("reached"))));
}

TEST(FlowFailure, NamesTheResourceTheReasonAndWhatElseIsKnown) {
  EXPECT_THAT(flow_failure(FlowReason::peer_lost, true, "office", "reset by peer").text,
              AllOf(HasSubstr("office: disconnected"), HasSubstr("(peer_lost: reset by peer)")));
}

}  // namespace
}  // namespace rap::client
