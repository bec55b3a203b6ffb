#include "io/http/server/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>

#include <atomic>
#include <latch>
#include <system_error>

#include "io/http/server/http_connection.hpp"
#include "io/http/server/test_http.hpp"

namespace rap::io {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

TEST(HttpServer, KeepsTheConnectionForTheNextRequest) {
  TestServer server({}, echo_request);
  RawConnection c(server.port());
  c.send(get_request("/one?a=b"));
  EXPECT_EQ(c.response().body, "GET /one a=b  from 127.0.0.1");
  c.send("POST /two HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody");
  EXPECT_EQ(c.response().body, "POST /two  body from 127.0.0.1");
}

TEST(HttpServer, AnswersPipelinedRequestsInOrderAndOneAtATime) {
  std::atomic<int> running = 0;
  std::atomic<bool> overlapped = false;
  TestServer server({}, [&](const wire::HttpRequest& request) {
    if (++running > 1) overlapped = true;
    wire::HttpResponse response = echo_request(request);
    --running;
    return response;
  });
  RawConnection c(server.port());
  std::string all;
  for (int i = 0; i < 300; ++i) all += get_request("/" + std::to_string(i));
  c.send(all);
  for (int i = 0; i < 300; ++i) {
    ASSERT_THAT(c.response().body, HasSubstr("GET /" + std::to_string(i) + " "));
  }
  EXPECT_FALSE(overlapped);
}

TEST(HttpServer, AnswersAtOnceWhatNeedsNoThreadThoughAllAreBusy) {
  std::latch go(1);
  HttpServerOptions options{.executors = {{.threads = 1}}};
  options.at_once = [](const wire::HttpRequest& request) -> std::optional<wire::HttpResponse> {
    if (!request.path.starts_with("/now")) return std::nullopt;
    return echo_request(request);
  };
  TestServer server(std::move(options), [&](const wire::HttpRequest& request) {
    go.wait();
    return echo_request(request);
  });
  RawConnection waiting(server.port());
  waiting.send(get_request("/later") + get_request("/now/behind"));
  RawConnection c(server.port());
  std::string all;
  for (int i = 0; i < 300; ++i) all += get_request("/now/" + std::to_string(i));
  c.send(all);
  for (int i = 0; i < 300; ++i) {
    ASSERT_THAT(c.response().body, HasSubstr("GET /now/" + std::to_string(i) + " "));
  }
  go.count_down();
  EXPECT_THAT(waiting.response().body, HasSubstr("GET /later "));
  EXPECT_THAT(waiting.response().body, HasSubstr("GET /now/behind ")) << "in their order";
}

TEST(HttpServer, CarriesBodiesLargerThanAnySocketBuffer) {
  TestServer server({.max_body_bytes = 16 * 1024 * 1024}, [](const wire::HttpRequest& request) {
    wire::HttpResponse response;
    response.body = request.body;
    return response;
  });
  RawConnection c(server.port());
  const std::string body(9'000'000, 'x');
  std::jthread reader([&] { EXPECT_EQ(c.response().body, body); });
  c.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9000000\r\n\r\n" + body);
  reader.join();
}

TEST(HttpServer, ClosesWhenThePeerAsksForIt) {
  TestServer server({}, echo_request);
  RawConnection c(server.port());
  c.send("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" + get_request("/ignored"));
  EXPECT_EQ(c.response().header("connection"), "close");
  EXPECT_TRUE(c.closed());
  RawConnection old(server.port());
  old.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.response().status, 200);
  EXPECT_TRUE(old.closed());
}

TEST(HttpServer, LeavesTheBodyOfAHeadResponseOut) {
  TestServer server({}, echo_request);
  RawConnection c(server.port());
  c.send("HEAD / HTTP/1.1\r\nhost: x\r\n\r\n" + get_request("/next"));
  EXPECT_EQ(c.response(true).body, "");
  EXPECT_THAT(c.response().body, HasSubstr("GET /next"));
}

