// What strangers can cost before they are proven, over real sockets.
#include "io/listeners/tls_listener.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <list>
#include <numeric>

#include "crypto/testing/pki.hpp"
#include "io/http/server/test_http.hpp"
#include "io/stream/thin_records.hpp"

namespace rap::io {
namespace {

using crypto::CertificateFault;
using crypto::TestMember;
using crypto::TestPki;
using crypto::TlsContext;
using crypto::TlsRole;
using namespace std::chrono_literals;

// A connection from 127.0.0.<host> that says nothing by itself.
Descriptor connect_from(int host, std::uint16_t port) {
  Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in from = loopback(0);
  from.sin_addr.s_addr = htonl(0x7f000000U + static_cast<std::uint32_t>(host));
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from), 0);
  const sockaddr_in to = loopback(port);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  return fd;
}

bool is_reset(const Descriptor& fd) {
  char byte = 0;
  return ::recv(fd.get(), &byte, 1, MSG_DONTWAIT) < 0 && errno == ECONNRESET;
}

struct Peer final : StreamHandler {
  void on_open() override { open = true; }
  std::size_t on_data(MutableBytes data) override {
    received.append(data.begin(), data.end());
    return data.size();
  }
  void on_close(const StreamError& e) override { error = e; }

  std::unique_ptr<Stream> stream;
  bool open = false;
  std::string received;
  std::optional<StreamError> error;
};

struct Listener : testing::Test {
  std::shared_ptr<const TlsContext> context(TlsRole role, const TestMember& self,
                                            std::shared_ptr<const crypto::DenyList> deny = {}) {
    return TlsContext::make(
        role, crypto::TlsIdentity{self.chain, self.key},
        crypto::AcceptMember{pki.roots(), pki.cluster, wire::SpiffeId::Kind::node, {}, deny},
        [] { return TestPki::now; });
  }
  void listen(TlsListenerOptions options = {}) {
    if (!options.tls) options.tls = context(TlsRole::server, server_member);
    listener = std::make_unique<TlsListener>(
        loop, "127.0.0.1", 0, std::move(options),
        [this](std::unique_ptr<Stream> stream) {
          Peer& peer = accepted.emplace_back();
          peer.stream = std::move(stream);
          peer.stream->set_handler(peer);
        },
        [this](const StreamError& error, const std::string&) { failures.push_back(error); });
  }
  Peer& dial(const TestMember& self) {
    Peer& peer = dialled.emplace_back();
    peer.stream = Stream::connect(loop, "127.0.0.1", listener->port(),
                                  {.tls = context(TlsRole::client, self)}, peer);
    return peer;
  }
  const TlsListenerCounters& counters() const { return listener->counters(); }
  // Runs the loop until `done`; a test that waits in vain fails.
  void run_until(const std::function<bool()>& done) {
    Timer tick(loop);
    int left = 20'000;
    const std::function<void()> look = [&] {
      if (done() || --left == 0) return loop.stop();
      tick.after(1ms, look);
    };
    look();
    if (left > 0 && !done()) loop.run();
    if (done()) return;
    EXPECT_GT(left, 0);
  }
  void expect_balance() const {
    const auto& c = counters();
    const auto refused = std::accumulate(c.refused.begin(), c.refused.end(), std::uint64_t{0});
    EXPECT_EQ(c.accepted, c.completed + refused + c.failed + c.timed_out + c.evicted +
                              c.evicted_by_source + c.half_open);
  }

  TestPki pki{1};
  TestMember server_member = pki.member();
  TestMember node = pki.member();
  EventLoop loop;
  std::list<Peer> accepted;
  std::list<Peer> dialled;
  std::vector<StreamError> failures;
  std::unique_ptr<TlsListener> listener;
};

