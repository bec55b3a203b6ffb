// Reading a stream of events: what arrives, and how it ends.
#include "io/http/client/event_client.hpp"

#include <gtest/gtest.h>

#include "io/http/server/test_http.hpp"

namespace rap::io {
namespace {

using namespace std::chrono_literals;

// GET /refused is answered with 403, any other path opens a stream of its name.
wire::HttpResponse serve(const wire::HttpRequest& request) {
  wire::HttpResponse response;
  if (request.path == "/refused") {
    response.status = 403;
    response.body = "no";
  } else {
    response.event_stream = request.path.substr(1);
  }
  return response;
}

// One client on a loop, run until a test has seen enough.
class Reading {
 public:
  Reading(std::uint16_t port, const std::string& path,
          std::chrono::milliseconds max_silence = 30s) {
    EventClientOptions options;
    options.server.host = "127.0.0.1";
    options.server.port = port;
    options.max_silence = max_silence;
    wire::HttpRequest request;
    request.method = "GET";
    request.path = path;
    EventClientHandlers handlers;
    handlers.on_open = [this] {
      opened = true;
      if (on_open) on_open();
    };
    handlers.on_event = [this](const wire::SseEvent& event) {
      events.push_back(event.type);
      if (on_event) on_event();
    };
    handlers.on_end = [this](HttpClient::Result result) {
      end = std::move(result);
      client.reset();
      loop.stop();
    };
    client = std::make_unique<EventClient>(loop, std::move(options), request, std::move(handlers));
  }
  void run() { loop.run(); }

  EventLoop loop;
  std::unique_ptr<EventClient> client;
  bool opened = false;
  std::vector<std::string> events;
  std::optional<HttpClient::Result> end;
  std::function<void()> on_open;
  std::function<void()> on_event;
};

struct EventClientTest : testing::Test {
  explicit EventClientTest(std::chrono::milliseconds ping = 15s)
      : server(
            [ping] {
              HttpServerOptions options;
              options.ping_interval = ping;
              return options;
            }(),
            serve) {
    server.on_loop([&](HttpServer& s) { sender = s.events(); });
  }
  TestServer server;
  std::shared_ptr<EventSender> sender;
};

struct PingedEventClient : EventClientTest {
  PingedEventClient() : EventClientTest(20ms) {}
};

TEST_F(EventClientTest, HearsWhatIsSentOnceItIsOpen) {
  Reading reading(server.port(), "/a");
  reading.on_open = [&] {
    sender->send("a", {"config.pending", "", ""});
    sender->send_to_all({"command.pending", "", ""});
  };
  reading.on_event = [&] {
    if (reading.events.size() == 2) reading.loop.stop();
  };
  reading.run();
  EXPECT_EQ(reading.events, std::vector<std::string>({"config.pending", "command.pending"}));
}

TEST_F(EventClientTest, EndsWhenTheServerEndsIt) {
  Reading reading(server.port(), "/a");
  reading.on_open = [&] { sender->end("a"); };
  reading.run();
  ASSERT_TRUE(reading.end);
  ASSERT_FALSE(*reading.end);
  EXPECT_EQ(reading.end->error().kind, HttpError::Kind::closed);
}

TEST_F(EventClientTest, ANewOneTakesThePlaceOfTheOld) {
  Reading old(server.port(), "/a");
  std::jthread newer;
  old.on_open = [&] {
    newer = std::jthread([this] {
      Reading fresh(server.port(), "/a");
      fresh.on_open = [&] { fresh.loop.stop(); };
      fresh.run();
    });
  };
  old.run();
  newer.join();
  EXPECT_TRUE(old.end);
}

TEST_F(EventClientTest, HandsOverAnAnswerThatIsNoStream) {
  Reading reading(server.port(), "/refused");
  reading.run();
  EXPECT_FALSE(reading.opened);
  ASSERT_TRUE(reading.end && *reading.end);
  EXPECT_EQ((*reading.end)->status, 403);
  EXPECT_EQ((*reading.end)->body, "no");
}

TEST_F(EventClientTest, ASilentStreamIsDead) {
  Reading reading(server.port(), "/a", 400ms);  // opening it has as long
  reading.run();
  EXPECT_TRUE(reading.opened);
  ASSERT_TRUE(reading.end);
  ASSERT_FALSE(*reading.end);
  EXPECT_EQ(reading.end->error().kind, HttpError::Kind::timeout);
}

TEST_F(PingedEventClient, PingsKeepAQuietStreamAlive) {
  const auto stays = [this] {
    Reading reading(server.port(), "/a", 2s);
    Timer enough(reading.loop);
    enough.after(3s, [&] { reading.loop.stop(); });
    reading.run();
    return reading.opened && !reading.end;
  };
  EXPECT_TRUE(stays() || stays()) << "a machine may stand still for two seconds, but not each time";
}

TEST_F(EventClientTest, SaysWhenNobodyIsThere) {
  std::uint16_t gone = 0;
  {
    TestServer other({}, serve);
    gone = other.port();
  }
  Reading reading(gone, "/a");
  reading.run();
  ASSERT_TRUE(reading.end);
  ASSERT_FALSE(*reading.end);
  EXPECT_EQ(reading.end->error().kind, HttpError::Kind::unreachable);
}

TEST_F(EventClientTest, MayBeDestroyedByItsHandlers) {
  Reading reading(server.port(), "/a");
  reading.on_open = [&] {
    sender->send("a", {"x", "", ""});
    sender->send("a", {"y", "", ""});
  };
  reading.on_event = [&] {
    reading.client.reset();
    reading.loop.stop();
  };
  reading.run();
  EXPECT_EQ(reading.events.size(), 1U);
  EXPECT_FALSE(reading.end);
}

}  // namespace
}  // namespace rap::io
