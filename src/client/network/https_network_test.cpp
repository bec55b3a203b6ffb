// The client's HTTPS against real servers: every trouble has its name, and nothing is unbounded.
#include "client/network/https_network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "client/network/test_closing_server.hpp"
#include "client/network/test_entry.hpp"
#include "io/http/server/test_http.hpp"
#include "io/system/system.hpp"

namespace rap::client {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

wire::HttpResponse answer(const std::string& body) {
  wire::HttpResponse response;
  response.body = body;
  return response;
}

struct HttpsNetworkTest : testing::Test {
  io::HttpServerOptions options(const crypto::TlsIdentity& identity) {
    io::HttpServerOptions options;
    options.tls = crypto::TlsContext::make(crypto::TlsRole::server, identity,
                                           crypto::AcceptAnyone{}, io::wall_now);
    return options;
  }
  crypto::TlsIdentity identity() {
    return platform.worker({.kind = wire::SpiffeId::Kind::control});
  }

  std::expected<wire::HttpResponse, NetworkError> fetch(std::uint16_t port,
                                                        const std::optional<std::string>& roots,
                                                        const std::string& host = "127.0.0.1",
                                                        const std::string& method = "GET") {
    wire::HttpRequest request;
    request.method = method;
    request.path = "/api/v1/me";
    return network.fetch({host, port}, roots, request);
  }
  void expect(NetworkFault fault,
              const std::expected<wire::HttpResponse, NetworkError>& result) const {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, fault) << result.error().detail;
  }

  TestPlatform platform;
  HttpsNetwork network;
};

TEST_F(HttpsNetworkTest, AServerUnderOurRootsAnswers) {
  io::TestServer server(options(identity()),
                        [](const wire::HttpRequest& r) { return answer(r.method + " " + r.path); });
  EXPECT_EQ(fetch(server.port(), platform.roots_pem()).value().body, "GET /api/v1/me");
}

std::uint64_t handshakes_of(io::TestServer& server) {
  std::uint64_t count = 0;
  server.on_loop([&](io::HttpServer& s) { count = s.handshakes().completed; });
  return count;
}

TEST_F(HttpsNetworkTest, ACallThatFollowsGoesOverTheConnectionOfTheOneBefore) {
  io::TestServer server(options(identity()), [](const wire::HttpRequest&) { return answer("x"); });
  const auto handshakes_after = [&](const std::string& method) {
    EXPECT_TRUE(fetch(server.port(), platform.roots_pem(), "127.0.0.1", method));
    return handshakes_of(server);
  };
  EXPECT_EQ(handshakes_after("POST"), 1U);
  EXPECT_EQ(handshakes_after("DELETE"), 1U);
  EXPECT_EQ(handshakes_after("GET"), 1U);
  EXPECT_EQ(handshakes_after("POST"), 2U) << "it must not be made twice when a connection is gone";
  network.deny(std::make_shared<const crypto::DenyList>(crypto::DenyList::make({}).value()));
  EXPECT_EQ(handshakes_after("GET"), 3U) << "the server is judged by the newer list";
}