TEST_F(Listener, HandsOverAProvenPeerWithWhatItSentAlready) {
  listen();
  Peer& client = dial(node);
  client.stream->write(as_bytes("first words"));
  run_until([&] { return !accepted.empty() && !accepted.front().received.empty(); });
  EXPECT_EQ(accepted.front().received, "first words");
  EXPECT_FALSE(accepted.front().open);  // on_open() is not called for it
  EXPECT_EQ(accepted.front().stream->peer()->node(), node.node);
  accepted.front().stream->write(as_bytes("answer"));
  run_until([&] { return client.received == "answer"; });
  EXPECT_EQ(counters().completed, 1U);
  EXPECT_EQ(counters().half_open, 0U);
  expect_balance();
}

TEST_F(Listener, EndsAPeerWhoseRecordsCarryNextToNothing) {
  listen();
  Peer& client = dial(node);
  run_until([&] { return !accepted.empty(); });
  Peer& peer = accepted.front();
  run_until([&] {
    client.stream->write(as_bytes("x"));
    return peer.error.has_value();
  });
  EXPECT_EQ(peer.error->kind, StreamError::Kind::flood);
  EXPECT_EQ(counters().floods->at(static_cast<std::size_t>(crypto::IdleRecord::thin)), 1U);
  EXPECT_LE(peer.received.size(), 2 * kThinRecords.burst);
}

TEST_F(Listener, TellsWhyAPeerWasRefused) {
  const auto deny = std::make_shared<const crypto::DenyList>(
      *crypto::DenyList::make({{.kind = crypto::DenyEntry::Kind::node, .node = node.node}}));
  TlsListenerOptions options;
  options.tls = context(TlsRole::server, server_member, deny);
  listen(std::move(options));
  TestPki elsewhere(2);
  dial(node);
  dial(elsewhere.member());
  dial(pki.member(wire::SpiffeId::Kind::control));
  RawConnection babble(listener->port());
  babble.send("GET / HTTP/1.1\r\n\r\n");
  run_until([&] { return failures.size() == 4; });
  const auto refused = [&](CertificateFault fault) {
    return counters().refused.at(static_cast<std::size_t>(fault));
  };
  EXPECT_EQ(refused(CertificateFault::revoked), 1U);
  EXPECT_EQ(refused(CertificateFault::unknown_root), 1U);
  EXPECT_EQ(refused(CertificateFault::wrong_kind), 1U);
  EXPECT_EQ(counters().failed, 1U);
  EXPECT_TRUE(accepted.empty());
  expect_balance();
}

TEST_F(Listener, ResetsAHandshakeThatTakesTooLong) {
  TlsListenerOptions options;
  options.handshake_timeout = 30ms;
  listen(std::move(options));
  const Descriptor silent = connect_from(1, listener->port());
  run_until([&] { return counters().timed_out == 1; });
  EXPECT_TRUE(is_reset(silent));
  EXPECT_EQ(failures.front().kind, StreamError::Kind::timeout);
  expect_balance();
}

TEST_F(Listener, LetsAnHonestPeerInWhileItsOwnSourceIsFlooding) {
  TlsListenerOptions options;
  options.max_handshakes_per_source = 4;
  listen(std::move(options));
  std::vector<Descriptor> flood;
  flood.reserve(20);
  for (int i = 0; i < 20; ++i) flood.push_back(connect_from(1, listener->port()));
  run_until([&] { return counters().accepted == 20; });
  EXPECT_EQ(counters().half_open, 4U);
  EXPECT_EQ(counters().evicted_by_source, 16U);
  EXPECT_TRUE(is_reset(flood.front()));
  EXPECT_FALSE(is_reset(flood.back()));
  Peer& honest = dial(node);
  run_until([&] { return honest.open; });
  EXPECT_EQ(counters().most_half_open, 4U);
  expect_balance();
}

TEST_F(Listener, ASourceAtItsLimitCostsOthersNothing) {
  TlsListenerOptions options;
  options.max_handshakes = 8;
  options.max_handshakes_per_source = 4;
  listen(std::move(options));
  const Descriptor patient = connect_from(2, listener->port());
  run_until([&] { return counters().accepted == 1; });
  std::vector<Descriptor> flood;
  flood.reserve(20);
  for (int i = 0; i < 20; ++i) flood.push_back(connect_from(3, listener->port()));
  run_until([&] { return counters().accepted == 21; });
  EXPECT_FALSE(is_reset(patient));
  EXPECT_EQ(counters().half_open, 5U);
  EXPECT_EQ(counters().evicted, 0U);
}

