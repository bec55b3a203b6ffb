// One sealed flow and one local stream, the latter a double, between real entries.
#include "client/network/carrier.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "client/core/deny_list_store.hpp"
#include "client/network/test_entry.hpp"
#include "client/testing/doubles.hpp"
#include "io/system/system.hpp"

namespace rap::client {
namespace {

using wire::FlowReason;
using wire::TrafficClass;

// What a sealed carrier does to its local stream. It takes what it is given when it is asked to.
struct LocalDouble final : LocalEnd {
  void flush() override {
    if (!takes) return;
    const ByteView bytes = output->peek();
    got += as_text(bytes);
    output->consume(bytes.size());
  }
  void pause_reading() override { reading = false; }
  void resume_reading() override { reading = true; }
  void finish_writing() override { finished = true; }
  void abort() override { aborted = true; }

  io::Output* output = nullptr;
  bool takes = true;
  bool reading = false;
  bool finished = false;
  bool aborted = false;
  std::string got;
};

class CarrierTest : public testing::Test {
 protected:
  CarrierTest() {
    auto local = std::make_unique<LocalDouble>();
    local->output = carrier.get();
    local_ = local.get();
    carrier->set_local(std::move(local));
    for (int i = 0; i < 2; ++i) {
      auto& entry = *entries.emplace_back(std::make_unique<TestEntry>(loop, platform.worker()));
      entry.node = platform.node;
      entry.lead_to(egress);
      entry.lead_to(other_egress);
    }
  }

  Attachment attachment() {
    std::vector<Candidate> candidates;
    for (const auto& entry : entries) {
      candidates.push_back(platform.candidate(entry->port(), "token-" + std::to_string(++tokens)));
    }
    return platform.attachment(std::move(candidates), {egress.known(), other_egress.known()});
  }
  void open() { carrier->open(attachment(), TrafficClass::input); }
  // Runs the loop until it holds.
  void until(const std::function<bool()>& holds) {
    const MonoTime patience = io::mono_now() + std::chrono::seconds{30};
    io::Timer timer(loop);
    std::function<void()> look = [&] {
      if (holds()) return loop.stop();
      if (io::mono_now() > patience) {
        ADD_FAILURE() << "waited in vain";
        return loop.stop();
      }
      timer.after(std::chrono::milliseconds{1}, look);
    };
    look();
    loop.run();
  }
  io::StreamHandler& stream() { return *carrier; }
  void type(const std::string& text) {
    Bytes bytes(text.begin(), text.end());
    EXPECT_EQ(stream().on_data(bytes), bytes.size());
  }