TEST_F(HttpsNetworkTest, WhatFollowsIsAskedAnewWhenTheConnectionIsGone) {
  auto brief = options(identity());
  brief.idle_timeout = milliseconds{1'000};  // long enough for a request after the handshake
  io::TestServer server(brief, [](const wire::HttpRequest& r) { return answer(r.method); });
  ASSERT_TRUE(fetch(server.port(), platform.roots_pem()));
  bool gone = false;
  while (!gone) {
    server.on_loop([&](io::HttpServer& s) { gone = s.connections().held == 0; });
  }
  EXPECT_EQ(fetch(server.port(), platform.roots_pem(), "127.0.0.1", "DELETE").value().body,
            "DELETE");
}

TEST_F(HttpsNetworkTest, WithoutRootsNobodyIsVerified) {
  io::TestServer server(options(TestPlatform().worker()),
                        [](const wire::HttpRequest&) { return answer("a stranger"); });
  EXPECT_EQ(fetch(server.port(), std::nullopt).value().body, "a stranger");
}

TEST_F(HttpsNetworkTest, AServerThatDoesNotProveItselfIsUntrusted) {
  io::TestServer server(options(identity()), [](const wire::HttpRequest&) { return answer(""); });
  expect(NetworkFault::untrusted, fetch(server.port(), TestPlatform().roots_pem()));
  expect(NetworkFault::untrusted, fetch(server.port(), "roots that do not parse"));
  const auto other_name = fetch(server.port(), platform.roots_pem(), "localhost");
  expect(NetworkFault::untrusted, other_name);
  EXPECT_THAT(other_name.error().detail, HasSubstr("localhost"));
  io::TestServer plain({}, [](const wire::HttpRequest&) { return answer(""); });
  const auto no_tls = fetch(plain.port(), platform.roots_pem());
  expect(NetworkFault::untrusted, no_tls);
  EXPECT_EQ(no_tls.error().certificate, std::nullopt);
}

std::shared_ptr<const DeviceKey> device_of(const TestPlatform& platform) {
  return std::make_shared<const DeviceKey>(crypto::PrivateKey::generate(crypto::KeyType::ed25519),
                                           platform.cluster);
}

TEST_F(HttpsNetworkTest, ADeviceIsProvenOnceMoreWhereTheServerGivesANonce) {
  NonceGiver giver{platform.cluster};
  io::TestServer server(options(identity()),
                        [&](const wire::HttpRequest& r) { return giver.answer(r); });
  network.identify(device_of(platform));
  EXPECT_EQ(fetch(server.port(), platform.roots_pem()).value().body, "proven");
  EXPECT_EQ(giver.nonces, (std::vector<std::string>{"", "n"}));
}

TEST_F(HttpsNetworkTest, ARequestThatIsMadeAgainHasAnotherProof) {
  for (const std::string method : {"GET", "DELETE"}) {
    ClosingServer server(platform);
    network.identify(device_of(platform));
    ASSERT_TRUE(fetch(server.port(), platform.roots_pem()));
    EXPECT_TRUE(fetch(server.port(), platform.roots_pem(), "127.0.0.1", method)) << method;
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 3U) << method;
    EXPECT_EQ(requests[1].first, method);
    EXPECT_EQ(requests[2].first, method);
    std::set<std::string> proofs;
    for (const auto& [_, proof] : requests) proofs.insert(proof);
    EXPECT_EQ(proofs.size(), 3U) << method;
  }
}

TEST_F(HttpsNetworkTest, WhatTheFirstTryRemovedIsRemoved) {
  ClosingServer server(platform);
  server.has_nothing_to("DELETE");
  ASSERT_TRUE(fetch(server.port(), platform.roots_pem()));
  EXPECT_EQ(fetch(server.port(), platform.roots_pem(), "127.0.0.1", "DELETE").value().status, 204);
  ASSERT_TRUE(fetch(server.port(), platform.roots_pem(), "127.0.0.1", "POST"));
  EXPECT_EQ(server.requests().size(), 4U) << "what may not be made twice is made once";
}

TEST_F(HttpsNetworkTest, WhatIsNotThereIsSaidToBeMissing) {
  ClosingServer server(platform);
  server.has_nothing_to("DELETE");
  EXPECT_EQ(fetch(server.port(), platform.roots_pem(), "127.0.0.1", "DELETE").value().status, 404);
}

TEST_F(HttpsNetworkTest, AServerThatAlwaysWantsAnotherProofIsNotAskedForEver) {
  int asked = 0;
  io::TestServer server(options(identity()), [&](const wire::HttpRequest&) {
    ++asked;
    wire::HttpResponse refusal = answer(R"({"code":"device_proof_stale","nonce":"n"})");
    refusal.status = 401;
    return refusal;
  });
  network.identify(device_of(platform));
  EXPECT_EQ(fetch(server.port(), platform.roots_pem()).value().status, 401);
  EXPECT_LE(asked, 4);
}

TEST_F(HttpsNetworkTest, WhoeverIsNotVerifiedIsShownNoProof) {
  std::size_t proofs = 0;
  io::TestServer server(options(identity()), [&](const wire::HttpRequest& r) {
    proofs += r.count("device-proof");
    return answer("");
  });
  network.identify(device_of(platform));
  EXPECT_TRUE(fetch(server.port(), std::nullopt));
  EXPECT_EQ(proofs, 0U);
}

// A node has a certificate of the same roots, and it speaks for the address that is dialled.
TEST_F(HttpsNetworkTest, ANodeOfThePlatformIsNotItsControlPlaneAndHearsNothing) {
  for (const auto kind : {wire::SpiffeId::Kind::node, wire::SpiffeId::Kind::worker}) {
    bool heard = false;
    io::TestServer server(options(platform.worker({.kind = kind})),
                          [&](const wire::HttpRequest&) { return heard = true, answer(""); });
    const auto result = fetch(server.port(), platform.roots_pem());
    expect(NetworkFault::untrusted, result);
    EXPECT_EQ(result.error().certificate, crypto::CertificateFault::wrong_kind);
    EXPECT_FALSE(heard);
  }
}

