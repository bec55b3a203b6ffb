// The client's end of a WebSocket whose other end is a blocking socket of the test.
#include "io/http/client/websocket_client.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"
#include "io/http/server/test_http.hpp"
#include "io/http/websocket_handshake.hpp"
#include "io/listeners/stream_listener.hpp"
#include "io/loop/test_loop.hpp"

namespace rap::io {
namespace {

using namespace std::chrono_literals;

class WebSocketClientTest : public testing::Test, public WebSocketHandler, public Output {
 protected:
  void on_open() override { opened.set_value(); }
  bool on_message(MutableBytes) override { return true; }
  void on_close(const StreamError& error) override { closed.set_value(error); }
  ByteView peek() override { return {}; }
  void consume(std::size_t) override {}

  void connect(std::chrono::milliseconds ping_after) {
    const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    ASSERT_EQ(0, ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size));
    ASSERT_EQ(0, ::listen(listener.get(), 1));
    ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
    world.run([&] {
      WebSocketClientOptions options;
      options.host = "127.0.0.1";
      options.port = ntohs(address.sin_port);
      options.path = "/";
      options.subprotocol = "test";
      options.ping_after = ping_after;
      client = std::make_unique<WebSocketClient>(world.loop, options, *this, rng, *this);
    });
    entry = std::make_unique<RawConnection>(Descriptor(::accept(listener.get(), nullptr, nullptr)));
  }
  void upgrade() {
    const std::string head = entry->request_head();
    constexpr std::string_view kKey = "Sec-WebSocket-Key: ";
    const std::size_t key = head.find(kKey) + kKey.size();
    entry->send("HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: " +
                websocket_accept(head.substr(key, head.find('\r', key) - key)) + "\r\n\r\n");
    ASSERT_EQ(std::future_status::ready, opened.get_future().wait_for(kPatience));
  }
  void TearDown() override {
    world.run([this] { client.reset(); });
  }

  SeededRandom rng{1};
  std::promise<void> opened;
  std::promise<StreamError> closed;
  TestLoop world;
  std::unique_ptr<WebSocketClient> client;
  std::unique_ptr<RawConnection> entry;
};

// The test has as long for its own part, on a machine that others use too.
constexpr std::chrono::milliseconds kSilence{600};

constexpr char kPing = '\x89';

TEST_F(WebSocketClientTest, PingsAnEntryThatFellSilentAndGivesItUp) {
  connect(kSilence);
  upgrade();
  ASSERT_TRUE(entry->receive());
  EXPECT_EQ(kPing, entry->received().front());
  EXPECT_EQ(StreamError::Kind::timeout, closed.get_future().get().kind);
}

TEST_F(WebSocketClientTest, GivesUpAnEntryThatNeverAnswersTheUpgrade) {
  connect(50ms);
  EXPECT_EQ(StreamError::Kind::timeout, closed.get_future().get().kind);
}

TEST_F(WebSocketClientTest, StaysWithAnEntryThatAnswersItsPings) {
  connect(kSilence);
  upgrade();
  auto ended = closed.get_future();
  for (int pings = 0; pings < 3; ++pings) {
    const std::size_t before = entry->received().size();
    while (entry->received().size() == before && entry->receive()) {
    }
    entry->send(std::string("\x8A\x00", 2));
  }
  EXPECT_EQ(std::future_status::timeout, ended.wait_for(0ms));
}

}  // namespace
}  // namespace rap::io
