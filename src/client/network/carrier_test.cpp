// One flow and one local stream, the latter a double: which entry takes the flow, and how each end
// hears of the other's.
#include "client/network/carrier.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "client/core/deny_list_store.hpp"
#include "client/network/test_entry.hpp"
#include "client/testing/doubles.hpp"

namespace rap::client {
namespace {

using wire::FlowReason;
using wire::TrafficClass;

// What the carrier does to its local stream. It takes what it is given when it is asked to.
struct LocalDouble final : LocalEnd {
  void flush() override {
    if (!takes) return;
    const ByteView bytes = output->peek();
    got += as_text(bytes);
    output->consume(bytes.size());
  }
  void pause_reading() override { reading = false; }
  void resume_reading() override {
    reading = true;
    if (on_resume) std::exchange(on_resume, nullptr)();
  }
  void finish_writing() override {
    finished = true;
    if (on_finished) on_finished();
  }
  void abort() override { aborted = true; }

  io::Output* output = nullptr;
  bool takes = true;
  bool reading = false;
  bool finished = false;
  bool aborted = false;
  std::string got;
  std::function<void()> on_resume;
  std::function<void()> on_finished;
};

class CarrierTest : public testing::Test {
 protected:
  CarrierTest() {
    auto local = std::make_unique<LocalDouble>();
    local->output = carrier.get();
    local_ = local.get();
    carrier->set_local(std::move(local));
  }
  TestEntry& add_entry() {
    return *entries.emplace_back(std::make_unique<TestEntry>(loop, platform.worker()));
  }
  void open() {
    std::vector<Candidate> candidates;
    for (const auto& entry : entries) candidates.push_back(platform.candidate(entry->port()));
    carrier->open(links, platform.attachment(std::move(candidates)), TrafficClass::input);
  }
  // The side of the carrier that a stream calls.
  io::StreamHandler& stream() { return *carrier; }
  void type(const std::string& text) {
    Bytes bytes(text.begin(), text.end());
    EXPECT_EQ(stream().on_data(bytes), bytes.size());
  }
  static auto refuses(FlowReason reason) {
    return [reason](const std::string&) { return std::optional(reason); };
  }

  TestPlatform platform;
  SeededRandom rng{3};
  io::EventLoop loop;
  TestHome home;
  DenyListStore deny_lists{home};
  std::ostringstream err;
  FallbackLog fallbacks{err};
  EntryLinks links{loop, platform.account(deny_lists), rng, fallbacks};
  std::vector<std::unique_ptr<TestEntry>> entries;
  std::optional<Carrier::Ending> ending;
  std::unique_ptr<Carrier> carrier =
      std::make_unique<Carrier>([this](Carrier&, const Carrier::Ending& how) {
        EXPECT_FALSE(ending) << "it ends once";
        ending = how;
        loop.stop();
      });
  LocalDouble* local_ = nullptr;
};

TEST_F(CarrierTest, ReadsNothingBeforeAnEntryTookTheFlowAndThenPassesOnWhatComes) {
  add_entry();
  open();
  EXPECT_FALSE(local_->reading);
  local_->on_resume = [&] {
    type("ping");
    stream().on_end();
  };
  local_->on_finished = [&] { loop.stop(); };
  loop.run();
  EXPECT_EQ(local_->got, "ping");
  EXPECT_TRUE(local_->finished);
  EXPECT_FALSE(ending) << "the local stream has not said that it is done";
  stream().on_close({});
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->reason, std::nullopt);
  EXPECT_TRUE(ending->was_accepted);
  EXPECT_FALSE(local_->aborted);
}

TEST_F(CarrierTest, TriesTheNextEntryWhenOneHasNoRoute) {
  add_entry().refusal = refuses(FlowReason::no_route);
  add_entry();
  open();
  local_->on_resume = [&] { loop.stop(); };
  loop.run();
  EXPECT_EQ(entries[0]->tokens.size(), 1U);
  EXPECT_EQ(entries[1]->open_flows, 1U);
  EXPECT_EQ(fallbacks.take().size(), 1U) << "it is told that one was passed over";
}

TEST_F(CarrierTest, EndsWithTheLastReasonWhenNoEntryTakesTheFlow) {
  add_entry().refusal = refuses(FlowReason::no_route);
  add_entry().refusal = refuses(FlowReason::no_route);
  open();
  loop.run();
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->reason, FlowReason::no_route);
  EXPECT_FALSE(ending->was_accepted);
  EXPECT_TRUE(local_->aborted) << "nobody takes it for an orderly end";
}

TEST_F(CarrierTest, WithoutAnEntryEndsAtOnce) {
  open();
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->reason, FlowReason::no_route);
}

TEST_F(CarrierTest, OfARefusalThatHoldsEverywhereTriesNoOther) {
  add_entry().refusal = refuses(FlowReason::blocklisted);
  add_entry();
  open();
  loop.run();
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->reason, FlowReason::blocklisted);
  EXPECT_TRUE(entries[1]->tokens.empty()) << "a second entry never sees it";
}

TEST_F(CarrierTest, WaitsWhenItIsToldThatItWillBeOpenedAgain) {
  add_entry().refusal = refuses(FlowReason::no_route);
  carrier->on_exhausted([&](const Carrier::Ending&) {
    loop.stop();
    return true;
  });
  open();
  loop.run();
  EXPECT_FALSE(ending);
  EXPECT_FALSE(local_->aborted);
  entries[0]->refusal = nullptr;
  local_->on_resume = [&] { loop.stop(); };
  open();
  loop.run();
  EXPECT_TRUE(local_->reading);
}

TEST_F(CarrierTest, KeepsWhatTheLocalStreamDoesNotTakeYet) {
  add_entry().manner = TestEntry::Manner::greets;
  local_->takes = false;
  local_->on_finished = [&] { loop.stop(); };
  open();
  loop.run();
  EXPECT_EQ(local_->got, "");
  local_->takes = true;
  local_->flush();
  EXPECT_EQ(local_->got, TestEntry::kGreeting);
}

TEST_F(CarrierTest, BreaksTheLocalStreamWhenTheFlowIsEnded) {
  add_entry();
  open();
  local_->on_resume = [&] { entries[0]->end_flows(FlowReason::session_ended); };
  loop.run();
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->reason, FlowReason::session_ended);
  EXPECT_TRUE(ending->was_accepted);
  EXPECT_TRUE(local_->aborted);
}

TEST_F(CarrierTest, ThatGoesAwayEndsItsFlow) {
  add_entry();
  open();
  local_->on_resume = [&] { loop.stop(); };
  loop.run();
  carrier.reset();
  io::Timer timer(loop);
  const std::function<void()> look = [&] {
    if (!entries[0]->resets.empty()) return loop.stop();
    timer.after(std::chrono::milliseconds{1}, look);
  };
  look();
  loop.run();
  EXPECT_EQ(entries[0]->resets, std::vector<FlowReason>{FlowReason::peer_lost});
}

}  // namespace
}  // namespace rap::client