TEST(HttpServer, AnswersExpectationsBeforeTheBody) {
  TestServer server({}, echo_request);
  RawConnection c(server.port());
  c.send("POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
  c.receive();
  EXPECT_EQ(c.received(), "HTTP/1.1 100 Continue\r\n\r\n");
  c.send("hi");
  EXPECT_THAT(c.response().body, HasSubstr("hi"));
}

// What the server answers to `text`, none of which may reach a handler; then it must close.
wire::HttpResponse refusal(const std::string& text) {
  std::atomic<int> handled = 0;
  TestServer server({.max_header_bytes = 200, .max_body_bytes = 10},
                    [&](const wire::HttpRequest& request) {
                      ++handled;
                      return echo_request(request);
                    });
  RawConnection c(server.port());
  c.send(text);
  wire::HttpResponse response = c.response();
  EXPECT_TRUE(c.closed());
  EXPECT_EQ(handled, 0);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.header("connection"), "close");
  return response;
}

TEST(HttpServer, RefusesNonsenseWithAProblem) {
  const auto response = refusal("nonsense\r\n\r\n");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body, R"({"type":"urn:rap:problem:malformed_request",)"
                           R"("title":"The request is not well-formed HTTP/1.1",)"
                           R"("status":400,"code":"malformed_request"})");
}

TEST(HttpServer, RefusesAHeadOverTheLimit) {
  const auto response = refusal("GET /" + std::string(200, 'a') + " HTTP/1.1\r\n");
  EXPECT_EQ(response.status, 431);
  EXPECT_THAT(response.body, HasSubstr("\"code\":\"header_too_large\""));
}

TEST(HttpServer, RefusesABodyOverTheLimitBeforeItIsSent) {
  const auto response = refusal("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 11\r\n\r\n");
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(response.body, HasSubstr("\"code\":\"body_too_large\""));
  EXPECT_EQ(refusal("POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n"
                    "content-length: 11\r\n\r\n")
                .status,
            413);
  EXPECT_EQ(
      refusal("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nb\r\nxx").status,
      413);
}

TEST(HttpServer, AThousandOversizedBodiesDoNotGrowItsMemory) {
  constexpr int kClients = 1000;
  constexpr std::size_t kSentByEach = 64 * 1024;
  constexpr std::size_t kHeldForEach = 8 * 1024;  // sockets, timers, parser: no body
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);

  std::atomic<int> handled = 0;
  TestServer server({.max_body_bytes = 1024}, [&](const wire::HttpRequest& request) {
    ++handled;
    return echo_request(request);
  });
  RawConnection(server.port()).send(get_request("/warm"));
  std::vector<std::unique_ptr<RawConnection>> clients;
  const std::string body(kSentByEach, 'x');
  const std::size_t before = ::mallinfo2().uordblks;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<RawConnection>(server.port()));
    ASSERT_TRUE(clients.back()->connected());
    clients.back()->send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n");
    clients.back()->send(body);
  }
  for (auto& client : clients) {
    ASSERT_TRUE(client->receive());
    ASSERT_THAT(client->received(), HasSubstr("HTTP/1.1 413 "));
  }
  std::size_t after = 0;
  server.on_loop([&](HttpServer&) { after = ::mallinfo2().uordblks; });
  // The clients' copies of the answers are less than that, too.
  EXPECT_LT(after, before + kClients * (kHeldForEach + 1024));
  EXPECT_LE(handled, 1);
}

TEST(HttpServer, CutsARequestThatTakesTooLong) {
  TestServer server({.request_timeout = milliseconds{30}}, echo_request);
  RawConnection c(server.port());
  c.send("GET / HTTP/1.1\r\nhos");
  const auto response = c.response();
  EXPECT_EQ(response.status, 408);
  EXPECT_THAT(response.body, HasSubstr("request_timeout"));
  EXPECT_TRUE(c.closed());
  RawConnection body(server.port());
  body.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhe");
  EXPECT_EQ(body.response().status, 408);
}

TEST(HttpServer, ReadsARequestThatComesInCrumbsNowAndThen) {
  TestServer server({}, echo_request);
  RawConnection crumbs(server.port());
  // It is long enough that there are too many pieces though some were read together.
  const std::string head = get_request("/" + std::string(10 * kPiecesAtOnce, 'a'));
  const auto began = std::chrono::steady_clock::now();
  for (const char c : head) {
    ASSERT_TRUE(crumbs.send({&c, 1}));
    for (int turns = 0; turns < 2; ++turns) server.on_loop([](HttpServer&) {});
  }
  EXPECT_EQ(200, crumbs.response().status);
  EXPECT_GE(std::chrono::steady_clock::now() - began, kPauseBetweenPieces);
  ASSERT_TRUE(crumbs.send(get_request("/")));
  EXPECT_EQ(200, crumbs.response().status) << "what follows in one piece is a request like another";
}

