// A client at the entry over a real connection: its upgrade, its messages, and how it ends.
#include "node/fabric/client_session.hpp"

#include "node/fabric/channels/test_fabric.hpp"
#include "wire/frames/data_plane_path.hpp"

namespace rap::fabric {
namespace {

using wire::WebSocketOpcode;
using namespace std::chrono_literals;

class ClientSessionTest : public testing::Test, public ClientOwner {
 protected:
  ClientSessionTest() { connect(); }
  ~ClientSessionTest() override {
    world_.run([this] { session_.reset(); });
  }

  void connect() {
    peer_ = pairs_.connect([this](int fd) {
      before_ = io::mono_now();
      session_.emplace(world_.loop, node_.router, *this, log_);
      session_->accept(io::Stream::accept(world_.loop, fd, {}, handshake_));
      after_ = io::mono_now();
    });
  }
  void client_upgraded(ClientSession& session) override {
    node_.links.senders[*session.link()] = &session;
    ++upgraded_;
  }
  void client_proven(ClientSession&, UserId) override {}
  void client_holds(ClientSession&, std::size_t bytes) override { held_ = bytes; }
  void client_at_fault(ClientSession&, ClientFault fault) override {
    ++faults_[static_cast<std::size_t>(fault)];
  }
  void client_over(ClientSession&) override { ++over_; }

  static std::string upgrade(const std::string& more = "",
                             std::string_view path = wire::kDataPlanePath) {
    return "GET " + std::string(path) +
           " HTTP/1.1\r\nHost: entry\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
           "Sec-WebSocket-Protocol: rap.v1\r\n" +
           more + "\r\n";
  }
  void upgraded() {
    ASSERT_TRUE(peer_->send(upgrade()));
    ASSERT_TRUE(peer_->request_head().starts_with("HTTP/1.1 101 "));
  }
  // The message as a client sends it: masked.
  static std::string message(WebSocketOpcode opcode, std::string payload, bool masked = true) {
    const wire::WebSocketMask mask{1, 2, 3, 4};
    std::uint8_t head[wire::kMaxWebSocketHeader];
    const std::size_t n = wire::encode_websocket_header(
        head, opcode, payload.size(), masked ? std::optional(mask) : std::nullopt);
    if (masked) {
      wire::apply_websocket_mask({reinterpret_cast<std::uint8_t*>(payload.data()), payload.size()},
                                 mask);
    }
    return std::string(reinterpret_cast<const char*>(head), n) + payload;
  }
  // All that comes until the entry closes.
  std::string rest() {
    while (peer_->receive()) {
    }
    return peer_->received();
  }
  // The bytes of a close frame that the entry sends.
  static std::string closing(wire::WebSocketClose code) {
    const auto value = static_cast<std::uint16_t>(code);
    return {'\x88', '\x02', static_cast<char>(value >> 8), static_cast<char>(value & 0xFF)};
  }
  void expire(MonoTime now, Duration max_idle = 30s) {
    world_.run([&] { session_->expire(now, max_idle); });
  }

  // The handler of the stream until the session takes it.
  class Nothing final : public io::StreamHandler {
    void on_open() override {}
    std::size_t on_data(MutableBytes data) override { return data.size(); }
    void on_close(const io::StreamError&) override {}
  };

