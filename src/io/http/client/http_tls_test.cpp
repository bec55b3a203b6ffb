// The HTTP server and client over TLS: who is believed, and what is said when nobody is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <latch>

#include "crypto/testing/pki.hpp"
#include "io/http/client/http_client.hpp"
#include "io/http/server/test_http.hpp"

namespace rap::io {
namespace {

using crypto::TestMember;
using crypto::TestPki;
using crypto::TlsContext;
using crypto::TlsIdentity;
using crypto::TlsPolicy;
using crypto::TlsRole;
using std::chrono::milliseconds;
using testing::AnyOf;
using testing::HasSubstr;
using Kind = HttpError::Kind;

using ContextPtr = std::shared_ptr<const TlsContext>;

ContextPtr context(TlsRole role, const TestMember* self, TlsPolicy policy,
                   WallTime now = TestPki::now) {
  std::optional<TlsIdentity> identity;
  if (self != nullptr) identity = TlsIdentity{self->chain, self->key};
  return TlsContext::make(role, std::move(identity), std::move(policy), [now] { return now; });
}

// Answers with what it knows of the peer.
wire::HttpResponse who(const wire::HttpRequest& request) {
  wire::HttpResponse response;
  response.body =
      request.peer ? request.peer->str() + " " + request.peer_certificate_serial : "anonymous";
  return response;
}

struct HttpTls : testing::Test {
  TestPki pki{1};
  TestPki other_pki{2};
  TestMember control = pki.member(wire::SpiffeId::Kind::control);
  TestMember node = pki.member();

  HttpServerOptions server_options(const TestMember& self, TlsPolicy policy) {
    HttpServerOptions options;
    options.tls = context(TlsRole::server, &self, std::move(policy));
    return options;
  }
  HttpServerOptions public_server() { return server_options(control, crypto::AcceptAnyone{}); }
  HttpServerOptions member_server() {
    return server_options(control, crypto::AcceptMember{.roots = pki.roots(),
                                                        .cluster = pki.cluster,
                                                        .kind = wire::SpiffeId::Kind::node,
                                                        .host = std::nullopt});
  }
  HttpClient::Result fetch(const TestServer& server, ContextPtr tls,
                           std::vector<crypto::Certificate>* chain = nullptr) {
    wire::HttpRequest request;
    request.method = "GET";
    request.path = "/";
    return http_fetch({.host = "127.0.0.1", .port = server.port(), .tls = std::move(tls)}, request,
                      chain);
  }
  ContextPtr client_of(const TestPki& trusted, const std::string& host = "127.0.0.1",
                       WallTime now = TestPki::now) {
    return context(TlsRole::client, nullptr,
                   crypto::AcceptMember{.roots = trusted.roots(),
                                        .cluster = trusted.cluster,
                                        .kind = wire::SpiffeId::Kind::control,
                                        .host = host},
                   now);
  }
  ContextPtr member_client(const TestMember* self) {
    return context(TlsRole::client, self,
                   crypto::AcceptMember{.roots = pki.roots(),
                                        .cluster = pki.cluster,
                                        .kind = wire::SpiffeId::Kind::control,
                                        .host = std::nullopt});
  }
};

TEST_F(HttpTls, AServerUnderOurRootIsBelievedAndItsChainShown) {
  TestServer server(public_server(), who);
  std::vector<crypto::Certificate> chain;
  const auto result = fetch(server, client_of(pki), &chain);
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_EQ(result->body, "anonymous");
  ASSERT_EQ(chain.size(), 2U);
  EXPECT_EQ(chain[0].fingerprint(), control.leaf.fingerprint());
}

TEST_F(HttpTls, AWrongRootIsNamedAsTheFault) {
  TestServer server(public_server(), who);
  const auto result = fetch(server, client_of(other_pki));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::tls);
  EXPECT_THAT(result.error().detail, HasSubstr("certificate"));
}

TEST_F(HttpTls, AWrongNameIsNamedAsTheFault) {
  TestServer server(public_server(), who);
  const auto result = fetch(server, client_of(pki, "other.example"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::tls);
  EXPECT_THAT(result.error().detail, HasSubstr("does not speak for other.example"));
}

TEST_F(HttpTls, AnExpiredCertificateIsNamedAsTheFault) {
  TestServer server(public_server(), who);
  const auto result = fetch(server, client_of(pki, "127.0.0.1", TestPki::now + 2 * TestPki::day));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::tls);
  EXPECT_THAT(result.error().detail, HasSubstr("expired"));
}

TEST_F(HttpTls, AServerThatSpeaksNoTlsIsATlsError) {
  TestServer server({}, who);
  const auto result = fetch(server, client_of(pki));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::tls);
}