  TestPlatform platform;
  SeededRandom rng{3};
  io::EventLoop loop;
  TestHome home;
  DenyListStore deny_lists{home};
  std::ostringstream err;
  FallbackLog fallbacks{err};
  EntryDistances distances;
  ClientKeys keys = ClientKeys::generate(rng);
  std::vector<std::unique_ptr<TestEntry>> entries;
  TestEgress egress{loop, keys.public_keys()};
  TestEgress other_egress{loop, keys.public_keys(), 18};
  std::vector<std::string> told;
  EntryLinks links{
      loop,
      platform.account(deny_lists),
      "office",
      {keys, rng, fallbacks, distances, [this](const std::string& l) { told.push_back(l); }}};
  std::optional<Carrier::Ending> ending;
  std::unique_ptr<Carrier> carrier =
      std::make_unique<Carrier>(links, [this](const Carrier::Ending& how) {
        EXPECT_FALSE(ending) << "it ends once";
        ending = how;
      });
  LocalDouble* local_ = nullptr;
  int tokens = 0;
};

TEST_F(CarrierTest, ReadsNothingBeforeTheEgressTookTheFlowAndThenPassesOnWhatComes) {
  open();
  EXPECT_FALSE(local_->reading);
  until([&] { return local_->reading; });
  type("ping");
  until([&] { return local_->got == "ping"; });
  EXPECT_EQ(egress.opened, 1U);
  EXPECT_EQ(entries[0]->tokens, std::vector<std::string>{"token-1"});
}

TEST_F(CarrierTest, EndsInOrderOnceEverythingArrivedBothWays) {
  open();
  until([&] { return local_->reading; });
  type("ping");
  stream().on_end();
  until([&] { return local_->finished; });
  EXPECT_EQ(local_->got, "ping");
  stream().on_close({});
  until([&] { return ending.has_value(); });
  EXPECT_FALSE(ending->reason);
  EXPECT_FALSE(local_->aborted);
  until([&] { return egress.flows() == 0; });
  EXPECT_EQ(egress.endings, std::vector<wire::FlowEnding>{std::nullopt});
}

TEST_F(CarrierTest, GoesOnByAnotherEntryWhenOneIsGone) {
  open();
  until([&] { return local_->reading; });
  type("one ");
  until([&] { return local_->got == "one "; });
  entries[0]->hang_up();
  type("two");
  until([&] { return local_->got == "one two"; });
  EXPECT_EQ(egress.resumed, 1U);
  EXPECT_EQ(entries[1]->clients, 1U);
  EXPECT_FALSE(ending);
  EXPECT_TRUE(fallbacks.take().empty()) << "nobody chose another entry for a new flow";
}

TEST_F(CarrierTest, WhatWasSaidLastArrivesThoughTheConnectionIsLostBehindIt) {
  open();
  until([&] { return local_->reading; });
  type("the last");
  stream().on_end();
  entries[0]->hang_up();
  until([&] { return local_->finished; });
  stream().on_close({});
  until([&] { return ending.has_value(); });
  EXPECT_EQ(local_->got, "the last");
  EXPECT_FALSE(ending->reason);
}

TEST_F(CarrierTest, TellsThePersonWhatIsWaitedForAndThatItIsOver) {
  open();
  until([&] { return local_->reading; });
  egress.refusal = FlowReason::not_ready;
  links.drop("this machine was asleep");
  until([&] { return told.size() == 1; });
  EXPECT_NE(told[0].find("reconnecting to office"), std::string::npos) << told[0];
  EXPECT_NE(told[0].find("not_ready"), std::string::npos) << told[0];
  egress.refusal.reset();
  until([&] { return told.size() == 2; });
  EXPECT_NE(told[1].find("is back"), std::string::npos) << told[1];
  type("still here");
  until([&] { return local_->got == "still here"; });
}

TEST_F(CarrierTest, BreaksTheLocalStreamWhenTheEgressEndsTheFlow) {
  open();
  until([&] { return local_->reading; });
  egress.end_flows(FlowReason::session_ended);
  until([&] { return ending.has_value(); });
  EXPECT_EQ(ending->reason, FlowReason::session_ended);
  EXPECT_TRUE(ending->was_accepted);
  EXPECT_TRUE(local_->aborted);
}

TEST_F(CarrierTest, AsksTheNextEgressWithAnotherToken) {
  egress.refusal = FlowReason::target_unreachable;
  open();
  until([&] { return local_->reading; });
  EXPECT_EQ(other_egress.opened, 1U);
  EXPECT_EQ(entries[1]->tokens, std::vector<std::string>{"token-2"});
}

TEST_F(CarrierTest, WaitsForOtherTokensWhenItIsToldThatTheyCome) {
  for (const auto& entry : entries) {
    entry->refusal = [](const std::string&) { return std::optional(FlowReason::no_route); };
  }
  std::optional<FlowReason> last;
  carrier->on_exhausted([&](FlowReason reason) {
    last = reason;
    return true;
  });
  open();
  until([&] { return last.has_value(); });
  EXPECT_EQ(last, FlowReason::no_route);
  EXPECT_FALSE(ending);
  for (const auto& entry : entries) entry->refusal = nullptr;
  open();
  until([&] { return local_->reading; });
  EXPECT_EQ(fallbacks.take().size(), 2U);
}

TEST_F(CarrierTest, EndsWithTheReasonWhenNobodyTakesTheFlow) {
  egress.refusal = FlowReason::target_refused;
  other_egress.refusal = FlowReason::target_timeout;
  open();
  until([&] { return ending.has_value(); });
  EXPECT_EQ(ending->reason, FlowReason::target_refused);
  EXPECT_FALSE(ending->was_accepted);
  EXPECT_TRUE(local_->aborted);
}

TEST_F(CarrierTest, KeepsWhatTheLocalStreamDoesNotTakeYet) {
  local_->takes = false;
  open();
  until([&] { return local_->reading; });
  type("echo");
  stream().on_end();
  until([&] { return local_->finished; });
  EXPECT_EQ(local_->got, "");
  local_->takes = true;
  local_->flush();
  EXPECT_EQ(local_->got, "echo");
}

TEST_F(CarrierTest, ThatGoesAwayEndsItsFlow) {
  open();
  until([&] { return local_->reading; });
  carrier.reset();
  until([&] { return egress.flows() == 0; });
  EXPECT_EQ(egress.endings, std::vector<wire::FlowEnding>{FlowReason::peer_lost});
}

}  // namespace
}  // namespace rap::client