TEST(HttpServer, ClosesAnIdleConnectionInSilence) {
  TestServer server({.idle_timeout = milliseconds{30}}, echo_request);
  RawConnection silent(server.port());
  EXPECT_TRUE(silent.closed());
  const auto used = answered(server.port(), get_request("/"), 200);
  ASSERT_TRUE(used);
  EXPECT_TRUE(used->closed());
}

TEST(HttpServer, CutsAPeerThatDoesNotTakeTheAnswer) {
  constexpr std::size_t kAnswer = 64 * 1024 * 1024;  // more than the kernel buffers for us
  TestServer server({.max_connections = 1, .request_timeout = milliseconds{50}},
                    [](const wire::HttpRequest& request) {
                      wire::HttpResponse response;
                      if (request.path == "/large") response.body = std::string(kAnswer, 'x');
                      return response;
                    });
  RawConnection c(server.port());
  c.send(get_request("/large"));
  // The only place is free again once the first connection was cut.
  for (int status = 0; status != 200;) {
    RawConnection next(server.port());
    next.send(get_request("/"));
    status = next.response().status;
  }
  std::size_t received = 0;
  while (c.receive()) received = c.received().size();
  EXPECT_LT(received, kAnswer);
}

TEST(HttpServer, SurvivesAPeerThatLeavesBeforeItsAnswer) {
  std::latch entered(1);
  std::latch release(1);
  TestServer server({.executors = {{.threads = 1}}}, [&](const wire::HttpRequest& request) {
    if (request.path == "/gone") {
      entered.count_down();
      release.wait();
    }
    return echo_request(request);
  });
  {
    RawConnection gone(server.port());
    gone.send(get_request("/gone"));
    entered.wait();
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(gone.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  release.count_down();
  RawConnection next(server.port());
  next.send(get_request("/"));
  EXPECT_EQ(next.response().status, 200);
}

TEST(HttpServer, MayEndWhileRequestsRunAndWait) {
  std::latch entered(1);
  std::latch release(1);
  auto server = std::make_unique<TestServer>(HttpServerOptions{.executors = {{.threads = 1}}},
                                             [&](const wire::HttpRequest& request) {
                                               entered.count_down();
                                               release.wait();
                                               return echo_request(request);
                                             });
  RawConnection running(server->port());
  RawConnection waiting(server->port());
  running.send(get_request("/"));
  entered.wait();
  waiting.send(get_request("/"));
  std::jthread ending([&] { server.reset(); });
  release.count_down();
  ending.join();
}

TEST(HttpServer, ClosingTheListenerKeepsTheConnections) {
  TestServer server({}, echo_request);
  RawConnection c(server.port());
  c.send(get_request("/"));
  EXPECT_EQ(c.response().status, 200);
  server.on_loop([](HttpServer& s) { s.close_listener(); });
  EXPECT_FALSE(RawConnection(server.port()).connected());
  c.send(get_request("/"));
  EXPECT_EQ(c.response().status, 200);
}

TEST(HttpServer, AnUnwritableAnswerBecomesAnInternalError) {
  TestServer server({}, [](const wire::HttpRequest&) {
    wire::HttpResponse response;
    response.headers = {{"location", "/\r\nevil: 1"}};
    return response;
  });
  RawConnection c(server.port());
  c.send(get_request("/"));
  const auto response = c.response();
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.header("evil"), "");
}

TEST(HttpServer, SaysWhichAddressItCannotBind) {
  TestServer server({}, echo_request);
  EventLoop loop;
  RecordingLog log;
  HttpServerOptions taken;
  taken.port = server.port();
  try {
    HttpServer second(loop, taken, echo_request, log);
    FAIL() << "two servers on one port";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:" + std::to_string(server.port())));
  }
}

}  // namespace
}  // namespace rap::io