TEST_F(Listener, WhenFullResetsTheOneThatWasSilentForTheLongestTime) {
  TlsListenerOptions options;
  options.max_handshakes = 3;
  listen(std::move(options));
  std::vector<Descriptor> held;
  held.reserve(3);
  for (int i = 0; i < 3; ++i) held.push_back(connect_from(2 + i, listener->port()));
  run_until([&] { return counters().accepted == 3; });
  ASSERT_EQ(::send(held[0].get(), "\x16\x03", 2, MSG_NOSIGNAL), 2);  // begins to speak
  for (int turn = 0; turn < 20; ++turn) {
    loop.post([&] { loop.stop(); });
    loop.run();
  }
  const Descriptor fourth = connect_from(9, listener->port());
  run_until([&] { return counters().evicted == 1; });
  EXPECT_FALSE(is_reset(held[0]));
  EXPECT_TRUE(is_reset(held[1]));
  EXPECT_FALSE(is_reset(held[2]));
  EXPECT_FALSE(is_reset(fourth));
  EXPECT_EQ(counters().half_open, 3U);
  expect_balance();
}

TEST_F(Listener, HonestPeersGetInThroughAThousandHalfOpenConnections) {
  TlsListenerOptions options;
  options.max_handshakes = 128;
  options.max_handshakes_per_source = 32;
  listen(std::move(options));
  std::vector<Descriptor> flood;
  for (int i = 0; i < 50; ++i) {
    for (int j = 0; j < 20; ++j) {
      flood.push_back(connect_from(2 + (20 * i + j) % 200, listener->port()));
      if (j % 2 == 0) (void)::send(flood.back().get(), "\x16\x03\x01", 3, MSG_NOSIGNAL);
    }
    Peer& honest = dial(node);
    run_until([&] { return honest.open || honest.error; });
    EXPECT_TRUE(honest.open) << i;
  }
  run_until([&] { return counters().completed == 50; });
  EXPECT_EQ(counters().accepted, 1050U);
  EXPECT_EQ(counters().half_open, 127U);  // the last honest one has left its place
  EXPECT_EQ(counters().most_half_open, 128U);
  expect_balance();
}

TEST_F(Listener, WhatEndsWithItIsOnlyWhatWasHalfOpen) {
  listen();
  Peer& client = dial(node);
  const Descriptor silent = connect_from(1, listener->port());
  run_until([&] { return accepted.size() == 1 && counters().accepted == 2; });
  listener.reset();
  EXPECT_TRUE(is_reset(silent));
  ASSERT_EQ(accepted.size(), 1U);
  client.stream->write(as_bytes("still here"));
  run_until([&] { return accepted.front().received == "still here"; });
}

TEST_F(Listener, AnOwnerThatWantsNoPeerClosesIt) {
  listener = std::make_unique<TlsListener>(
      loop, "127.0.0.1", 0, TlsListenerOptions{.tls = context(TlsRole::server, server_member)},
      [this](std::unique_ptr<Stream>) { listener.reset(); });  // and the listener with it
  Peer& client = dial(node);
  run_until([&] { return client.error.has_value(); });
  EXPECT_EQ(listener, nullptr);
}

#ifndef RAP_SANITIZED
// A record that begins a handshake message of `size` bytes and never ends.
std::string begun_message(std::size_t size) {
  const std::size_t record = 16 * 1024;
  std::string out = "\x16\x03\x01";
  out += static_cast<char>(record >> 8);
  out += static_cast<char>(record & 0xff);
  out += "\x01";  // ClientHello
  out += static_cast<char>(size >> 16);
  out += static_cast<char>(size >> 8 & 0xff);
  out += static_cast<char>(size & 0xff);
  out += std::string(record - 200, 'x');
  return out;
}

