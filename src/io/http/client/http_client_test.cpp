#include "io/http/client/http_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "io/http/server/test_http.hpp"

namespace rap::io {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = HttpError::Kind;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

wire::HttpRequest request(std::string method, std::string path, std::string body = {}) {
  wire::HttpRequest r;
  r.method = std::move(method);
  r.path = std::move(path);
  r.body = std::move(body);
  return r;
}

// A server that does what a script says, with blocking calls on a thread of its own.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::function<void(ScriptedServer&)> script)
      : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, script = std::move(script)] { script(*this); });
  }
  ~ScriptedServer() { thread_.join(); }

  RawConnection accept() {
    return RawConnection(Descriptor(::accept(listener_.get(), nullptr, nullptr)));
  }
  HttpClientOptions options() const {
    HttpClientOptions o;
    o.host = "127.0.0.1";
    o.port = port_;
    return o;
  }

 private:
  Descriptor listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// What the client makes of a server that sends `response` and closes.
HttpClient::Result fetch_answer(const std::string& response,
                                std::size_t max_response_bytes = 1024) {
  ScriptedServer server([&](ScriptedServer& s) {
    RawConnection c = s.accept();
    c.request_head();
    c.send(response);
  });
  HttpClientOptions options = server.options();
  options.max_response_bytes = max_response_bytes;
  return http_fetch(options, request("GET", "/"));
}

std::optional<Kind> failure(const HttpClient::Result& result) {
  if (result) return std::nullopt;
  EXPECT_NE(result.error().detail, "");
  return result.error().kind;
}

TEST(HttpClient, SendsRequestsInOrderOverOneConnection) {
  std::vector<std::string> heads;
  ScriptedServer server([&](ScriptedServer& s) {
    RawConnection c = s.accept();
    for (int i = 0; i < 3; ++i) {
      heads.push_back(c.request_head());
      c.send("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n" + std::to_string(i));
    }
  });
  EventLoop loop;
  HttpClient client(loop, server.options());
  std::string answers;
  for (const char* path : {"/a", "/b", "/c"}) {
    client.send(request("GET", path), [&](HttpClient::Result r) {
      answers += r ? r->body : r.error().detail;
      if (answers.size() >= 3) loop.stop();
    });
  }
  loop.run();
  EXPECT_EQ(answers, "012");
  EXPECT_THAT(heads, ElementsAre(HasSubstr("GET /a "), HasSubstr("GET /b "), HasSubstr("GET /c ")));
  EXPECT_THAT(heads[0],
              HasSubstr("host: 127.0.0.1:" + std::to_string(server.options().port) + "\r\n"));
}

TEST(HttpClient, OpensANewConnectionAfterTheServerClosedTheOldOne) {
  ScriptedServer server([&](ScriptedServer& s) {
    for (int i = 0; i < 2; ++i) {
      RawConnection c = s.accept();
      c.request_head();
      c.send("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok");
    }
  });
  EventLoop loop;
  HttpClient client(loop, server.options());
  int answers = 0;
  auto count = [&](const HttpClient::Result& r) {
    EXPECT_TRUE(r);
    if (++answers == 2) loop.stop();
  };
  client.send(request("POST", "/"), [&](const HttpClient::Result& r) {
    count(r);
    client.send(request("POST", "/"), count);
  });
  loop.run();
  EXPECT_EQ(answers, 2);
}

// The server answers once, takes a second request on the same connection and closes without an
// answer; a third request, on a new connection, would be answered.
HttpClient::Result second_result(const std::string& method, int& connections) {
  ScriptedServer server([&](ScriptedServer& s) {
    {
      RawConnection first = s.accept();
      first.request_head();
      first.send(kOk);
      first.request_head();
      connections = 1;
    }
    if (method != "GET") return;
    RawConnection second = s.accept();
    connections = 2;
    second.request_head();
    second.send(kOk);
  });
  EventLoop loop;
  HttpClient client(loop, server.options());
  std::optional<HttpClient::Result> second;
  client.send(request("GET", "/"), [&](const HttpClient::Result& first) {
    EXPECT_TRUE(first);
    client.send(request(method, "/"), [&](HttpClient::Result r) {
      second = std::move(r);
      loop.stop();
    });
  });
  loop.run();
  return *second;
}

TEST(HttpClient, RetriesAGetThatFailsOnAReusedConnection) {
  int connections = 0;
  EXPECT_TRUE(second_result("GET", connections));
  EXPECT_EQ(connections, 2);
}

TEST(HttpClient, DoesNotRetryAPostThatMayHaveBeenDone) {
  int connections = 0;
  EXPECT_EQ(failure(second_result("POST", connections)), Kind::closed);
  EXPECT_EQ(connections, 1);
}

