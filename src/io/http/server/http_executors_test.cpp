// Requests that wait for a thread: whose turn it is, how many may, and what becomes of the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <latch>

#include "io/http/server/http_server.hpp"
#include "io/http/server/test_http.hpp"

namespace rap::io {
namespace {

using testing::HasSubstr;

TEST(HttpServer, TellsThoseBeyondTheQueueToComeBack) {
  std::latch entered(1);
  std::latch release(1);
  TestServer server({.executors = {{.threads = 1, .max_queued = 1}}},
                    [&](const wire::HttpRequest& request) {
                      if (request.path == "/first") {
                        entered.count_down();
                        release.wait();
                      }
                      return echo_request(request);
                    });
  RawConnection first(server.port());
  first.send(get_request("/first"));
  entered.wait();
  RawConnection a(server.port());
  RawConnection b(server.port());
  a.send(get_request("/a"));
  b.send(get_request("/b"));
  // One of them waits in the queue; the other is answered although no thread is free.
  pollfd both[2] = {{.fd = a.fd(), .events = POLLIN, .revents = 0},
                    {.fd = b.fd(), .events = POLLIN, .revents = 0}};
  ASSERT_EQ(::poll(both, 2, 30'000), 1);
  RawConnection& turned_away = both[0].revents != 0 ? a : b;
  RawConnection& queued = both[0].revents != 0 ? b : a;
  const auto refused = turned_away.response();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("retry-after"), "1");
  EXPECT_THAT(refused.body, HasSubstr("\"code\":\"overloaded\""));
  release.count_down();
  EXPECT_EQ(first.response().status, 200);
  EXPECT_EQ(queued.response().status, 200);
  turned_away.send(get_request("/again"));
  EXPECT_EQ(turned_away.response().status, 200);
}

TEST(HttpServer, AQueueThatOneAddressFillsHasRoomForAnother) {
  std::latch entered(1);
  std::latch release(1);
  TestServer server({.executors = {{.threads = 1, .max_queued = 3}}},
                    [&](const wire::HttpRequest& request) {
                      if (request.path == "/first") {
                        entered.count_down();
                        release.wait();
                      }
                      return echo_request(request);
                    });
  constexpr std::uint8_t kFlooding = 9;
  RawConnection first(server.port(), kFlooding);
  first.send(get_request("/first"));
  entered.wait();
  std::vector<std::unique_ptr<RawConnection>> flood;
  std::vector<pollfd> answers;
  for (int i = 0; i < 4; ++i) {
    flood.push_back(std::make_unique<RawConnection>(server.port(), kFlooding));
    flood.back()->send(get_request("/flood"));
    answers.push_back({.fd = flood.back()->fd(), .events = POLLIN, .revents = 0});
  }
  // Three wait, and the fourth is refused.
  ASSERT_EQ(::poll(answers.data(), answers.size(), 30'000), 1);
  RawConnection other(server.port());
  other.send(get_request("/other"));
  // One of the three made way, and so it takes no turn any more.
  while (::poll(answers.data(), answers.size(), 30'000) < 2) {
  }
  release.count_down();
  EXPECT_EQ(other.response().status, 200);
  int refused = 0;
  for (const auto& one : flood) refused += one->response().status == 503 ? 1 : 0;
  EXPECT_EQ(refused, 2);
}

TEST(HttpServer, AKindOfRequestsWithItsOwnThreadsWaitsForNoOther) {
  std::latch entered(1);
  std::latch release(1);
  const auto by_path = [](const wire::HttpRequest& r) -> std::size_t {
    return r.path == "/slow" ? 1 : 0;
  };
  TestServer server({.executors = {{.threads = 1}, {.name = "slow", .threads = 1, .max_queued = 1}},
                     .executor_of = by_path},
                    [&](const wire::HttpRequest& request) {
                      if (request.path == "/slow") {
                        entered.count_down();
                        release.wait();
                      }
                      return echo_request(request);
                    });
  RawConnection stuck(server.port());
  stuck.send(get_request("/slow"));
  entered.wait();
  RawConnection quick(server.port());
  for (int i = 0; i < 10; ++i) {
    quick.send(get_request("/quick"));
    EXPECT_EQ(quick.response().status, 200);
  }
  release.count_down();
  EXPECT_EQ(stuck.response().status, 200);
}

TEST(HttpServer, WhatWaitsForAnExecutorThatTakesSeveralIsHandledTogether) {
  std::latch entered(1);
  std::latch arrived(6);
  std::latch release(1);
  std::vector<std::size_t> sizes;
  const auto by_path = [&](const wire::HttpRequest& r) -> std::size_t {
    if (r.path == "/alone") return 1;
    if (!arrived.try_wait()) arrived.count_down();
    return 0;
  };
  const auto together = [&](std::span<const wire::HttpRequest> requests) {
    sizes.push_back(requests.size());
    if (sizes.size() == 1) {
      entered.count_down();
      release.wait();
    }
    std::vector<wire::HttpResponse> out;
    for (const auto& request : requests) out.push_back(echo_request(request));
    return out;
  };
  TestServer server({.executors = {{.threads = 1, .max_queued = 5, .max_together = 3}, {}},
                     .executor_of = by_path,
                     .together = together},
                    echo_request);
  RawConnection first(server.port());
  first.send(get_request("/first"));
  entered.wait();
  std::vector<std::unique_ptr<RawConnection>> waiting;
  for (int i = 0; i < 5; ++i) {
    waiting.push_back(std::make_unique<RawConnection>(server.port()));
    waiting.back()->send(get_request("/" + std::to_string(i)));
  }
  arrived.wait();
  RawConnection other(server.port());
  other.send(get_request("/alone"));
  EXPECT_EQ(other.response().status, 200);
  other.send(get_request("/sixth"));
  EXPECT_EQ(other.response().status, 503) << "no more than may wait";
  release.count_down();
  EXPECT_THAT(first.response().body, HasSubstr("GET /first "));
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(waiting.at(i)->response().body, HasSubstr("GET /" + std::to_string(i) + " "));
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 3, 2}));
}

TEST(HttpServer, BodiesThatWaitHaveABoundOfTheirOwn) {
  std::latch entered(1);
  std::latch release(1);
  TestServer server({.executors = {{.threads = 1, .max_queued = 100, .max_queued_bytes = 10}}},
                    [&](const wire::HttpRequest& request) {
                      if (request.path == "/first") {
                        entered.count_down();
                        release.wait();
                      }
                      return echo_request(request);
                    });
  RawConnection first(server.port());
  first.send(get_request("/first"));
  entered.wait();
  RawConnection late(server.port());
  late.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world");
  EXPECT_EQ(late.response().status, 503);
  release.count_down();
  EXPECT_EQ(first.response().status, 200);
}

// Far longer than two requests take to arrive, and no time at all once there are enough.
TEST(HttpServer, WaitsForOthersToHandleTogetherUntilThereAreEnough) {
  std::vector<std::size_t> sizes;
  const auto together = [&](std::span<const wire::HttpRequest> requests) {
    sizes.push_back(requests.size());
    return std::vector<wire::HttpResponse>(requests.size());
  };
  TestServer server(
      {.executors = {{.threads = 1, .max_together = 3, .gather = std::chrono::milliseconds{1000}}},
       .together = together},
      echo_request);
  RawConnection a(server.port());
  RawConnection b(server.port());
  a.send(get_request("/a"));
  b.send(get_request("/b"));
  EXPECT_EQ(a.response().status, 200);
  EXPECT_EQ(b.response().status, 200);
  EXPECT_EQ(sizes, std::vector<std::size_t>{2});
}

}  // namespace
}  // namespace rap::io