  io::TestLog log_;
  io::TestLoop world_;
  TestRouter node_;
  Nothing handshake_;
  std::atomic<int> upgraded_ = 0;
  std::atomic<int> over_ = 0;
  std::array<std::atomic<int>, kClientFaultNames.size()> faults_{};
  std::atomic<std::size_t> held_ = 0;
  MonoTime before_{};
  MonoTime after_{};
  std::optional<ClientSession> session_;
  StreamPairs pairs_{world_};
  std::unique_ptr<io::RawConnection> peer_;
};

TEST_F(ClientSessionTest, GetsALinkWithItsUpgrade) {
  EXPECT_FALSE(session_->link());
  upgraded();
  EXPECT_EQ(1, upgraded_);
  world_.run([this] { EXPECT_TRUE(session_->link()); });
}

TEST_F(ClientSessionTest, IsToldWhatIsWrongAndClosedWithoutALink) {
  const std::pair<std::string, int> wrong[] = {
      {upgrade("", "/other"), 404},
      {"POST " + std::string(wire::kDataPlanePath) + " HTTP/1.1\r\nHost: entry\r\n\r\n", 405},
      {"GET " + std::string(wire::kDataPlanePath) + " HTTP/1.1\r\nHost: entry\r\n\r\n", 426},
      {"nonsense\r\n\r\n", 400},
      {upgrade("Content-Length: 1\r\n") + "x", 413},
      {upgrade("X: " + std::string(kMaxUpgradeHeader, 'x') + "\r\n"), 431},
  };
  for (const auto& [request, status] : wrong) {
    world_.run([this] { session_.reset(); });
    connect();
    peer_->send(request);
    EXPECT_EQ(status, peer_->response().status) << request.substr(0, 60);
    EXPECT_TRUE(peer_->closed());
  }
  EXPECT_EQ(0, upgraded_);
}

TEST_F(ClientSessionTest, MayHaveAHeaderUpToItsBound) {
  const std::size_t plain = upgrade("X: \r\n").size();
  peer_->send(upgrade("X: " + std::string(kMaxUpgradeHeader - plain, 'x') + "\r\n"));
  EXPECT_TRUE(peer_->request_head().starts_with("HTTP/1.1 101 "));
}

TEST_F(ClientSessionTest, CountsWhatAStrangerLeavesUnfinished) {
  const std::string request = upgrade();
  peer_->send(request.substr(0, 40));
  while (held_ != 40) std::this_thread::yield();
  peer_->send(request.substr(40));
  ASSERT_TRUE(peer_->request_head().starts_with("HTTP/1.1 101 "));
  while (held_ != 0) std::this_thread::yield();
  const std::string ping = message(WebSocketOpcode::ping, "12345678");
  peer_->send(ping.substr(0, 10));
  while (held_ != 10) std::this_thread::yield();
  peer_->send(ping.substr(10));
  while (held_ != 0) std::this_thread::yield();
}

TEST_F(ClientSessionTest, CountsTheFragmentsOfAStrangersMessage) {
  upgraded();
  std::string fragment = message(WebSocketOpcode::binary, std::string(1000, 'x'));
  fragment[0] = '\x02';  // more of it follows
  peer_->send(fragment);
  while (held_ < 1000) std::this_thread::yield();
  std::string last = message(WebSocketOpcode::binary, "x");
  last[0] = '\x80';
  peer_->send(last);
  EXPECT_TRUE(rest().ends_with(closing(wire::WebSocketClose::protocol_error))) << "no frames";
}

TEST_F(ClientSessionTest, HasTimeForItsUpgradeAndNoMore) {
  expire(before_ + kUpgradeTimeout);
  EXPECT_EQ(0, over_);
  expire(after_ + kUpgradeTimeout + 1ns);
  EXPECT_EQ(1, over_);
  expire(after_ + kUpgradeTimeout + 1h);
  EXPECT_EQ(1, over_) << "it is over once";
}

TEST_F(ClientSessionTest, IsSaidGoodbyeToWhenItHasNoFlowForTooLong) {
  upgraded();
  const MonoTime now = io::mono_now();
  expire(after_ + 30s);
  expire(now + 30s + 1ns);
  EXPECT_EQ(closing(wire::WebSocketClose::going_away), rest());
}

TEST_F(ClientSessionTest, IsNotWaitedForWhenItDoesNotCloseInTime) {
  upgraded();
  expire(io::mono_now() + 31s);
  const MonoTime closed = io::mono_now();
  expire(closed + kCloseTimeout + 1ns);
  EXPECT_EQ(1, over_);
}

TEST_F(ClientSessionTest, IsPingedWhenItFallsSilentAndOverWhenItSaysNothing) {
  upgraded();
  world_.run([this] { node_.router.board().find(*session_->link())->flows.adopt(1, {}); });
  const MonoTime heard = io::mono_now();
  expire(heard + kPingAfter);
  while (peer_->received().size() < 2 && peer_->receive()) {
  }
  EXPECT_EQ(std::string("\x89\x00", 2), peer_->received());
  expire(heard + kPingAfter + 1s);
  expire(before_ + kSilenceLimit);
  EXPECT_EQ(0, over_);
  expire(heard + kSilenceLimit + 1ns);
  EXPECT_EQ(1, over_);
  EXPECT_EQ(1, log_.count("client.silent"));
}

TEST_F(ClientSessionTest, GetsItsPingsAnswered) {
  upgraded();
  peer_->send(message(WebSocketOpcode::ping, "are you there"));
  while (peer_->received().size() < 15 && peer_->receive()) {
  }
  EXPECT_EQ(
      "\x8A\x0D"
      "are you there",
      peer_->received());
}

TEST_F(ClientSessionTest, MaySayNothingManyTimesButNotAgainAndAgain) {
  for (const auto& nothing :
       {message(WebSocketOpcode::ping, "x"), message(WebSocketOpcode::pong, "x"),
        message(WebSocketOpcode::binary, "")}) {
    world_.run([this] { session_.reset(); });
    connect();
    upgraded();
    std::string much;
    for (unsigned i = 0; i < 10 * kIdleMessages.burst; ++i) much += nothing;
    peer_->send(much);
    EXPECT_TRUE(rest().ends_with(closing(wire::WebSocketClose::policy_violation)));
  }
  EXPECT_EQ(3, faults_[static_cast<std::size_t>(ClientFault::idle_messages)]);
}

TEST_F(ClientSessionTest, MaySendFramesThatMoveNothingAFewTimes) {
  upgraded();
  std::string much;
  for (unsigned i = 0; i < 10 * router::kStrangersIdleFrames.burst; ++i) {
    much += message(WebSocketOpcode::binary, frame_text(wire::FrameType::data, "x", 1));
  }
  peer_->send(much);
  EXPECT_TRUE(rest().ends_with(closing(wire::WebSocketClose::policy_violation)));
  EXPECT_EQ(1, faults_[static_cast<std::size_t>(ClientFault::idle_frames)]);
}

TEST_F(ClientSessionTest, IsClosedForAMessageOfEmptyFragments) {
  upgraded();
  std::string much = {'\x02', '\x80', 1, 2, 3, 4};  // the first of a binary message
  for (std::size_t i = 0; i <= wire::kMaxEmptyFragments; ++i) {
    much += std::string{'\x00', '\x80', 1, 2, 3, 4};
  }
  peer_->send(much);
  EXPECT_EQ(closing(wire::WebSocketClose::policy_violation), rest());
}

TEST_F(ClientSessionTest, IsClosedForWhatIsNotTheProtocol) {
  const std::pair<std::string, wire::WebSocketClose> wrong[] = {
      {message(WebSocketOpcode::text, "hello"), wire::WebSocketClose::unsupported_data},
      {message(WebSocketOpcode::binary, "x", false), wire::WebSocketClose::protocol_error},
      {message(WebSocketOpcode::binary, "half a"), wire::WebSocketClose::protocol_error},
      {message(WebSocketOpcode::binary, frame_text(wire::FrameType::hello, "")),
       wire::WebSocketClose::protocol_error},
      {message(WebSocketOpcode::close, ""), wire::WebSocketClose::normal},
  };
  for (const auto& [bytes, code] : wrong) {
    world_.run([this] { session_.reset(); });
    connect();
    upgraded();
    peer_->send(bytes);
    EXPECT_EQ(closing(code), rest());
  }
  EXPECT_EQ(1, log_.count("\"error\":\"truncated\"")) << "the half frame is said";
}

TEST_F(ClientSessionTest, IsOverWithItsConnection) {
  upgraded();
  peer_->close();
  for (const auto until = io::mono_now() + io::kPatience; over_ == 0 && io::mono_now() < until;) {
    std::this_thread::yield();
  }
  EXPECT_EQ(1, over_);
}

TEST_F(ClientSessionTest, IsReadNoFurtherWhileItDoesNotReadItsAnswers) {
  upgraded();
  // A stranger would be closed before that.
  world_.run(
      [this] { node_.router.board().admitted(*session_->link(), UserId::random(node_.rng)); });
  // The kernel is to hold little of them.
  constexpr int kLittle = 64 * 1024;
  ::setsockopt(peer_->fd(), SOL_SOCKET, SO_RCVBUF, &kLittle, sizeof kLittle);
  // Data of labels that nobody knows: each frame is answered with a reset.
  std::string junk;
  for (std::uint32_t i = 0; i < 100; ++i) {
    junk += frame_text(wire::FrameType::data, "x", 2 * i + 1, wire::TrafficClass::input);
  }
  const std::string block = message(WebSocketOpcode::binary, junk);
  const timeval soon{.tv_sec = 0, .tv_usec = 200'000};
  ::setsockopt(peer_->fd(), SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
  std::size_t sent = 0;
  while (peer_->send(block)) {
    ASSERT_LT(sent += block.size(), std::size_t{256} * 1024 * 1024) << "it is read on and on";
  }
  world_.run([this] {
    EXPECT_LE(node_.router.queue(*session_->link()).queued_bytes(), std::size_t{1024} * 1024);
  });
  // It is read again once it takes them, as far as a client may send what moves nothing.
  constexpr int kMuch = 4 * 1024 * 1024;
  ::setsockopt(peer_->fd(), SOL_SOCKET, SO_RCVBUF, &kMuch, sizeof kMuch);
  const std::size_t answers =
      std::min(sent / block.size() * 100, std::size_t{router::kClientsIdleFrames.burst});
  while (peer_->received().size() < answers * (2 + wire::kFrameHeader + 1)) {
    ASSERT_TRUE(peer_->receive());
  }
}

}  // namespace
}  // namespace rap::fabric
