// Several requests to the control plane at once, over real TLS.
#include "client/network/api_connections.hpp"

#include <gtest/gtest.h>

#include <condition_variable>

#include "client/core/deny_list_store.hpp"
#include "client/network/test_closing_server.hpp"
#include "client/network/test_entry.hpp"
#include "client/testing/doubles.hpp"
#include "io/http/server/test_http.hpp"
#include "io/loop/test_loop.hpp"
#include "io/system/system.hpp"

namespace rap::client {
namespace {

// A control plane that answers nobody until so many have asked.
class Patient {
 public:
  explicit Patient(const TestPlatform& platform, std::size_t answers_from)
      : answers_from_(answers_from),
        server_(options(platform), [this](const auto& r) { return answer(r); }) {}

  std::uint16_t port() const { return server_.port(); }
  std::uint64_t most_connections() {
    std::uint64_t most = 0;
    server_.on_loop([&](io::HttpServer& server) { most = server.connections().most_held; });
    return most;
  }
  std::uint64_t handshakes() {
    std::uint64_t done = 0;
    server_.on_loop([&](io::HttpServer& server) { done = server.handshakes().completed; });
    return done;
  }
  void wait_for(std::size_t asked) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(came_.wait_for(lock, io::kPatience, [&] { return asked_ >= asked; }));
  }
  void answer_all() {
    std::lock_guard lock(mutex_);
    answers_from_ = 0;
    came_.notify_all();
  }

 private:
  static io::HttpServerOptions options(const TestPlatform& platform) {
    return {.tls = crypto::TlsContext::make(
                crypto::TlsRole::server, platform.worker({.kind = wire::SpiffeId::Kind::control}),
                crypto::AcceptAnyone{}, io::wall_now),
            .executors = {{.threads = 2 * kMaxApiConnections}}};
  }
  wire::HttpResponse answer(const wire::HttpRequest& request) {
    std::unique_lock lock(mutex_);
    ++asked_;
    came_.notify_all();
    EXPECT_TRUE(came_.wait_for(lock, io::kPatience, [this] { return asked_ >= answers_from_; }));
    wire::HttpResponse response;
    response.body = request.path;
    return response;
  }

  std::mutex mutex_;
  std::condition_variable came_;
  std::size_t asked_ = 0;
  std::size_t answers_from_;
  io::TestServer server_;
};

class ApiConnectionsTest : public testing::Test {
 protected:
  Account account(std::uint16_t port) { return platform.account(deny_lists, port); }
  void ask(const Account& who, const std::string& path) { ask(connections, who, path); }
  void ask(ApiConnections& by, const Account& who, const std::string& path) {
    wire::HttpRequest request;
    request.method = "GET";
    request.path = path;
    ++waiting;
    by.send(who, request, [this](io::HttpClient::Result result) {
      answers.push_back(result ? result->body : result.error().detail);
      if (--waiting == 0) loop.stop();
    });
  }

