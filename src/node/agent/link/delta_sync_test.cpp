// The delta channel of a node (CP-4): cursors, intervals, and what the fabric is told.
#include "node/agent/link/pulls/delta_sync.hpp"

#include "node/agent/link/test_control_link.hpp"
#include "wire/http/hints.hpp"

namespace rap::agent {
namespace {

using snapshot::DeltaStream;

class DeltaSyncTest : public ControlLinkWorld {
 protected:
  static constexpr const char* kUser = "0f8fad5b-d9cb-469f-a165-70867728950e";

  static json epoch(std::uint64_t epoch, std::uint64_t seq) {
    return {{"user", kUser}, {"epoch", epoch}, {"seq", seq}};
  }
  static json entry(const std::string& value, std::uint64_t seq, bool listed = true) {
    return {{"kind", "ip"}, {"value", value}, {"action", listed ? "add" : "remove"}, {"seq", seq}};
  }
  static json epochs(std::uint64_t since, const std::vector<json>& items, bool more = false) {
    return {{"epochs_since", since},
            {"epochs", items},
            {"blocklist", json::array()},
            {"more", more},
            {"restart", json::array()}};
  }
  static json blocklist(std::uint64_t since, const std::vector<json>& items, bool more = false) {
    return {{"blocklist_since", since},
            {"blocklist", items},
            {"epochs", json::array()},
            {"more", more},
            {"restart", json::array()}};
  }
  // Both lists are there, and empty.
  void complete() {
    answer(ControlCall::pull_epochs, epochs(0, {}));
    answer(ControlCall::pull_blocklist, blocklist(0, {}));
  }
  std::vector<std::string> stored() {
    std::vector<std::string> values;
    for (const auto& [key, row] : security_.blocklist) values.push_back(key.second);
    return values;
  }
  // How long after now the call is made again.
  Duration time_to(ControlCall call) {
    const MonoTime from = now_;
    while (!sent(call)) wake();
    return now_ - from;
  }
};

TEST_F(DeltaSyncTest, PullsFromItsCursorsAndStoresRowsAndCursorTogether) {
  step(LinkWoken{});
  EXPECT_EQ(sent(ControlCall::pull_epochs), json({{"epochs_since", 0}}));
  EXPECT_EQ(sent(ControlCall::pull_blocklist), json({{"blocklist_since", 0}}));
  answer(ControlCall::pull_blocklist, blocklist(0, {entry("192.0.2.1", 3), entry("192.0.2.2", 5)}));
  EXPECT_EQ(stored(), (std::vector<std::string>{"192.0.2.1", "192.0.2.2"}));
  EXPECT_EQ(security_.states[DeltaStream::blocklist], (StreamState{5, true}));
  restart();
  step(LinkWoken{});
  EXPECT_EQ(sent(ControlCall::pull_blocklist), json({{"blocklist_since", 5}}));
}

TEST_F(DeltaSyncTest, AsksAgainAtOnceWhileThereIsMore) {
  step(LinkWoken{});
  answer(ControlCall::pull_blocklist, blocklist(0, {entry("192.0.2.1", 3)}, true));
  EXPECT_EQ(sent(ControlCall::pull_blocklist), json({{"blocklist_since", 3}}));
  EXPECT_FALSE(security_.states[DeltaStream::blocklist].complete);
}

TEST_F(DeltaSyncTest, AnAnswerThatComesTwiceOrLateOrInAnotherOrderIsHarmless) {
  step(LinkWoken{});
  const json first = blocklist(0, {entry("192.0.2.2", 5), entry("192.0.2.1", 3)});
  const json second = blocklist(5, {entry("192.0.2.1", 8, false)});
  answer(ControlCall::pull_blocklist, first);
  step(HintCame{std::string(wire::kBlocklistChanged)});
  answer(ControlCall::pull_blocklist, second);
  EXPECT_EQ(stored(), std::vector<std::string>{"192.0.2.2"});
  const int writes = security_.writes;
  for (const json& late : {first, second, first}) {
    wire::HttpResponse response;
    response.status = 200;
    response.body = late.dump();
    step(ControlAnswered{ControlCall::pull_blocklist, response});
  }
  EXPECT_EQ(stored(), std::vector<std::string>{"192.0.2.2"});
  EXPECT_EQ(security_.states[DeltaStream::blocklist].cursor, 8U);
  EXPECT_EQ(security_.writes, writes);
}

TEST_F(DeltaSyncTest, PullsMoreOftenWhileThereAreNoHints) {
  step(LinkWoken{});
  complete();
  const auto about = [](Duration measured, Duration wanted) {
    return measured >= wanted * 9 / 10 && measured <= wanted * 11 / 10;
  };
  EXPECT_TRUE(about(time_to(ControlCall::pull_epochs), kDegradedEpochInterval));
  answer(ControlCall::pull_epochs, epochs(0, {}));
  step(EventsOpened{});
  ASSERT_TRUE(sent(ControlCall::pull_blocklist)) << "for the hints that were missed";
  complete();
  EXPECT_TRUE(about(time_to(ControlCall::pull_epochs), kEpochInterval));
  step(EventsEnded{std::unexpected("cut")});
  answer(ControlCall::pull_epochs, epochs(0, {}));
  EXPECT_TRUE(about(time_to(ControlCall::pull_blocklist), kDegradedBlocklistInterval));
}

TEST_F(DeltaSyncTest, AHintHurriesItsListAndNothingElse) {
  step(LinkWoken{});
  complete();
  step(HintCame{std::string(wire::kEpochBumped)});
  EXPECT_TRUE(sent(ControlCall::pull_epochs));
  EXPECT_FALSE(sent(ControlCall::pull_blocklist));
  step(HintCame{std::string(wire::kBlocklistChanged)});
  EXPECT_TRUE(sent(ControlCall::pull_blocklist));
}

TEST_F(DeltaSyncTest, TheFabricIsGivenTheWholeAndThenWhatChanges) {
  step(FabricConnected{});
  EXPECT_TRUE(security_messages().empty()) << "nothing before it is complete";
  step(LinkWoken{});
  answer(ControlCall::pull_blocklist, blocklist(0, {entry("192.0.2.1", 3)}));
  EXPECT_TRUE(security_messages().empty());
  answer(ControlCall::pull_epochs, epochs(0, {epoch(2, 4)}));
  ASSERT_EQ(security_messages().size(), 1U);
  const json whole = security_messages()[0];
  EXPECT_EQ(whole["type"], "security_state");
  EXPECT_EQ(whole["first"], true);
  EXPECT_EQ(whole["last"], true);
  EXPECT_EQ(whole["blocklist"][0]["value"], "192.0.2.1");
  EXPECT_EQ(whole["epochs"][0]["epoch"], 2);
  step(HintCame{std::string(wire::kBlocklistChanged)});
  answer(ControlCall::pull_blocklist, blocklist(3, {entry("192.0.2.1", 6, false)}));
  ASSERT_EQ(security_messages().size(), 2U);
  EXPECT_EQ(security_messages()[1]["type"], "security_changes");
  EXPECT_EQ(security_messages()[1]["blocklist"][0]["action"], "remove");
  step(FabricDisconnected{});
  step(FabricConnected{});
  EXPECT_EQ(security_messages().back()["type"], "security_state");
}

TEST_F(DeltaSyncTest, AGreatStoreIsHandedOverInParts) {
  for (std::uint64_t i = 0; i < kMaxRowsAMessage + 1; ++i) {
    const std::string value = "10.1." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    security_.blocklist[{policy::BlocklistKind::ip, value}] = {
        policy::BlocklistKind::ip, value, true, {}, i + 1};
  }
  security_.states[DeltaStream::blocklist] = {kMaxRowsAMessage + 1, true};
  security_.states[DeltaStream::epochs] = {0, true};
  restart();
  step(FabricConnected{});
  ASSERT_EQ(security_messages().size(), 2U);
  EXPECT_EQ(security_messages()[0]["last"], false);
  EXPECT_EQ(security_messages()[0]["blocklist"].size(), kMaxRowsAMessage);
  EXPECT_EQ(security_messages()[1]["first"], false);
  EXPECT_EQ(security_messages()[1]["last"], true);
  EXPECT_EQ(security_messages()[1]["blocklist"].size(), 1U);
}

TEST_F(DeltaSyncTest, WhatCannotBeStoredIsSaidAndAskedForAgainAndTheFabricIsNotToldOfIt) {
  step(FabricConnected{});
  step(LinkWoken{});
  complete();
  security_.fault = StoreRefusal{StoreFault::unavailable, "No space left on device"};
  step(HintCame{std::string(wire::kBlocklistChanged)});
  answer(ControlCall::pull_blocklist, blocklist(0, {entry("192.0.2.1", 3)}));
  EXPECT_THAT(said_, testing::Contains(HasSubstr("No space left")));
  EXPECT_EQ(security_messages().size(), 1U);
  security_.fault.reset();
  time_to(ControlCall::pull_blocklist);
  EXPECT_EQ(sent(ControlCall::pull_blocklist), json({{"blocklist_since", 0}}));
  answer(ControlCall::pull_blocklist, blocklist(0, {entry("192.0.2.1", 3)}));
  EXPECT_EQ(security_messages().back()["blocklist"][0]["value"], "192.0.2.1");
}

TEST_F(DeltaSyncTest, AFullStoreIsSaidLoudlyAndLetsNobodyNewIn) {
  step(FabricConnected{});
  step(LinkWoken{});
  complete();
  security_.fault = StoreRefusal{StoreFault::full, "The store is full."};
  step(HintCame{std::string(wire::kEpochBumped)});
  answer(ControlCall::pull_epochs, epochs(0, {epoch(1, 1)}));
  EXPECT_THAT(said_, testing::Contains("The store is full."));
  EXPECT_EQ(security_messages().back()["type"], "security_incomplete");
  security_.fault.reset();
  time_to(ControlCall::pull_epochs);
  answer(ControlCall::pull_epochs, epochs(0, {epoch(1, 1)}));
  EXPECT_EQ(security_messages().back()["type"], "security_state") << "it fits again";
}

TEST_F(DeltaSyncTest, ADamagedStoreIsBuiltAnewFromCursorZero) {
  step(FabricConnected{});
  step(LinkWoken{});
  answer(ControlCall::pull_epochs, epochs(0, {}));
  answer(ControlCall::pull_blocklist, blocklist(0, {entry("192.0.2.1", 3)}));
  security_.fault = StoreRefusal{StoreFault::damaged, "security.db is damaged"};
  step(HintCame{std::string(wire::kBlocklistChanged)});
  answer(ControlCall::pull_blocklist, blocklist(3, {entry("192.0.2.2", 4)}));
  EXPECT_TRUE(stored().empty());
  const auto told = security_messages().size();
  time_to(ControlCall::pull_blocklist);
  EXPECT_EQ(sent(ControlCall::pull_blocklist), json({{"blocklist_since", 0}}));
  answer(ControlCall::pull_blocklist, blocklist(0, {entry("192.0.2.1", 3), entry("192.0.2.2", 4)}));
  EXPECT_EQ(security_messages().size(), told) << "the fabric keeps what it has meanwhile";
  time_to(ControlCall::pull_epochs);
  answer(ControlCall::pull_epochs, epochs(0, {}));
  EXPECT_EQ(security_messages().back()["blocklist"].size(), 2U);
}

TEST_F(DeltaSyncTest, AnAnswerToWhatWasAskedBeforeTheStoreWasLostIsNotBelieved) {
  step(LinkWoken{});
  answer(ControlCall::pull_blocklist, blocklist(0, {entry("192.0.2.1", 3)}));
  step(HintCame{std::string(wire::kBlocklistChanged)});
  security_.fault = StoreRefusal{StoreFault::damaged, "gone"};
  answer(ControlCall::pull_epochs, epochs(0, {epoch(1, 1)}));
  ASSERT_TRUE(stored().empty());
  answer(ControlCall::pull_blocklist, blocklist(3, {entry("192.0.2.2", 4)}));
  EXPECT_TRUE(stored().empty()) << "192.0.2.1 would be passed by";
  EXPECT_EQ(sent(ControlCall::pull_blocklist), json({{"blocklist_since", 0}}));
}

TEST_F(DeltaSyncTest, AListTheControlPlaneCannotPlaceIsFetchedAnew) {
  step(LinkWoken{});
  answer(ControlCall::pull_blocklist, blocklist(0, {entry("192.0.2.1", 9)}));
  step(HintCame{std::string(wire::kBlocklistChanged)});
  json lost = blocklist(9, {});
  lost["restart"] = {"blocklist"};
  answer(ControlCall::pull_blocklist, lost);
  EXPECT_TRUE(stored().empty());
  EXPECT_EQ(sent(ControlCall::pull_blocklist), json({{"blocklist_since", 0}}));
}

TEST_F(DeltaSyncTest, SaysWhenItBeganWithAList) {
  step(LinkWoken{});
  json first = blocklist(0, {entry("192.0.2.1", 3)});
  first["blocklist_newest"] = 9;
  first["more"] = true;
  answer(ControlCall::pull_blocklist, first);
  EXPECT_EQ(sent(ControlCall::pull_blocklist),
            json({{"blocklist_since", 3}, {"blocklist_began", 9}}));
  json late = blocklist(0, {entry("192.0.2.1", 3)});
  late["blocklist_newest"] = 11;
  answer(ControlCall::pull_blocklist, late);
  EXPECT_EQ(security_.states[DeltaStream::blocklist].began, 9U) << "it began before";
}

TEST_F(DeltaSyncTest, NonsenseIsAFailureAndBacksOff) {
  step(LinkWoken{});
  answer(ControlCall::pull_blocklist, blocklist(0, {entry("192.0.2.1/40", 3)}));
  EXPECT_FALSE(sent(ControlCall::pull_blocklist));
  EXPECT_EQ(security_.states[DeltaStream::blocklist], StreamState{});
  time_to(ControlCall::pull_blocklist);
  EXPECT_EQ(sent(ControlCall::pull_blocklist), json({{"blocklist_since", 0}}));
}

}  // namespace
}  // namespace rap::agent
