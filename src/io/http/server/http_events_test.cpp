// Streams of events from the HTTP server: to whom, how many, and until when.
#include <gtest/gtest.h>

#include "io/http/server/event_streams.hpp"
#include "io/http/server/http_connection.hpp"
#include "io/http/server/test_http.hpp"

namespace rap::io {
namespace {

using namespace std::chrono_literals;
using wire::SseEvent;

// GET /x opens the stream "x".
wire::HttpResponse open_stream(const wire::HttpRequest& request) {
  wire::HttpResponse response;
  response.headers.emplace_back("x-note", "kept");
  response.event_stream = request.path.substr(1);
  return response;
}

class Reader {
 public:
  Reader(const TestServer& server, const std::string& key) : connection_(server.port()) {
    connection_.send("GET /" + key + " HTTP/1.1\r\nHost: x\r\n\r\n");
    while (connection_.received().find("\r\n\r\n") == std::string::npos) {
      if (!connection_.receive()) return;
    }
    const std::size_t body = connection_.received().find("\r\n\r\n") + 4;
    head_ = connection_.received().substr(0, body);
    take(body);
  }

  const std::string& head() const { return head_; }
  // The next event; nullopt when the stream has ended.
  std::optional<SseEvent> next() {
    while (events_.empty()) {
      const std::size_t before = connection_.received().size();
      if (!connection_.receive()) return std::nullopt;
      take(before);
    }
    SseEvent event = events_.front();
    events_.erase(events_.begin());
    return event;
  }
  void wait_for_pings(std::uint64_t count) {
    while (parser_.comments() < count) {
      const std::size_t before = connection_.received().size();
      ASSERT_TRUE(connection_.receive());
      take(before);
    }
  }
  RawConnection& connection() { return connection_; }

 private:
  void take(std::size_t from) {
    EXPECT_TRUE(parser_.feed(std::string_view(connection_.received()).substr(from), events_));
  }

  RawConnection connection_;
  std::string head_;
  wire::SseParser parser_;
  std::vector<SseEvent> events_;
};

struct Events : testing::Test {
  explicit Events(HttpServerOptions options = {}) : server(std::move(options), open_stream) {
    server.on_loop([&](HttpServer& s) { sender = s.events(); });
  }
  EventStreamCounters counters() {
    EventStreamCounters out;
    server.on_loop([&](HttpServer& s) { out = s.event_counters(); });
    return out;
  }
  void wait_until(const std::function<bool(const EventStreamCounters&)>& done) {
    for (int i = 0; i < 2'500 * RAP_PATIENCE && !done(counters()); ++i) {
      std::this_thread::sleep_for(1ms);
    }
    EXPECT_TRUE(done(counters()));
  }

