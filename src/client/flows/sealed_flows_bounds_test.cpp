// These tests are of what a client keeps for its sealed flows, and of how they share connections.
#include <gtest/gtest.h>

#include "client/flows/sealed_flows.hpp"
#include "client/flows/test_sealed_flows.hpp"

namespace rap::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SealedFlowBounds, KeepAtMostSoMuchForTheOtherEndWithoutAPath) {
  FlowsWorld w(1, 1);
  FlowUserDouble user;
  const FlowNumber flow = w.open(user);
  w.carry();
  w.cut(0);
  w.entries[0]->way = EntryDouble::Way::down;
  const std::string much = pattern(std::size_t{1} << 20);
  EXPECT_EQ(w.flows.take(w.now, flow, as_bytes(much)), flow::kHeldTail);
  EXPECT_EQ(w.flows.take(w.now, flow, as_bytes(much)), 0U);
  EXPECT_EQ(user.writable, 0);
  w.entries[0]->way = EntryDouble::Way::up;
  w.run(seconds{1});
  EXPECT_EQ(user.writable, 1);
  EXPECT_EQ(w.target(0).data, much.substr(0, flow::kHeldTail));
}

TEST(SealedFlowBounds, KeepTogetherAtMostSoMuchAndEachItsShare) {
  constexpr std::size_t kMost = std::size_t{1} << 20;
  FlowsWorld w(1, 1, kMost);
  FlowUserDouble first;
  FlowUserDouble second;
  const FlowNumber greedy = w.open(first);
  const FlowNumber modest = w.open(second);
  w.carry();
  w.drops = [](const wire::FrameView& frame) { return frame.header.type == wire::FrameType::data; };
  const std::string much = pattern(2 * kMost);
  EXPECT_LE(w.flows.take(w.now, greedy, as_bytes(much)), kMost);
  EXPECT_EQ(w.flows.take(w.now, modest, as_bytes(much)), flow::kTailRoom);
  EXPECT_LE(w.flows.tail_bytes(), kMost + flow::kTailRoom + flow::kTailChunk);
}

TEST(SealedFlowBounds, PutNoMoreIntoAConnectionThanItsQueueHolds) {
  FlowsWorld w(1, 1);
  FlowUserDouble user;
  const FlowNumber flow = w.open(user);
  w.carry();
  w.flows.take(w.now, flow, as_bytes(pattern(3'000'000)));
  EXPECT_LE(w.flows.output(1).queued_bytes(), flow::FlowPath{}.most_queued + wire::kMaxFrame);
}

TEST(SealedFlowBounds, FlowsOfOneClassTakeTurns) {
  FlowsWorld w(1, 1);
  FlowUserDouble first;
  FlowUserDouble second;
  const FlowNumber one = w.open(first);
  const FlowNumber other = w.open(second);
  w.carry();
  const std::string much = pattern(2'000'000);
  w.flows.take(w.now, one, as_bytes(much));  // fills the queue
  w.flows.take(w.now, other, as_bytes(much));
  // A slow connection takes run after run.
  std::map<std::uint32_t, std::size_t> sent;
  auto& queue = w.flows.output(1);
  for (int i = 0; i < 40; ++i) {
    const ByteView run = queue.peek();
    for (Bytes copy = to_bytes(run); !copy.empty();) {
      const auto frame = **wire::next_frame(copy);
      sent[frame.header.label] += frame.whole.size();
      copy.erase(copy.begin(), copy.begin() + static_cast<std::ptrdiff_t>(frame.whole.size()));
    }
    queue.consume(run.size());
    w.flows.drained(w.now, 1);
  }
  ASSERT_EQ(sent.size(), 2U);
  const auto [less, more] = std::minmax(sent.begin()->second, sent.rbegin()->second);
  EXPECT_GT(less + flow::FlowPath{}.most_queued + 2 * flow::kRunBytes, more)
      << "beside what the first had in the queue before";
}

TEST(SealedFlowBounds, AnEntryThatTakesNoMoreOnAConnectionTakesThemOnAnother) {
  FlowsWorld w(1, 1);
  w.entries[0]->most_flows = 2;
  std::vector<std::unique_ptr<FlowUserDouble>> users;
  for (int i = 0; i < 5; ++i) {
    users.push_back(std::make_unique<FlowUserDouble>());
    w.open(*users.back());
    w.run(milliseconds{50});
  }
  for (const auto& user : users) EXPECT_EQ(user->accepted, 1);
  EXPECT_EQ(w.flows.links(), 3U);
}

TEST(SealedFlowBounds, AllFlowsOfALostConnectionGoOnOverOneOther) {
  FlowsWorld w;
  std::vector<std::unique_ptr<FlowUserDouble>> users;
  for (int i = 0; i < 30; ++i) {
    users.push_back(std::make_unique<FlowUserDouble>());
    w.open(*users.back());
  }
  w.carry();
  w.cut(0);
  EXPECT_EQ(w.flows.away()->flows, 30U);
  w.run(seconds{1});
  EXPECT_EQ(w.carried_by(1), 30U);
  EXPECT_EQ(w.entries[1]->dialled, 1U);
}

TEST(SealedFlowBounds, ARetiredConnectionCarriesNothingNew) {
  FlowsWorld w(1, 1);
  FlowUserDouble first;
  FlowUserDouble second;
  const FlowNumber old = w.open(first);
  w.carry();
  w.flows.retire_links();
  w.open(second);
  w.carry();
  EXPECT_EQ(w.flows.links(), 2U);
  w.say(old, "to its end");
  w.carry();
  EXPECT_EQ(w.target(0).data, "to its end");
}

}  // namespace
}  // namespace rap::client