TEST_F(HttpsNetworkTest, AControlPlaneThatOwesItsStapleIsUntrusted) {
  io::TestServer server(
      options(platform.worker({.kind = wire::SpiffeId::Kind::control, .stapled = false})),
      [](const wire::HttpRequest&) { return answer(""); });
  const auto result = fetch(server.port(), platform.roots_pem());
  expect(NetworkFault::untrusted, result);
  EXPECT_EQ(result.error().certificate, crypto::CertificateFault::bad_status);
}

TEST_F(HttpsNetworkTest, ThePortForNodesSaysThatItWantsACertificate) {
  auto nodes = options(identity());
  nodes.tls = crypto::TlsContext::make(
      crypto::TlsRole::server, identity(),
      crypto::AcceptMember{
          {platform.root.certificate}, platform.cluster, wire::SpiffeId::Kind::node, {}},
      io::wall_now);
  io::TestServer server(nodes, [](const wire::HttpRequest&) { return answer(""); });
  for (const auto& roots : {std::optional(platform.roots_pem()), std::optional<std::string>()}) {
    const auto result = fetch(server.port(), roots);
    expect(NetworkFault::untrusted, result);
    EXPECT_EQ(result.error().certificate, crypto::CertificateFault::no_certificate);
  }
}

TEST_F(HttpsNetworkTest, AServerOnTheDenyListIsUntrusted) {
  const auto self = identity();
  io::TestServer server(options(self), [](const wire::HttpRequest&) { return answer(""); });
  EXPECT_TRUE(fetch(server.port(), platform.roots_pem()));
  const crypto::Certificate& leaf = self.chain.front();
  network.deny(std::make_shared<const crypto::DenyList>(
      crypto::DenyList::make({crypto::DenyEntry{.kind = crypto::DenyEntry::Kind::certificate,
                                                .issuer = leaf.issuer_hash(),
                                                .serial = leaf.serial_hex()}})
          .value()));
  expect(NetworkFault::untrusted, fetch(server.port(), platform.roots_pem()));
}

TEST_F(HttpsNetworkTest, WhereNobodyListensIsUnreachable) {
  std::uint16_t port = 0;
  {
    io::TestServer server({}, [](const wire::HttpRequest&) { return answer(""); });
    port = server.port();
  }
  expect(NetworkFault::unreachable, fetch(port, platform.roots_pem()));
}

TEST_F(HttpsNetworkTest, AnAnswerMayBeAsLargeAsIsAllowedAndNotLarger) {
  std::size_t size = kMaxResponseBytes;
  io::TestServer server(options(identity()),
                        [&](const wire::HttpRequest&) { return answer(std::string(size, 'x')); });
  const auto largest = fetch(server.port(), platform.roots_pem());
  ASSERT_TRUE(largest) << largest.error().detail;
  EXPECT_EQ(largest->body.size(), kMaxResponseBytes);
  size = kMaxResponseBytes + 1;
  expect(NetworkFault::broken, fetch(server.port(), platform.roots_pem()));
}

TEST_F(HttpsNetworkTest, AServerThatDoesNotAnswerIsATimeout) {
  std::promise<void> over;
  auto released = over.get_future().share();
  io::TestServer server(options(identity()), [released](const wire::HttpRequest&) {
    released.wait();
    return answer("");
  });
  network = HttpsNetwork(milliseconds{50});
  expect(NetworkFault::timeout, fetch(server.port(), platform.roots_pem()));
  over.set_value();
}

// The kinds of trouble that a well-behaved server does not make.
TEST(NetworkErrors, HaveTheirMeaningAndKeepTheirDetail) {
  using Kind = io::HttpError::Kind;
  const std::pair<Kind, NetworkFault> table[] = {{Kind::unreachable, NetworkFault::unreachable},
                                                 {Kind::tls, NetworkFault::untrusted},
                                                 {Kind::timeout, NetworkFault::timeout},
                                                 {Kind::closed, NetworkFault::unreachable},
                                                 {Kind::protocol, NetworkFault::broken}};
  for (const auto& [kind, fault] : table) {
    const NetworkError error = to_network_error({kind, "why"}, {"127.0.0.1", 443});
    EXPECT_EQ(error.fault, fault) << to_string(kind);
    EXPECT_EQ(error.detail, "why");
  }
}

}  // namespace
}  // namespace rap::client