TEST(HttpClient, RetriesOnlyOnce) {
  ScriptedServer server([&](ScriptedServer& s) {
    RawConnection first = s.accept();
    first.request_head();
    first.send(kOk);
    first.request_head();
    first.close();
    s.accept().request_head();
  });
  EventLoop loop;
  HttpClient client(loop, server.options());
  client.send(request("GET", "/"), [&](const HttpClient::Result&) {
    client.send(request("GET", "/"), [&](const HttpClient::Result& r) {
      EXPECT_EQ(failure(r), Kind::closed);
      loop.stop();
    });
  });
  loop.run();
}

TEST(HttpClient, DoesNotRetryOnAFreshConnection) {
  EXPECT_EQ(failure(fetch_answer("")), Kind::closed);
}

TEST(HttpClient, AnAnswerNobodyAskedForEndsTheConnection) {
  ScriptedServer server([&](ScriptedServer& s) {
    RawConnection first = s.accept();
    first.request_head();
    first.send(std::string(kOk) + "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
    RawConnection second = s.accept();
    second.request_head();
    second.send(kOk);
  });
  EventLoop loop;
  HttpClient client(loop, server.options());
  client.send(request("GET", "/"), [&](const HttpClient::Result&) {
    client.send(request("POST", "/"), [&](const HttpClient::Result& r) {
      EXPECT_EQ(r.value().body, "ok");
      loop.stop();
    });
  });
  loop.run();
}

TEST(HttpClient, NamesWhatWentWrong) {
  EXPECT_EQ(failure(fetch_answer("not http\r\n\r\n")), Kind::protocol);
  EXPECT_EQ(failure(fetch_answer("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort")),
            Kind::closed);
  EXPECT_EQ(failure(fetch_answer("HTTP/1.1 200 OK\r\n")), Kind::closed);
  EXPECT_EQ(failure(http_fetch({.host = "127.0.0.1", .port = 1}, request("GET", "/"))),
            Kind::unreachable);
  EXPECT_EQ(failure(http_fetch({.host = "127.0.0.1", .port = 1}, request("GET", "no slash"))),
            Kind::protocol);
}

TEST(HttpClient, AllowsTheResponseLimitAndRefusesOneByteMore) {
  auto answer = [](std::size_t size) {
    return "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(size) + "\r\n\r\n" +
           std::string(size, 'x');
  };
  EXPECT_EQ(fetch_answer(answer(1024), 1024).value().body.size(), 1024U);
  EXPECT_EQ(failure(fetch_answer(answer(1025), 1024)), Kind::protocol);
}

TEST(HttpClient, ReadsABodyThatEndsWithTheConnection) {
  EXPECT_EQ(fetch_answer("HTTP/1.0 200 OK\r\n\r\nall of it").value().body, "all of it");
}

TEST(HttpClient, GivesUpOnAServerThatDoesNotAnswer) {
  ScriptedServer server([&](ScriptedServer& s) {
    RawConnection c = s.accept();
    c.request_head();
    c.send("HTTP/1.1 200 OK\r\n");
    EXPECT_TRUE(c.closed());  // only the client ends this
  });
  HttpClientOptions options = server.options();
  options.response_timeout = milliseconds{30};
  EXPECT_EQ(failure(http_fetch(options, request("GET", "/"))), Kind::timeout);
}

TEST(HttpClient, GoesOnWithTheNextRequestAfterAFailure) {
  ScriptedServer server([&](ScriptedServer& s) {
    s.accept().request_head();
    RawConnection second = s.accept();
    second.request_head();
    second.send(kOk);
  });
  EventLoop loop;
  HttpClient client(loop, server.options());
  bool first_failed = false;
  client.send(request("GET", "/"), [&](const HttpClient::Result& r) { first_failed = !r; });
  client.send(request("GET", "/"), [&](const HttpClient::Result& r) {
    EXPECT_TRUE(r);
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(first_failed);
}

TEST(HttpClient, MayBeDestroyedByItsOwnCallback) {
  for (const std::string& answer :
       {std::string(kOk), std::string("garbage\r\n\r\n"), std::string()}) {
    ScriptedServer server([&](ScriptedServer& s) {
      RawConnection c = s.accept();
      c.request_head();
      c.send(answer);
    });
    EventLoop loop;
    auto client = std::make_unique<HttpClient>(loop, server.options());
    bool dropped = true;
    client->send(request("GET", "/"), [&](const HttpClient::Result&) {
      client.reset();
      loop.stop();
    });
    client->send(request("GET", "/"), [&](const HttpClient::Result&) { dropped = false; });
    loop.run();
    EXPECT_TRUE(dropped);
  }
}

}  // namespace
}  // namespace rap::io
