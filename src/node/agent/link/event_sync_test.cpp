// Hints: what they hurry, and what happens without them.
#include "node/agent/link/test_control_link.hpp"
#include "wire/http/hints.hpp"

namespace rap::agent {
namespace {

class EventSyncTest : public ControlLinkWorld {
 protected:
  EventSyncTest() {
    step(LinkWoken{});
    check_in(0, 0);
  }
  void hint(std::string_view type) { step(HintCame{std::string(type)}); }
  void open() {
    step(EventsOpened{});
    check_in(0, 0);
  }
  // The time until the next check-in, all else being quiet.
  Duration until_checkin() {
    const MonoTime before = now_;
    while (!sent(ControlCall::checkin)) wake();
    const Duration waited = now_ - before;
    check_in(0, 0);
    return waited;
  }
  // How long it waits before it opens the stream again.
  Duration until_reopened() {
    const MonoTime before = now_;
    const int opened = streams_;
    while (streams_ == opened) {
      wake();
      if (sent(ControlCall::checkin)) check_in(0, 0);
    }
    return now_ - before;
  }
  static wire::HttpResponse said(int status) {
    wire::HttpResponse response;
    response.status = status;
    response.body = R"({"code":"certificate_revoked","detail":"This node was revoked."})";
    return response;
  }
};

TEST_F(EventSyncTest, AHintHurriesItsPullAndNothingElse) {
  open();
  hint(wire::kConfigPending);
  EXPECT_TRUE(sent(ControlCall::pull_configs));
  EXPECT_FALSE(sent(ControlCall::pull_commands));
  EXPECT_FALSE(sent(ControlCall::checkin));
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  hint(wire::kCommandPending);
  EXPECT_TRUE(sent(ControlCall::pull_commands));
  EXPECT_FALSE(sent(ControlCall::pull_configs));
  EXPECT_FALSE(sent(ControlCall::checkin));
}

TEST_F(EventSyncTest, AHintDuringAPullMakesOneMore) {
  open();
  for (int i = 0; i < 5; ++i) hint(wire::kConfigPending);
  ASSERT_TRUE(sent(ControlCall::pull_configs));
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  ASSERT_TRUE(sent(ControlCall::pull_configs)) << "it may have changed since";
  answer(ControlCall::pull_configs, {{"configs", json::array()}});
  EXPECT_FALSE(sent(ControlCall::pull_configs));
}

TEST_F(EventSyncTest, ACommandHintedWhileOthersAreCarriedOutIsPulledAfterThem) {
  step(FabricConnected{});
  open();
  hint(wire::kCommandPending);
  answer(ControlCall::pull_commands, {{"commands", {terminate(1, "a")}}});
  hint(wire::kCommandPending);
  fabric_says_done("a");
  answer(ControlCall::report_result, json::object());
  ASSERT_TRUE(sent(ControlCall::pull_commands));
  answer(ControlCall::pull_commands, {{"commands", {terminate(2, "b")}}});
  EXPECT_EQ(fabric_.back()["id"], "b");
}

TEST_F(EventSyncTest, ACommandHintedDuringAPullIsNotForgotten) {
  step(FabricConnected{});
  open();
  hint(wire::kCommandPending);
  hint(wire::kCommandPending);
  answer(ControlCall::pull_commands, {{"commands", {terminate(1, "a")}}});
  answer(ControlCall::pull_commands, {{"commands", {terminate(1, "a"), terminate(2, "b")}}});
  fabric_says_done("a");
  answer(ControlCall::report_result, json::object());
  EXPECT_TRUE(sent(ControlCall::pull_commands));
}

TEST_F(EventSyncTest, AHintOfAnotherKindMeansNothing) {
  open();
  const std::size_t under_way = outbox_.size();
  hint("kettle.boils");
  hint("");
  EXPECT_EQ(outbox_.size(), under_way);
}

TEST_F(EventSyncTest, OpeningTheStreamChecksInForWhatWasMissed) {
  step(EventsOpened{});
  EXPECT_TRUE(sent(ControlCall::checkin));
}

TEST_F(EventSyncTest, ChecksInCalmlyWithHintsAndOftenWithout) {
  const auto about = [](Duration interval) {
    return testing::AllOf(testing::Ge(interval * (100 - kPollJitterPercent) / 100),
                          testing::Le(interval * (100 + kPollJitterPercent) / 100));
  };
  EXPECT_THAT(until_checkin(), about(kDegradedCheckinInterval));
  open();
  EXPECT_THAT(until_checkin(), about(kCalm));
  EXPECT_THAT(until_checkin(), about(kCalm));
  step(EventsEnded{std::unexpected("closed")});
  EXPECT_LE(until_checkin(), kDegradedCheckinInterval * (100 + kPollJitterPercent) / 100);
  EXPECT_THAT(until_checkin(), about(kDegradedCheckinInterval));
}

TEST_F(EventSyncTest, ADeadStreamIsOpenedAgainWithBackoff) {
  EXPECT_EQ(streams_, 1);
  Duration longest{};
  for (int i = 0; i < 40; ++i) {
    step(EventsEnded{std::unexpected("unreachable")});
    longest = std::max(longest, until_reopened());
  }
  EXPECT_GT(longest, kEventsRetryCap / 2);
  EXPECT_LE(longest, kEventsRetryCap);
  open();
  now_ += kEventsSteadyAfter;
  step(EventsEnded{std::unexpected("closed")});
  EXPECT_LE(until_reopened(), kEventsRetryFirst) << "it had worked";
}

TEST_F(EventSyncTest, TwoThatTakeTheStreamFromEachOtherMakeNoStorm) {
  Duration waited{};
  for (int i = 0; i < 40; ++i) {
    open();
    step(EventsEnded{std::unexpected("closed")});
    waited += until_reopened();
  }
  EXPECT_GT(waited, 20 * kEventsRetryCap / 4);
}

TEST_F(EventSyncTest, ARefusedNodeAsksSeldom) {
  Duration waited{};
  for (int i = 0; i < 20; ++i) {
    step(EventsEnded{said(i % 2 == 0 ? 403 : 401)});
    waited += until_reopened();
  }
  EXPECT_GT(waited, 5 * kEventsRefusedCap);
  EXPECT_THAT(said_, testing::Contains(HasSubstr("This node was revoked.")));
}

TEST_F(EventSyncTest, SaysOnceThatThereAreNoHints) {
  const std::size_t before = said_.size();
  for (int i = 0; i < 5; ++i) step(EventsEnded{said(503)});
  EXPECT_EQ(said_.size(), before + 1);
}

}  // namespace
}  // namespace rap::agent