TEST_F(HttpTls, TheHandlerKnowsTheProvenMember) {
  TestServer server(member_server(), who);
  const auto result = fetch(server, member_client(&node));
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_EQ(result->body,
            wire::SpiffeId::of_node(pki.cluster, node.node).str() + " " + node.leaf.serial_hex());
}

TEST_F(HttpTls, AClientThatIsNoMemberReachesNoHandler) {
  std::atomic<int> handled = 0;
  TestServer server(member_server(), [&](const wire::HttpRequest& request) {
    ++handled;
    return who(request);
  });
  TestMember stranger = other_pki.member();
  TestMember wrong_kind = pki.member(wire::SpiffeId::Kind::control);
  TestMember* nobody = nullptr;
  for (const TestMember* self : {nobody, &stranger, &wrong_kind}) {
    const auto result = fetch(server, member_client(self));
    ASSERT_FALSE(result);
    // TLS 1.3 tells the client after its own handshake ended; the alert may lose against the reset.
    EXPECT_THAT(result.error().kind, AnyOf(Kind::tls, Kind::closed)) << result.error().detail;
  }
  EXPECT_EQ(handled, 0);
  EXPECT_THAT(server.log().lines(), testing::Each(HasSubstr("http.tls_refused")));
}

TEST_F(HttpTls, APeerWithTooManyConnectionsLosesItsOldestAndNobodyElseDoes) {
  auto options = member_server();
  options.max_connections_per_peer = 2;
  std::latch ended(1);
  EventLoop loop;
  TestServer server(options, [&](const wire::HttpRequest& request) {
    if (request.path == "/held") {
      loop.stop();
      ended.wait();
    }
    return who(request);
  });
  const TestMember other = pki.member();
  const std::array<const TestMember*, 4> members = {&other, &node, &node, &node};
  std::array<std::unique_ptr<HttpClient>, 4> clients;
  std::array<std::optional<bool>, 4> answered;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients[i] = std::make_unique<HttpClient>(
        loop, HttpClientOptions{
                  .host = "127.0.0.1", .port = server.port(), .tls = member_client(members[i])});
    wire::HttpRequest request;
    request.method = "POST";  // never sent a second time
    request.path = i < 2 ? "/held" : "/";
    clients[i]->send(request, [&, i](const HttpClient::Result& result) {
      answered[i] = result.has_value();
      loop.stop();
    });
    loop.run();  // each after the other: until it is held, or answered
  }
  while (!answered[1] || !answered[3]) loop.run();
  EXPECT_EQ(answered[1], false) << "the oldest of the node that has three";
  EXPECT_EQ(answered[2], true);
  EXPECT_EQ(answered[3], true);
  ended.count_down();
  loop.run();
  EXPECT_EQ(answered[0], true) << "the other node's";
}

TEST_F(HttpTls, ARenewedCertificateIsForNewConnections) {
  TestServer server(public_server(), who);
  EventLoop loop;
  HttpClient client(loop, {.host = "127.0.0.1", .port = server.port(), .tls = client_of(pki)});
  wire::HttpRequest request;
  request.method = "GET";
  request.path = "/";
  auto get_leaf = [&] {
    client.send(request, [&](const HttpClient::Result& r) {
      EXPECT_TRUE(r);
      loop.stop();
    });
    loop.run();
    return client.peer_chain().at(0).fingerprint();
  };
  EXPECT_EQ(get_leaf(), control.leaf.fingerprint());
  const TestMember renewed = pki.member(wire::SpiffeId::Kind::control);
  server.on_loop([&](HttpServer& s) {
    s.set_tls(context(TlsRole::server, &renewed, crypto::AcceptAnyone{}));
  });
  EXPECT_EQ(get_leaf(), control.leaf.fingerprint());  // the connection it has
  std::vector<crypto::Certificate> chain;
  ASSERT_TRUE(fetch(server, client_of(pki), &chain));
  EXPECT_EQ(chain[0].fingerprint(), renewed.leaf.fingerprint());
}

TEST_F(HttpTls, AHandshakeThatTakesTooLongIsCut) {
  HttpServerOptions options = public_server();
  options.handshake_timeout = milliseconds{30};
  TestServer server(options, who);
  RawConnection silent(server.port());
  EXPECT_TRUE(silent.closed());
}

TEST_F(HttpTls, CarriesLargeBodiesBothWays) {
  HttpServerOptions options = public_server();
  options.max_body_bytes = 4 * 1024 * 1024;
  TestServer server(options, [](const wire::HttpRequest& request) {
    wire::HttpResponse response;
    response.body = request.body;
    return response;
  });
  wire::HttpRequest request;
  request.method = "POST";
  request.path = "/";
  request.body = std::string(3'000'000, 'x');
  const auto result =
      http_fetch({.host = "127.0.0.1", .port = server.port(), .tls = client_of(pki)}, request);
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_EQ(result->body, request.body);
}

}  // namespace
}  // namespace rap::io
