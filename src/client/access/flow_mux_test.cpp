#include "client/access/flow_mux.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/seeded_random.hpp"

namespace rap::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using wire::FlowReason;
using wire::FrameType;
using wire::TrafficClass;

// The local side: remembers all it hears.
class Recorder final : public FlowSink {
 public:
  void on_accepted(FlowLabel label) override { accepted.push_back(label); }
  void on_data(FlowLabel label, ByteView data) override {
    received[label].insert(received[label].end(), data.begin(), data.end());
  }
  void on_finished(FlowLabel label) override { finished.push_back(label); }
  void on_writable(FlowLabel label) override { writable.push_back(label); }
  void on_ended(FlowLabel label, FlowReason reason, bool was_accepted) override {
    ended[label] = {reason, was_accepted};
  }

  std::vector<FlowLabel> accepted, finished, writable;
  std::map<FlowLabel, Bytes> received;
  std::map<FlowLabel, std::pair<FlowReason, bool>> ended;
};

struct Sent {
  FrameType type;
  TrafficClass traffic_class;
  FlowLabel label;
  Bytes payload;
};

class FlowMuxTest : public testing::Test {
 protected:
  // Takes all that waits to be sent.
  std::vector<Sent> sent() {
    std::vector<Sent> frames;
    for (ByteView out = mux_.output().peek(); !out.empty(); out = mux_.output().peek()) {
      Bytes copy = to_bytes(out);
      mux_.output().consume(out.size());
      for (MutableBytes rest = copy; !rest.empty();) {
        const auto frame = wire::next_frame(rest).value().value();
        frames.push_back({frame.header.type, frame.header.traffic_class, frame.header.label,
                          to_bytes(frame.payload)});
        rest = rest.subspan(frame.whole.size());
      }
    }
    return frames;
  }
  static Bytes make(FrameType type, FlowLabel label, ByteView payload = {}) {
    Bytes out(wire::kFrameHeader + payload.size());
    wire::encode_header(
        {type, TrafficClass::input, static_cast<std::uint16_t>(payload.size()), label}, out.data());
    std::ranges::copy(payload, out.begin() + wire::kFrameHeader);
    return out;
  }
  static Bytes credit(FlowLabel label, std::uint32_t amount) {
    Bytes payload;
    ByteWriter(payload).u32(amount);
    return make(FrameType::credit, label, payload);
  }
  static Bytes reason(FrameType type, FlowLabel label, FlowReason why) {
    return make(type, label, Bytes{static_cast<std::uint8_t>(why)});
  }
  bool receive(Bytes message) { return mux_.receive(message).has_value(); }

  FlowLabel open_flow(TrafficClass c = TrafficClass::input) {
    const FlowLabel label = mux_.open(c, "token").value();
    EXPECT_TRUE(receive(make(FrameType::flow_accept, label)));
    sent();
    return label;
  }

  Recorder local_;
  FlowMux mux_{local_};
};

TEST_F(FlowMuxTest, AsksForAFlowWithItsTokenAndSendsNothingBeforeItIsAccepted) {
  const FlowLabel label = mux_.open(TrafficClass::file_transfer, "the token").value();
  const auto frames = sent();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].type, FrameType::flow_request);
  EXPECT_EQ(frames[0].traffic_class, TrafficClass::file_transfer);
  EXPECT_EQ(as_text(frames[0].payload), "the token");
  EXPECT_EQ(mux_.send(label, as_bytes("early")), 0U);
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_TRUE(receive(make(FrameType::flow_accept, label)));
  EXPECT_THAT(local_.accepted, ElementsAre(label));
  EXPECT_EQ(mux_.send(label, as_bytes("now")), 3U);
}

TEST_F(FlowMuxTest, CutsDataIntoFramesThatFitEveryHop) {
  const FlowLabel label = open_flow();
  const Bytes data(3 * wire::kMaxData + 1, 'x');
  EXPECT_EQ(mux_.send(label, data), data.size());
  Bytes joined;
  for (const Sent& frame : sent()) {
    EXPECT_EQ(frame.type, FrameType::data);
    EXPECT_LE(frame.payload.size(), wire::kMaxData);
    joined.insert(joined.end(), frame.payload.begin(), frame.payload.end());
  }
  EXPECT_EQ(joined, data);
}

