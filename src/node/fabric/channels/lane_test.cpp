// One connection between two nodes, of which the other end is a test's.
#include "node/fabric/channels/lane.hpp"

#include "node/fabric/channels/test_fabric.hpp"

namespace rap::fabric {
namespace {

using wire::FrameType;
using namespace std::chrono_literals;

class LaneTest : public testing::Test, public LaneOwner {
 protected:
  LaneTest() {
    peer_ = pairs_.connect([this](int fd) {
      lane_.emplace(world_.loop, node_.router, *this, log_, 7);
      lane_->accept(io::Stream::accept(world_.loop, fd, {}, *lane_));
    });
  }
  ~LaneTest() override {
    world_.run([this] { lane_.reset(); });
  }

  void lane_open(Lane&) override {}
  bool lane_control(Lane&, const wire::FrameView& frame) override {
    log_.info("control", {{"type", static_cast<int>(frame.header.type)},
                          {"payload", as_text(ByteView(frame.payload))}});
    return good_;
  }
  void lane_violation(Lane& lane) override {
    log_.info("violation");
    lane.close(false);
  }
  void lane_closed(Lane&, const io::StreamError& error) override {
    log_.info("over", {{"kind", io::to_string(error.kind)}});
  }

  void link_up() {
    world_.run([this] {
      channel::table_action::LinkUp up{};
      up.lane = 7;
      up.peer = NodeId::random(node_.rng);
      up.kind = wire::LaneKind::interactive;
      up.classes = wire::TrafficClassSet::all();
      up.takes_new_flows = true;
      const auto link = lane_->link_up(up);
      ASSERT_TRUE(link);
      node_.links.senders[*link] = &*lane_;
    });
  }
  void send(FrameType type, std::string_view payload) {
    world_.run([&] { lane_->send(type, as_bytes(payload)); });
  }
  std::string receive(std::size_t size) {
    while (peer_->received().size() < size && peer_->receive()) {
    }
    return peer_->received();
  }

  bool good_ = true;
  io::TestLog log_;
  io::TestLoop world_;
  TestRouter node_;
  std::optional<Lane> lane_;
  StreamPairs pairs_{world_};
  std::unique_ptr<io::RawConnection> peer_;
};

const std::string kGoodbye(1, '\0');  // a reason, whatever it means

TEST_F(LaneTest, HandsItsOwnersFramesOverHoweverTheyAreCut) {
  const std::string frame = frame_text(FrameType::goodbye, kGoodbye);
  const std::string two = frame + frame;
  for (const char byte : two) ASSERT_TRUE(peer_->send({&byte, 1}));
  EXPECT_TRUE(log_.wait_for("\"event\":\"control\"", 2));
  EXPECT_EQ(0, log_.count("violation"));
}

TEST_F(LaneTest, LetsNoFlowPassBeforeTheChannelIsEstablished) {
  peer_->send(frame_text(FrameType::credit, std::string("\0\0\0\1", 4), 1));
  EXPECT_TRUE(log_.wait_for("violation"));
  EXPECT_TRUE(log_.wait_for("\"event\":\"over\""));
  EXPECT_TRUE(peer_->closed());
}

TEST_F(LaneTest, LetsFlowsPassFromThenOn) {
  link_up();
  const auto c = wire::TrafficClass::input;
  const Bytes open = wire::FlowOpen{NodeId::random(node_.rng), 4, as_bytes("sealed")}.encode();
  peer_->send(frame_text(FrameType::flow_attach, as_text(open), 1, c));
  const auto payload = wire::encode_reason(wire::FlowReason::no_route);
  const std::string answer = frame_text(FrameType::flow_refuse, as_text(payload), 1, c);
  EXPECT_EQ(answer, receive(answer.size())) << "as a router that knows no way says";
}

TEST_F(LaneTest, SaysWhatIsNoFrameAndReadsNoFurther) {
  peer_->send(std::string(64, '\x7F') + frame_text(FrameType::goodbye, kGoodbye));
  ASSERT_TRUE(log_.wait_for("violation"));
  EXPECT_EQ(1, log_.count("channel.bad_frame"));
  EXPECT_TRUE(log_.wait_for("\"event\":\"over\""));
  EXPECT_EQ(0, log_.count("\"event\":\"control\""));
}

TEST_F(LaneTest, ReadsNoFurtherThanItsOwnerLets) {
  good_ = false;
  const std::string frame = frame_text(FrameType::goodbye, kGoodbye);
  peer_->send(frame + frame);
  EXPECT_TRUE(log_.wait_for("\"event\":\"over\""));
  EXPECT_EQ(1, log_.count("\"event\":\"control\""));
}

TEST_F(LaneTest, MaySaySoMuchOfTheChannelItselfAndNoMore) {
  const std::string frame = frame_text(FrameType::reauthentication, "x");
  std::string much;
  for (unsigned i = 0; i < 10 * kControlFrames.burst; ++i) much += frame;
  peer_->send(much);
  EXPECT_TRUE(log_.wait_for("\"event\":\"over\""));
  EXPECT_EQ(1, log_.count("violation"));
  EXPECT_EQ(kControlFrames.burst, log_.count("\"event\":\"control\""));
  EXPECT_EQ(1, log_.count("channel.too_many_control_frames")) << "and says which rule was broken";
  EXPECT_EQ(0, log_.count("channel.bad_frame"));
}

TEST_F(LaneTest, SendsBeforeAndAfterItHasALink) {
  send(FrameType::goodbye, kGoodbye);
  const std::string frame = frame_text(FrameType::goodbye, kGoodbye);
  EXPECT_EQ(frame, receive(frame.size()));
  link_up();
  send(FrameType::heartbeat_ack, std::string(16, 'a'));
  const std::string both = frame + frame_text(FrameType::heartbeat_ack, std::string(16, 'a'));
  EXPECT_EQ(both, receive(both.size()));
}

TEST_F(LaneTest, LetsOutWhatWasSentLastWhenItLingers) {
  link_up();
  world_.run([this] {
    lane_->send(FrameType::goodbye, as_bytes(kGoodbye));
    lane_->close(true);
  });
  const std::string frame = frame_text(FrameType::goodbye, kGoodbye);
  EXPECT_EQ(frame, receive(frame.size()));
  EXPECT_FALSE(peer_->receive()) << "and then nothing";
  peer_->close();
  EXPECT_TRUE(log_.wait_for("\"event\":\"over\""));
}

TEST_F(LaneTest, CountsNothingThatComesInWhileItLingers) {
  link_up();
  world_.run([this] { lane_->close(true); });
  peer_->send(frame_text(FrameType::goodbye, kGoodbye));
  peer_->close();
  ASSERT_TRUE(log_.wait_for("\"event\":\"over\""));
  EXPECT_EQ(0, log_.count("\"event\":\"control\""));
}

TEST_F(LaneTest, IsOverOnceHoweverOftenItIsClosed) {
  world_.run([this] {
    lane_->close(false);
    lane_->close(false);
    lane_->close(true);
    lane_->send(FrameType::goodbye, as_bytes(kGoodbye));
  });
  EXPECT_EQ(1, log_.count("\"event\":\"over\""));
  EXPECT_TRUE(peer_->closed());
}

TEST_F(LaneTest, TakesItsLinkAlongWhenItGoes) {
  link_up();
  world_.run([this] {
    const auto link = *lane_->link();
    node_.links.senders.clear();
    lane_.reset();
    EXPECT_EQ(nullptr, node_.router.board().find(link));
  });
}

}  // namespace
}  // namespace rap::fabric