// Counted by the allocator: all that the process holds for connections in a state that a stranger
// can bring them to.
TEST_F(Listener, HoldsNoMoreForAStrangerThanItSays) {
  listen();
  constexpr int kStrangers = 200;
  const auto in_use = [] { return static_cast<std::size_t>(mallinfo2().uordblks); };
  const std::pair<const char*, std::string> kWays[] = {
      {"silent", ""},
      {"a byte", "\x16"},
      {"most of a record", begun_message(16 * 1024)},
      {"a message as large as allowed", begun_message(0x01ffff)}};
  for (const auto& [way, bytes] : kWays) {
    std::vector<Descriptor> held;
    held.reserve(kStrangers);
    const auto before_accept = counters().accepted;
    const std::size_t before = in_use();
    for (int i = 0; i < kStrangers; ++i) {
      held.push_back(connect_from(1, listener->port()));
      if (!bytes.empty()) {
        ASSERT_GT(::send(held.back().get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), 0);
      }
    }
    run_until([&] { return counters().accepted == before_accept + kStrangers; });
    for (int turn = 0; turn < 50; ++turn) {
      loop.post([&] { loop.stop(); });
      loop.run();
    }
    const std::size_t each = (in_use() - before) / std::max<std::size_t>(counters().half_open, 1);
    RecordProperty("bytes", std::to_string(each));
    EXPECT_LT(each, kHandshakeBytes) << way;
    held.clear();
    run_until([&] { return counters().half_open == 0; });
  }
}
#endif

// --- streams after the handshake

TEST_F(Listener, AnOpenStreamIsCheckedAgainOverTheChainItWasProvenWith) {
  listen();
  Peer& client = dial(node);
  run_until([&] { return client.open && !accepted.empty(); });
  Stream& stream = *accepted.front().stream;
  EXPECT_EQ(stream.peer_not_after(), node.leaf.not_after());
  EXPECT_EQ(stream.verify_again(pki.roots(), nullptr, TestPki::now)->node(), node.node);
  EXPECT_EQ(stream.verify_again(pki.roots(), nullptr, node.leaf.not_after()).error(),
            CertificateFault::expired);
  const auto deny = crypto::DenyList::make({{.kind = crypto::DenyEntry::Kind::key,
                                             .key = node.leaf.key_hash(),
                                             .severity = wire::Severity::drain}});
  EXPECT_EQ(stream.verify_again(pki.roots(), &*deny, TestPki::now).error(),
            CertificateFault::revoked);
  EXPECT_EQ(stream.denied_by(*deny), wire::Severity::drain);
  EXPECT_EQ(client.stream->denied_by(*deny), std::nullopt);
}

TEST_F(Listener, APeerThatDoesNotReadIsResetAtTheLimit) {
  Peer slow;
  const Descriptor server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at = loopback(0);
  ASSERT_EQ(::bind(server.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(::listen(server.get(), 1), 0);
  socklen_t size = sizeof at;
  ::getsockname(server.get(), reinterpret_cast<sockaddr*>(&at), &size);
  slow.stream =
      Stream::connect(loop, "127.0.0.1", ntohs(at.sin_port), {.max_unsent = 256 * 1024}, slow);
  run_until([&] { return slow.open; });
  const Descriptor peer(::accept(server.get(), nullptr, nullptr));
  const Bytes chunk(64 * 1024, 'x');
  run_until([&] {
    if (!slow.error) slow.stream->write(chunk);
    return slow.error.has_value();
  });
  EXPECT_EQ(slow.error->kind, StreamError::Kind::overflow);
  EXPECT_LE(slow.stream->unsent(), 256 * 1024 + 2 * chunk.size());
  // A reset throws away what the kernel still held: the peer's end is no orderly one.
  char buffer[64 * 1024];
  ssize_t n = 0;
  while ((n = ::recv(peer.get(), buffer, sizeof buffer, 0)) > 0) {
  }
  EXPECT_EQ(n, -1);
  EXPECT_EQ(errno, ECONNRESET);
}

}  // namespace
}  // namespace rap::io