TEST_F(FlowMuxTest, NeverSendsBeyondTheWindowAndSaysWhenItOpens) {
  const FlowLabel label = open_flow();
  const Bytes data(flow::kInitialWindow, 'x');
  std::size_t total = 0;
  while (const std::size_t n = mux_.send(label, data)) {
    total += n;
    sent();
  }
  EXPECT_EQ(total, flow::kInitialWindow);
  EXPECT_THAT(local_.writable, IsEmpty());
  EXPECT_TRUE(receive(credit(label, 10)));
  EXPECT_THAT(local_.writable, ElementsAre(label));
  EXPECT_EQ(mux_.send(label, data), 10U);
}

TEST_F(FlowMuxTest, TakesNoMoreThanTheQueueMayHold) {
  const FlowLabel one = open_flow();
  const FlowLabel two = open_flow();
  const Bytes data(kMaxQueuedBytes, 'x');
  mux_.send(one, data);
  mux_.send(two, data);
  EXPECT_LE(mux_.output().queued_bytes(), kMaxQueuedBytes + 64 * wire::kFrameHeader);
  EXPECT_EQ(mux_.room(two), 0U);
  EXPECT_FALSE(mux_.drained());
  sent();
  EXPECT_TRUE(mux_.drained());
  EXPECT_GT(mux_.room(two), 0U);
}

TEST_F(FlowMuxTest, GivesCreditOnlyForWhatTheLocalStreamTook) {
  const FlowLabel label = open_flow();
  const Bytes chunk(wire::kMaxData, 'y');
  std::uint32_t received = 0;
  while (received + chunk.size() <= flow::kInitialWindow) {
    EXPECT_TRUE(receive(make(FrameType::data, label, chunk)));
    received += static_cast<std::uint32_t>(chunk.size());
  }
  EXPECT_THAT(sent(), IsEmpty()) << "nothing was taken yet";
  mux_.delivered(label, received);
  std::uint32_t granted = 0;
  for (const Sent& frame : sent()) {
    EXPECT_EQ(frame.type, FrameType::credit);
    granted += *wire::decode_credit(frame.payload);
  }
  EXPECT_LE(granted, received);
  EXPECT_GT(granted + flow::kCreditStep, received);
}

TEST_F(FlowMuxTest, EndsAFlowThatOverrunsItsWindow) {
  const FlowLabel label = open_flow();
  const Bytes chunk(wire::kMaxData, 'y');
  for (std::size_t n = 0; n <= flow::kInitialWindow; n += chunk.size()) {
    EXPECT_TRUE(receive(make(FrameType::data, label, chunk)));
  }
  EXPECT_EQ(local_.ended[label].first, FlowReason::flow_control);
  EXPECT_EQ(sent().back().type, FrameType::reset);
  EXPECT_LE(local_.received[label].size(), flow::kInitialWindow);
  EXPECT_EQ(mux_.flows(), 0U);
}

TEST_F(FlowMuxTest, HonoursHalfCloseBothWays) {
  const FlowLabel ours_first = open_flow();
  mux_.finish(ours_first);
  EXPECT_EQ(sent().back().type, FrameType::fin);
  EXPECT_TRUE(receive(make(FrameType::data, ours_first, as_bytes("late answer"))));
  EXPECT_EQ(as_text(local_.received[ours_first]), "late answer");
  EXPECT_TRUE(receive(make(FrameType::fin, ours_first)));
  EXPECT_THAT(local_.finished, ElementsAre(ours_first));
  EXPECT_EQ(mux_.flows(), 0U);

  const FlowLabel theirs_first = open_flow();
  EXPECT_TRUE(receive(make(FrameType::fin, theirs_first)));
  EXPECT_EQ(mux_.send(theirs_first, as_bytes("still")), 5U);
  mux_.finish(theirs_first);
  EXPECT_EQ(mux_.flows(), 0U);
  EXPECT_THAT(local_.ended, IsEmpty());
}

