// Who keeps a place at the HTTP server, and who makes way, when strangers take all they can.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/http/server/http_server.hpp"
#include "io/http/server/test_http.hpp"

namespace rap::io {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr std::uint8_t kHonest = 1;
constexpr std::uint8_t kStranger = 2;

// Who asks for /me has proven who they are.
wire::HttpResponse answer_of(const wire::HttpRequest& request) {
  wire::HttpResponse response;
  if (request.path == "/me") response.principal = "alice";
  response.body = request.path + " " + std::to_string(request.body.size());
  return response;
}

std::string get_of(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nhost: x\r\n\r\n";
}

std::string post_of(std::size_t length, std::size_t sent) {
  return "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: " + std::to_string(length) + "\r\n\r\n" +
         std::string(sent, 'x');
}

std::unique_ptr<RawConnection> served(TestServer& server, std::uint8_t source,
                                      std::string_view path = "/") {
  auto c = std::make_unique<RawConnection>(server.port(), source);
  c->send(get_of(path));
  EXPECT_EQ(c->response().status, 200);
  return c;
}

TEST(HttpSlots, WhenFullTheLongestSilentConnectionOfTheGreediestSourceMakesWay) {
  TestServer server({.max_connections = 4}, answer_of);
  const auto modest = served(server, 3);
  const auto first = served(server, kStranger);
  const auto second = served(server, kStranger);
  const auto third = served(server, kStranger);
  first->send(get_of("/again"));
  EXPECT_EQ(first->response().status, 200);
  const auto fresh = served(server, kHonest);
  EXPECT_TRUE(second->closed());
  for (RawConnection* c : {modest.get(), first.get(), third.get(), fresh.get()}) {
    c->send(get_of("/still"));
    EXPECT_EQ(c->response().status, 200);
  }
  EXPECT_THAT(server.log().lines(), testing::ElementsAre(HasSubstr("http.connections_full")));
  server.on_loop([](HttpServer& s) { EXPECT_EQ(s.connections().made_way_of_all, 1U); });
}

TEST(HttpSlots, WhoProvedThemselvesStayWhateverStrangersDo) {
  TestServer server({.max_connections = 4}, answer_of);
  const auto proven = served(server, kStranger, "/me");
  std::vector<std::unique_ptr<RawConnection>> strangers;
  for (int i = 0; i < 20; ++i) strangers.push_back(served(server, kStranger));
  proven->send(get_of("/me"));
  EXPECT_EQ(proven->response().status, 200);
  EXPECT_TRUE(strangers.front()->closed());
  server.on_loop([](HttpServer& s) {
    EXPECT_EQ(s.connections().proven, 1U);
    EXPECT_EQ(s.connections().held, 4U);
  });
}

TEST(HttpSlots, EveryHonestRequestIsServedWhileOneAddressHoldsAllItCan) {
  TestServer server({.max_connections = 64}, answer_of);
  std::vector<std::unique_ptr<RawConnection>> strangers;
  for (int i = 0; i < 200; ++i) {
    strangers.push_back(std::make_unique<RawConnection>(server.port(), kStranger));
    strangers.back()->send(i % 2 == 0 ? "GET / HTTP/1.1\r\nhos" : "");
    if (i % 4 == 0) served(server, kHonest);
    if (i % 10 == 0) served(server, kStranger);  // an honest one behind the same address
  }
  server.on_loop([](HttpServer& s) {
    EXPECT_LE(s.connections().held, 17U) << "a quarter, and maybe one that is going";
    EXPECT_GT(s.connections().made_way_of_share, 100U);
  });
}

TEST(HttpSlots, UnfinishedBodiesHaveABoundInBytesOfTheirOwn) {
  constexpr std::size_t kHeld = 64 * 1024;
  TestServer server({.max_held_bytes = kHeld}, answer_of);
  std::vector<std::unique_ptr<RawConnection>> strangers;
  for (int i = 0; i < 30; ++i) {
    strangers.push_back(std::make_unique<RawConnection>(server.port(), kStranger));
    strangers.back()->send(post_of(60'000, 8'000));
  }
  // The last two of them are all that a quarter of the bytes has room for.
  for (int i = 0; i < 28; ++i)
    EXPECT_TRUE(strangers.at(static_cast<std::size_t>(i))->closed()) << i;
  RawConnection honest(server.port(), kHonest);
  honest.send(post_of(10'000, 10'000));
  EXPECT_EQ(honest.response().body, "/ 10000");
  server.on_loop([&](HttpServer& s) { EXPECT_LE(s.held_bytes().most_held, kHeld); });
}

TEST(HttpSlots, AnswersThatNobodyTakesCountToo) {
  constexpr std::size_t kAnswer = 16 * 1024 * 1024;  // more than the kernel buffers for us
  TestServer server({.max_held_bytes = 2 * kAnswer}, [](const wire::HttpRequest&) {
    wire::HttpResponse response;
    response.body = std::string(kAnswer, 'x');
    return response;
  });
  std::vector<std::unique_ptr<RawConnection>> strangers;
  for (int i = 0; i < 4; ++i) {
    strangers.push_back(std::make_unique<RawConnection>(server.port(), kStranger));
    strangers.back()->send(get_of("/"));
    EXPECT_TRUE(strangers.back()->receive());
  }
  server.on_loop([&](HttpServer& s) { EXPECT_LE(s.held_bytes().held, 2 * kAnswer); });
  for (int i = 0; i < 3; ++i) {
    RawConnection& c = *strangers.at(static_cast<std::size_t>(i));
    while (c.receive()) {
    }
    EXPECT_LT(c.received().size(), kAnswer) << i;
  }
}

TEST(HttpSlots, AHeadHasATimeOfItsOwn) {
  TestServer server({.head_timeout = milliseconds{30}}, answer_of);
  const auto slow = answered(server.port(), "GET / HTTP/1.1\r\nhos", 408);
  ASSERT_TRUE(slow);
  EXPECT_TRUE(slow->closed());
  RawConnection silent(server.port());
  EXPECT_TRUE(silent.closed());
}

TEST(HttpSlots, ABodyGoesOnAfterTheTimeOfItsHead) {
  TestServer server({.head_timeout = milliseconds{30}}, answer_of);
  std::string body;
  for (int i = 0; i < kConnectTries && body.empty(); ++i) {
    RawConnection c(server.port());
    c.send(post_of(4, 2));
    RawConnection later(server.port());
    EXPECT_TRUE(later.closed()) << "the time of a head is over";
    c.send("yz");
    body = c.response().body;
  }
  EXPECT_EQ(body, "/ 4");
}

TEST(HttpSlots, StrangersWhoKeepTheirConnectionForLaterLoseItWhileSlotsAreShort) {
  TestServer server({.max_connections = 16, .pressed_idle = milliseconds{1}}, answer_of);
  const auto proven = served(server, kHonest, "/me");
  std::vector<std::unique_ptr<RawConnection>> strangers;
  for (int i = 0; i < 13; ++i) strangers.push_back(served(server, kStranger));
  EXPECT_TRUE(strangers.front()->closed());
  proven->send(get_of("/me"));
  EXPECT_EQ(proven->response().status, 200);
}

}  // namespace
}  // namespace rap::io