  TestServer server;
  std::shared_ptr<EventSender> sender;
};

struct PingedEvents : Events {
  static HttpServerOptions options() {
    HttpServerOptions out;
    out.ping_interval = 20ms;
    return out;
  }
  PingedEvents() : Events(options()) {}
};

TEST_F(Events, EndTheStreamOfAPeerThatTalksOn) {
  Reader reader(server, "a");
  reader.connection().send(std::string(kMaxSaidToStream, 'x'));
  reader.connection().send("x");
  EXPECT_FALSE(reader.next());
  wait_until([](const auto& c) { return c.cut == 1; });
}

TEST_F(Events, GoToTheirKeyOrToAll) {
  Reader a(server, "a");
  Reader b(server, "b");
  EXPECT_NE(a.head().find("content-type: text/event-stream\r\n"), std::string::npos);
  EXPECT_NE(a.head().find("x-note: kept\r\n"), std::string::npos);
  EXPECT_EQ(a.head().find("content-length"), std::string::npos);
  sender->send("a", {"config", "1", "7"});
  sender->send("nobody", {"config", "2", ""});
  sender->send_to_all({"config", "3", ""});
  EXPECT_EQ(a.next(), (SseEvent{"config", "1", "7"}));
  EXPECT_EQ(a.next(), (SseEvent{"config", "3", "7"}));
  EXPECT_EQ(b.next(), (SseEvent{"config", "3", ""}));
  EXPECT_EQ(counters().open, 2U);
}

TEST_F(Events, ANewStreamTakesThePlaceOfTheOld) {
  Reader old(server, "a");
  Reader fresh(server, "a");
  EXPECT_EQ(old.next(), std::nullopt);
  sender->send("a", {"x", "1", ""});
  EXPECT_EQ(fresh.next(), (SseEvent{"x", "1", ""}));
  EXPECT_EQ(counters().open, 1U);
  EXPECT_EQ(counters().opened, 2U);
  EXPECT_EQ(counters().replaced, 1U);
}

TEST_F(Events, AreNotWaitedForOnceTheirReaderIsGone) {
  {
    Reader reader(server, "a");
    wait_until([](const auto& c) { return c.open == 1; });
  }
  wait_until([](const auto& c) { return c.open == 0; });
  sender->send("a", {"x", "1", ""});
  Reader again(server, "a");
  sender->send("a", {"x", "2", ""});
  EXPECT_EQ(again.next(), (SseEvent{"x", "2", ""}));
}

TEST_F(Events, ThatAReaderDoesNotTakeAreDroppedFromTheOldest) {
  Reader slow(server, "slow");
  const int sent = 4000;
  const std::string filling(8000, 'x');
  for (int i = 0; i < sent; ++i) {
    sender->send("slow", {"x", filling, std::to_string(i)});
    if (i % 100 == 0) (void)counters();  // lets the loop take them
  }
  EXPECT_GT(counters().dropped, 0U);
  int last = -1;
  int read = 0;
  while (last < sent - 1) {
    const auto event = slow.next();
    ASSERT_TRUE(event);
    EXPECT_GT(std::stoi(event->id), last);
    last = std::stoi(event->id);
    ++read;
  }
  EXPECT_EQ(static_cast<std::uint64_t>(read) + counters().dropped,
            static_cast<std::uint64_t>(sent));
}

TEST_F(PingedEvents, APingComesWhileThereIsNothingElse) {
  Reader reader(server, "a");
  reader.wait_for_pings(3);
  sender->send("a", {"x", "1", ""});
  EXPECT_EQ(reader.next(), (SseEvent{"x", "1", ""}));
}

TEST_F(PingedEvents, AStreamThatTakesNothingIsCut) {
  Reader slow(server, "slow");
  const std::string filling(60'000, 'x');
  while (counters().cut == 0) {
    for (int i = 0; i < 20; ++i) sender->send("slow", {"x", filling, ""});
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(counters().open, 0U);
  while (slow.connection().receive()) {
  }
}

TEST_F(Events, OutliveNeitherServerNorLoopButMayBeSentToBoth) {
  std::shared_ptr<EventSender> kept;
  {
    TestServer other({}, open_stream);
    other.on_loop([&](HttpServer& s) { kept = s.events(); });
    Reader reader(other, "a");
    std::jthread busy([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) kept->send_to_all({"x", "1", ""});
    });
    EXPECT_TRUE(reader.next());
  }
  kept->send("a", {"x", "1", ""});
}

TEST_F(Events, AnEventThatCannotBeWrittenIsNotSent) {
  Reader reader(server, "a");
  sender->send("a", {"x\ndata: forged", "1", ""});
  sender->send("a", {"x", "2", ""});
  EXPECT_EQ(reader.next(), (SseEvent{"x", "2", ""}));
}

TEST_F(Events, AHeadRequestOpensNone) {
  RawConnection head(server.port());
  head.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(head.response(true).status, 200);
  EXPECT_EQ(counters().opened, 0U);
}

TEST_F(Events, SayWhichStreamsAreOpen) {
  {
    const Reader a(server, "a");
    const Reader b(server, "b");
    wait_until([](const auto& c) { return c.open == 2; });
    EXPECT_EQ(sender->open_streams(), (std::vector<std::string>{"a", "b"}));
    sender->end("a");
    wait_until([](const auto& c) { return c.open == 1; });
    EXPECT_EQ(sender->open_streams(), std::vector<std::string>{"b"});
  }
  wait_until([](const auto& c) { return c.open == 0; });
  EXPECT_TRUE(sender->open_streams().empty());
}

TEST_F(Events, OneWithDataMakesRoomForAHintWhereAnEventWaits) {
  Reader a(server, "a");
  wait_until([](const auto& c) { return c.open == 1; });
  server.on_loop([&](HttpServer&) {  // nothing is sent before this turn ends
    sender->send_or("a", {"config", "first", ""}, {"config", "", ""});
    sender->send_or("a", {"config", "second", ""}, {"config", "", ""});
  });
  EXPECT_EQ(a.next()->data, "first");
  EXPECT_EQ(a.next()->data, "");
  sender->send_or("a", {"config", "third", ""}, {"config", "", ""});
  EXPECT_EQ(a.next()->data, "third");
}

}  // namespace
}  // namespace rap::io