TEST_F(FlowMuxTest, SendsNothingAfterItsOwnEnd) {
  const FlowLabel label = open_flow();
  mux_.finish(label);
  sent();
  EXPECT_EQ(mux_.send(label, as_bytes("more")), 0U);
  mux_.finish(label);
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(FlowMuxTest, TellsARefusalFromABreak) {
  const FlowLabel refused = mux_.open(TrafficClass::input, "t").value();
  EXPECT_TRUE(receive(reason(FrameType::flow_refuse, refused, FlowReason::token_expired)));
  EXPECT_EQ(local_.ended[refused], (std::pair{FlowReason::token_expired, false}));
  const FlowLabel broken = open_flow();
  EXPECT_TRUE(receive(reason(FrameType::reset, broken, FlowReason::peer_lost)));
  EXPECT_EQ(local_.ended[broken], (std::pair{FlowReason::peer_lost, true}));
}

TEST_F(FlowMuxTest, IgnoresFramesOfAFlowThatIsGone) {
  const FlowLabel label = open_flow();
  mux_.reset(label, FlowReason::session_ended);
  EXPECT_EQ(sent().back().type, FrameType::reset);
  EXPECT_TRUE(receive(make(FrameType::data, label, as_bytes("crossed on the way"))));
  EXPECT_TRUE(receive(make(FrameType::fin, label)));
  EXPECT_THAT(local_.received, IsEmpty());
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(FlowMuxTest, BreaksTheConnectionOverFramesThatMakeNoSense) {
  const FlowLabel label = open_flow();
  EXPECT_FALSE(receive(make(FrameType::flow_accept, label))) << "twice";
  EXPECT_FALSE(receive(make(FrameType::flow_request, label)));
  EXPECT_FALSE(receive(make(FrameType::goodbye, 0, Bytes{1})));
  EXPECT_FALSE(receive(Bytes{0x7f, 0, 0, 0, 0, 0, 0, 1}));
  Bytes cut = make(FrameType::data, label, as_bytes("cut"));
  cut.pop_back();
  EXPECT_FALSE(receive(cut));
}

TEST_F(FlowMuxTest, EndsAFlowThatBreaksTheRules) {
  const FlowLabel early = mux_.open(TrafficClass::input, "t").value();
  EXPECT_TRUE(receive(make(FrameType::data, early, as_bytes("before accept"))));
  EXPECT_EQ(local_.ended[early].first, FlowReason::protocol_error);
  const FlowLabel late = open_flow();
  EXPECT_TRUE(receive(make(FrameType::fin, late)));
  EXPECT_TRUE(receive(make(FrameType::data, late, as_bytes("after fin"))));
  EXPECT_EQ(local_.ended[late].first, FlowReason::protocol_error);
  const FlowLabel greedy = open_flow();
  EXPECT_TRUE(receive(credit(greedy, flow::kMaxWindow)));
  EXPECT_EQ(local_.ended[greedy].first, FlowReason::flow_control);
}

TEST_F(FlowMuxTest, EndsAllFlowsWithTheirConnection) {
  const FlowLabel one = open_flow();
  const FlowLabel two = mux_.open(TrafficClass::input, "t").value();
  mux_.lost();
  EXPECT_EQ(local_.ended[one], (std::pair{FlowReason::peer_lost, true}));
  EXPECT_EQ(local_.ended[two], (std::pair{FlowReason::peer_lost, false}));
  EXPECT_EQ(mux_.flows(), 0U);
}

TEST_F(FlowMuxTest, HasALimitOfFlows) {
  for (std::size_t i = 0; i < flow::kMaxFlowsPerSide; ++i) {
    ASSERT_TRUE(mux_.open(TrafficClass::input, "t"));
    sent();
  }
  EXPECT_FALSE(mux_.open(TrafficClass::input, "t"));
}

// Property: whatever a peer sends, the windows hold and nothing crashes.
TEST_F(FlowMuxTest, SurvivesRandomFrames) {
  SeededRandom rng(11);
  const FrameType kTypes[] = {FrameType::flow_accept, FrameType::flow_refuse, FrameType::data,
                              FrameType::credit,      FrameType::fin,         FrameType::reset};
  std::vector<FlowLabel> labels{1};
  for (int i = 0; i < 20000; ++i) {
    if (rng.below(8) == 0) {
      if (const auto label = mux_.open(TrafficClass::input, "t")) labels.push_back(*label);
    }
    const FlowLabel label = labels[rng.below(labels.size())];
    const FrameType type = kTypes[rng.below(std::size(kTypes))];
    Bytes payload;
    if (type == FrameType::data) payload = rng.bytes(1 + rng.below(100));
    if (type == FrameType::credit) payload = {0, 0, static_cast<std::uint8_t>(rng.below(255)), 1};
    if (type == FrameType::reset || type == FrameType::flow_refuse) payload = {1};
    receive(make(type, label, payload));
    if (rng.below(4) == 0) mux_.send(label, rng.bytes(rng.below(3000)));
    if (rng.below(16) == 0) mux_.finish(label);
    if (rng.below(4) == 0) mux_.delivered(label, rng.below(3000));
    EXPECT_LE(mux_.output().queued_bytes(), 2 * kMaxQueuedBytes);
    if (rng.below(4) == 0) sent();
    if (labels.size() > 64) labels.erase(labels.begin());
  }
}

}  // namespace
}  // namespace rap::client
