#include "node/flow/send_queue.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/seeded_random.hpp"

namespace rap::flow {
namespace {

using wire::FrameType;
using wire::TrafficClass;

Bytes payload(std::size_t n, std::uint8_t fill) { return Bytes(n, fill); }

// Takes one run and returns the frames in it.
std::vector<wire::FrameHeader> take_run(SendQueue& q) {
  std::vector<wire::FrameHeader> out;
  Bytes run = to_bytes(q.peek());
  q.consume(run.size());
  for (MutableBytes rest(run); !rest.empty();) {
    auto frame = wire::next_frame(rest);
    EXPECT_TRUE(frame && *frame);
    out.push_back((*frame)->header);
    rest = rest.subspan((*frame)->whole.size());
  }
  return out;
}

void add(SendQueue& q, TrafficClass c, std::uint32_t label, std::size_t size) {
  q.append({FrameType::data, c, static_cast<std::uint16_t>(size), label}, payload(size, 1));
}

TEST(SendQueue, SendsInputAheadOfBulkThatWaitedLonger) {
  SendQueue q;
  for (int i = 0; i < 100; ++i) add(q, TrafficClass::file_transfer, 1, 16000);
  add(q, TrafficClass::input, 3, 10);
  EXPECT_EQ(take_run(q).front().label, 3U);
  EXPECT_EQ(take_run(q).front().label, 1U);
}

TEST(SendQueue, KeepsTheOrderOfAFlow) {
  SendQueue q;
  for (std::uint32_t i = 1; i <= 1000; ++i) add(q, TrafficClass::render, i, 700);
  std::uint32_t expected = 1;
  while (!q.empty()) {
    for (const auto& h : take_run(q)) EXPECT_EQ(h.label, expected++);
  }
  EXPECT_EQ(expected, 1001U);
}

TEST(SendQueue, SharesTheLinkByWeightAndStarvesNoClass) {
  SendQueue q;
  const TrafficClass kBulk[] = {TrafficClass::render, TrafficClass::file_transfer,
                                TrafficClass::telemetry};
  for (TrafficClass c : kBulk) {
    for (int i = 0; i < 400; ++i) add(q, c, 1, 8000);
  }
  std::map<TrafficClass, std::size_t> sent;
  for (std::size_t total = 0; total < 2'000'000;) {
    for (const auto& h : take_run(q)) {
      sent[h.traffic_class] += h.length;
      total += h.length;
    }
  }
  EXPECT_NEAR(static_cast<double>(sent[TrafficClass::render]) /
                  static_cast<double>(sent[TrafficClass::file_transfer]),
              2.0, 0.3);
  EXPECT_NEAR(static_cast<double>(sent[TrafficClass::file_transfer]) /
                  static_cast<double>(sent[TrafficClass::telemetry]),
              2.0, 0.3);
}

TEST(SendQueue, APartlySentRunIsFinishedBeforeAMoreUrgentClass) {
  SendQueue q;
  add(q, TrafficClass::file_transfer, 1, 16000);
  q.peek();
  q.consume(5000);
  add(q, TrafficClass::input, 3, 10);
  EXPECT_EQ(q.peek().size(), wire::kFrameHeader + 16000 - 5000);
  q.consume(wire::kFrameHeader + 16000 - 5000);
  EXPECT_EQ(take_run(q).front().label, 3U);
}

TEST(SendQueue, EveryByteComesOutOnceWhateverTheSizes) {
  SeededRandom rng{42};
  SendQueue q;
  std::size_t in = 0;
  std::size_t out = 0;
  for (int i = 0; i < 20000; ++i) {
    if (rng.u64() % 3 != 0) {
      const std::size_t size = rng.u64() % wire::kMaxPayload + 1;
      add(q, static_cast<TrafficClass>(rng.u64() % wire::kTrafficClassCount), 1, size);
      in += size + wire::kFrameHeader;
    } else if (!q.empty()) {
      const std::size_t n = std::min<std::size_t>(q.peek().size(), rng.u64() % 20000 + 1);
      q.consume(n);
      out += n;
    }
    ASSERT_EQ(q.queued_bytes(), in - out);
  }
  while (!q.empty()) {
    const std::size_t n = q.peek().size();
    ASSERT_GT(n, 0U);
    q.consume(n);
    out += n;
  }
  EXPECT_EQ(in, out);
}

TEST(SendQueue, FramesEachFrameAsAWebSocketMessageTowardsAClient) {
  SendQueue q(Framing::websocket);
  add(q, TrafficClass::input, 1, 50);
  add(q, TrafficClass::input, 1, 5000);
  q.append_control(wire::WebSocketOpcode::pong, as_bytes("hi"));
  Bytes all;
  while (!q.empty()) {
    const ByteView run = q.peek();
    all.insert(all.end(), run.begin(), run.end());
    q.consume(run.size());
  }
  wire::WebSocketDecoder decoder(wire::WebSocketRole::client);
  MutableBytes rest(all);
  std::vector<std::pair<wire::WebSocketOpcode, std::size_t>> seen;
  while (!rest.empty()) {
    std::size_t used = 0;
    wire::WebSocketMessage m;
    ASSERT_EQ(decoder.next(rest, used, m), wire::WebSocketDecoder::Result::message);
    seen.emplace_back(m.opcode, m.payload.size());
    rest = rest.subspan(used);
  }
  using Op = wire::WebSocketOpcode;
  EXPECT_EQ(seen, (std::vector<std::pair<Op, std::size_t>>{
                      {Op::pong, 2}, {Op::binary, 58}, {Op::binary, 5008}}));
}

struct Gone final : Departures {
  void data_departed(std::uint32_t label, std::size_t payload) override { bytes[label] += payload; }
  void record_departed(std::uint32_t label, std::size_t payload) override {
    records[label] += payload;
  }
  void others_departed() override { ++others; }
  std::map<std::uint32_t, std::size_t> bytes;
  std::map<std::uint32_t, std::size_t> records;
  int others = 0;
};

TEST(SendQueue, CountsRecordsThatAreNoDataAmongWhatFlowsHaveWaiting) {
  for (const Framing framing : {Framing::bare, Framing::websocket}) {
    SendQueue q(framing);
    Gone gone;
    q.set_departures(gone);
    for (const FrameType type :
         {FrameType::flow_confirm, FrameType::flow_ack, FrameType::flow_end}) {
      q.append({type, TrafficClass::input, 40, 7}, payload(40, 1));
    }
    EXPECT_EQ(q.windowless_bytes(), 0U);
    q.append({FrameType::flow_close, TrafficClass::input, 17, 7}, payload(17, 1));
    EXPECT_GT(q.windowless_bytes(), 0U) << "it comes once for each path";
    q.peek();
    EXPECT_EQ(gone.records, (std::map<std::uint32_t, std::size_t>{{7, 120}}));
    EXPECT_TRUE(gone.bytes.empty());
    EXPECT_EQ(gone.others, 1);
  }
}

TEST(SendQueue, SaysOfEachFlowWhatBeginsToGoOut) {
  for (const Framing framing : {Framing::bare, Framing::websocket}) {
    SendQueue q(framing);
    Gone gone;
    q.set_departures(gone);
    for (const std::size_t size : {1U, 111U, 117U, 118U, 125U, 126U, 16000U}) {
      add(q, TrafficClass::input, 1, size);
    }
    add(q, TrafficClass::render, 3, 100);
    EXPECT_TRUE(gone.bytes.empty()) << "nothing is sent yet";
    const std::size_t run = q.peek().size();
    EXPECT_EQ(gone.bytes, (std::map<std::uint32_t, std::size_t>{{1, 16598}}));
    q.consume(1);
    q.peek();
    EXPECT_EQ(gone.bytes.at(1), 16598U) << "once";
    q.consume(run - 1);
    q.peek();
    EXPECT_EQ(gone.bytes.at(3), 100U);
    EXPECT_EQ(gone.others, 0);
  }
}

TEST(SendQueue, CountsWhatNoWindowHoldsBackUntilItGoesOut) {
  SendQueue q(Framing::websocket);
  Gone gone;
  q.set_departures(gone);
  add(q, TrafficClass::input, 1, 5000);
  EXPECT_EQ(q.windowless_bytes(), 0U);
  q.append({FrameType::reset, TrafficClass::render, 1, 9}, payload(1, 2));
  q.append_control(wire::WebSocketOpcode::pong, as_bytes("hi"));
  EXPECT_EQ(q.windowless_bytes(), 11U + 4U);
  q.consume(q.peek().size());
  EXPECT_EQ(q.windowless_bytes(), 11U) << "the pong is first";
  q.drop_flows();
  EXPECT_EQ(q.windowless_bytes(), 0U);
  EXPECT_EQ(gone.others, 1);
}

TEST(SendQueue, DropsWhatFlowsHaveWaitingAndNothingOfControl) {
  SendQueue q;
  add(q, TrafficClass::render, 1, 3000);
  const std::size_t run = q.peek().size();
  q.consume(1);  // the run has begun to go out
  add(q, TrafficClass::render, 1, 3000);
  add(q, TrafficClass::file_transfer, 3, 3000);
  q.append({FrameType::credit, TrafficClass::route_control, 4, 5}, payload(4, 1));
  q.append({FrameType::heartbeat, TrafficClass::fabric_control, 9, 0}, payload(9, 1));
  const std::size_t control = 2 * wire::kFrameHeader + 4 + 9;
  q.drop_flows();
  EXPECT_EQ(q.queued_bytes(), run - 1 + control);
  EXPECT_EQ(q.windowless_bytes(), control);
  q.append({FrameType::goodbye, TrafficClass::fabric_control, 1, 0}, payload(1, 0));
  std::vector<FrameType> said;
  q.consume(q.peek().size());
  while (!q.empty()) {
    for (const auto& header : take_run(q)) said.push_back(header.type);
  }
  EXPECT_EQ(said, (std::vector{FrameType::heartbeat, FrameType::goodbye, FrameType::credit}));
  EXPECT_EQ(q.windowless_bytes(), 0U);
}

}  // namespace
}  // namespace rap::flow