  TestPlatform platform;
  TestHome home;
  DenyListStore deny_lists{home};
  io::EventLoop loop;
  ApiConnections connections{loop, io::kPatience};
  std::size_t waiting = 0;
  std::vector<std::string> answers;
};

TEST_F(ApiConnectionsTest, ARequestDoesNotWaitForTheAnswerToAnother) {
  Patient server(platform, 2);
  const Account who = account(server.port());
  ask(who, "/one");
  ask(who, "/two");
  loop.run();
  EXPECT_EQ(std::ranges::count(answers, "/one"), 1);
  EXPECT_EQ(std::ranges::count(answers, "/two"), 1);
  EXPECT_EQ(server.most_connections(), 2U);
}

TEST_F(ApiConnectionsTest, AnIdleConnectionIsUsedAgain) {
  Patient server(platform, 0);
  const Account who = account(server.port());
  for (const char* path : {"/one", "/two", "/three"}) {
    ask(who, path);
    loop.run();
  }
  EXPECT_EQ(answers, (std::vector<std::string>{"/one", "/two", "/three"}));
  EXPECT_EQ(server.handshakes(), 1U);
}

TEST_F(ApiConnectionsTest, AConnectionThatWasIdleForLongIsNotTrusted) {
  Patient server(platform, 0);
  const Account who = account(server.port());
  ApiConnections wary(loop, std::chrono::milliseconds{-1});
  for (const char* path : {"/one", "/two", "/three"}) {
    ask(wary, who, path);
    loop.run();
  }
  EXPECT_EQ(answers, (std::vector<std::string>{"/one", "/two", "/three"}));
  EXPECT_EQ(server.handshakes(), 3U);
}

TEST_F(ApiConnectionsTest, AreNoMoreThanTheBoundAndEachRequestIsAnsweredAllTheSame) {
  Patient server(platform, kMaxApiConnections);
  const Account who = account(server.port());
  for (std::size_t i = 0; i < 2 * kMaxApiConnections + 1; ++i) ask(who, "/" + std::to_string(i));
  loop.run();
  for (std::size_t i = 0; i < 2 * kMaxApiConnections + 1; ++i) {
    EXPECT_EQ(std::ranges::count(answers, "/" + std::to_string(i)), 1) << i;
  }
  EXPECT_EQ(server.most_connections(), kMaxApiConnections);
}

TEST_F(ApiConnectionsTest, OfAnotherServerAreNewAndTheOldOnesGetTheirAnswers) {
  Patient former(platform, SIZE_MAX);
  Patient present(platform, 0);
  ask(account(former.port()), "/former");
  io::Timer timer(loop);
  timer.after(std::chrono::milliseconds{0}, [&] { loop.stop(); });
  loop.run();
  ask(account(present.port()), "/present");
  std::jthread helper([&] {
    former.wait_for(1);
    former.answer_all();
  });
  loop.run();
  helper.join();
  EXPECT_EQ(std::ranges::count(answers, "/former"), 1);
  EXPECT_EQ(std::ranges::count(answers, "/present"), 1);
}

TEST_F(ApiConnectionsTest, OfOtherRootsAreNew) {
  Patient server(platform, 0);
  Account who = account(server.port());
  ask(who, "/trusted");
  loop.run();
  who.roots_pem = TestPlatform().roots_pem();
  ask(who, "/untrusted");
  loop.run();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0], "/trusted");
  EXPECT_NE(answers[1], "/untrusted") << "the connection from before is not believed any more";
}

TEST_F(ApiConnectionsTest, ProveTheDeviceOnceMoreWhereTheServerGivesANonce) {
  NonceGiver giver{platform.cluster};
  io::HttpServerOptions options;
  options.tls = crypto::TlsContext::make(crypto::TlsRole::server,
                                         platform.worker({.kind = wire::SpiffeId::Kind::control}),
                                         crypto::AcceptAnyone{}, io::wall_now);
  io::TestServer server(options, [&](const wire::HttpRequest& r) { return giver.answer(r); });
  Account who = account(server.port());
  who.device = std::make_shared<const DeviceKey>(
      crypto::PrivateKey::generate(crypto::KeyType::ed25519), platform.cluster);
  ask(who, "/api/v1/me");
  loop.run();
  EXPECT_EQ(answers, std::vector<std::string>{"proven"});
  EXPECT_EQ(giver.nonces, (std::vector<std::string>{"", "n"}));
}

TEST_F(ApiConnectionsTest, ProveTheDeviceAnewWhereTheConnectionOfARequestCloses) {
  ClosingServer server(platform);
  Account who = account(server.port());
  who.device = std::make_shared<const DeviceKey>(
      crypto::PrivateKey::generate(crypto::KeyType::ed25519), platform.cluster);
  for (const char* path : {"/one", "/two"}) {
    ask(who, path);
    loop.run();
  }
  EXPECT_EQ(answers, (std::vector<std::string>{"{}", "{}"}));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_NE(requests[1].second, requests[2].second);
}

}  // namespace
}  // namespace rap::client
