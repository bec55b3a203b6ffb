#include "adapters/tcp/tcp_adapter.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "adapters/contract/adapter_suite.hpp"
#include "io/dialling/resolver.hpp"
#include "io/dialling/test_nameserver.hpp"
#include "io/dialling/test_sockets.hpp"
#include "io/stream/tls_stream.hpp"
#include "io/system/descriptor.hpp"
#include "io/system/system.hpp"

namespace rap::adapters {
namespace {

using namespace std::chrono_literals;

constexpr Duration kTurn = 1ms;
constexpr int kTurnsOfPatience = 30'000;
constexpr int kTurnsToPass = 20;
constexpr std::size_t kMayLinger = 4;
constexpr std::size_t kMayLingerBytes = std::size_t{16} * 1024 * 1024;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A socket at a port of 127.0.0.1 that is its own.
class LocalSocket {
 public:
  LocalSocket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in address = loopback(0);
    // Little, so that what the far end does not read piles up at the adapter soon.
    constexpr int kReceiveBuffer = 64 * 1024;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
    if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("bind");
    }
    socklen_t size = sizeof address;
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  void listen(int backlog) const { ::listen(fd_.get(), backlog); }
  int accept() const {
    return ::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  }
  std::uint16_t port() const { return port_; }

 private:
  io::Descriptor fd_;
  std::uint16_t port_ = 0;
};

// A listener whose queue is full: the kernel leaves whoever connects without an answer.
class SilentListener {
 public:
  SilentListener() {
    listener_.listen(0);
    const sockaddr_in address = loopback(listener_.port());
    for (auto& fd : fillers_) {
      fd = io::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
  }
  std::uint16_t port() const { return listener_.port(); }

 private:
  LocalSocket listener_;
  std::array<io::Descriptor, 4> fillers_;
};

class TcpFarEnd final : public FarEnd {
 public:
  explicit TcpFarEnd(int fd) : fd_(fd) {}

  void say(std::string_view text) override {
    waiting_ += text;
    pump();
  }
  std::string read(std::size_t limit) override {
    constexpr std::size_t kAtOnce = std::size_t{256} * 1024;
    std::string text(std::min(limit, kAtOnce), '\0');
    const ssize_t n = text.empty() ? 0 : ::recv(fd_.get(), text.data(), text.size(), 0);
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
  }
  bool has_end() override {
    char byte = 0;
    const ssize_t n = ::recv(fd_.get(), &byte, 1, MSG_PEEK);
    return n == 0 || (n < 0 && errno != EAGAIN);
  }
  void end() override {
    ending_ = true;
    pump();
  }
  void reset() override {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd_.reset();
  }
  // Sends what the socket takes.
  void pump() {
    while (fd_ && !waiting_.empty()) {
      const ssize_t n = ::send(fd_.get(), waiting_.data(), waiting_.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      waiting_.erase(0, static_cast<std::size_t>(n));
    }
    if (fd_ && std::exchange(ending_, false)) ::shutdown(fd_.get(), SHUT_WR);
  }

 private:
  io::Descriptor fd_;
  std::string waiting_;
  bool ending_ = false;
};

class TcpWorld {
 public:
  static constexpr auto kKind = policy::AdapterKind::tcp;

  TcpWorld() { listener_.listen(SOMAXCONN); }

  TcpAdapter& adapter() { return adapter_; }
  ResourceRequest answering() const { return request("127.0.0.1", listener_.port()); }
  ResourceRequest refusing() const { return request("127.0.0.1", nobody_.port()); }
  // TCP has no way to the broadcast address, whatever routes the machine has.
  static ResourceRequest unreachable() { return request("255.255.255.255", 9); }
  ResourceRequest silent() const { return request("127.0.0.1", silent_.port()); }

  FarEnd* accepted() {
    const int fd = listener_.accept();
    if (fd < 0) return nullptr;
    return far_ends_.emplace_back(std::make_unique<TcpFarEnd>(fd)).get();
  }
  void run_until(const std::function<bool()>& done) { run(done, kTurnsOfPatience); }
  void let_pass() {
    run([] { return false; }, kTurnsToPass);
  }
  io::EventLoop& loop() { return loop_; }

  std::function<bool(const policy::IpAddress&)> may_dial = [](const auto&) { return true; };

 private:
  static ResourceRequest request(const char* host, std::uint16_t port) {
    ResourceRequest request;
    request.settings = {host, port};
    return request;
  }
  void run(const std::function<bool()>& done, int turns) {
    if (done()) return;
    const std::function<void()> turn = [&] {
      for (const auto& far : far_ends_) far->pump();
      if (done() || --turns <= 0) return loop_.stop();
      timer_.after(kTurn, turn);
    };
    timer_.after(kTurn, turn);
    loop_.run();
  }

  io::EventLoop loop_;
  io::Timer timer_{loop_};
  LocalSocket listener_;
  LocalSocket nobody_;  // holds a port where nobody listens
  SilentListener silent_;
  TcpAdapter adapter_{loop_,
                      [this](const ResourceRequest&, const policy::IpAddress& address) {
                        return may_dial(address);
                      },
                      {.connect = 1s, .linger = 60s},
                      {.targets = kMayLinger, .bytes = kMayLingerBytes}};
  std::vector<std::unique_ptr<TcpFarEnd>> far_ends_;
};

class TcpContract : public testing::TestWithParam<AdapterCheck<TcpWorld>> {};
TEST_P(TcpContract, IsKept) { GetParam().run(); }
INSTANTIATE_TEST_SUITE_P(Tcp, TcpContract, every_check<TcpWorld>(), name_of_check<TcpWorld>);

class TcpAdapterTest : public testing::Test, protected AdapterSuite<TcpWorld> {};

TEST_F(TcpAdapterTest, ATargetThatDoesNotTakeItsLastBytesIsClosedInTheEnd) {
  FarEnd* far = open();
  ASSERT_NE(far, nullptr);
  write(pattern(kMuch));
  adapter().finish(kTarget);
  adapter().release(kTarget);
  world.let_pass();
  world.adapter().expire(io::mono_now() + 59s);
  EXPECT_EQ(world.adapter().open_targets(), 1U);
  world.adapter().expire(io::mono_now() + 61s);
  EXPECT_EQ(world.adapter().open_targets(), 0U);
}

class TargetsThatLinger : public TcpAdapterTest {
 protected:
  const OrganizationId greedy_ =
      OrganizationId::parse("00000000-0000-4000-8000-000000000001").value();
  const OrganizationId other_ =
      OrganizationId::parse("00000000-0000-4000-8000-000000000002").value();
  TargetId next_ = kTarget;

  // The far end of a target that was written to and is released.
  FarEnd* release_one(OrganizationId organization, std::string_view text) {
    ResourceRequest request = world.answering();
    request.organization = organization;
    const TargetId target = next_++;
    adapter().open(target, request);
    FarEnd* far = nullptr;
    world.run_until([&] {
      if (far == nullptr) far = world.accepted();
      return far != nullptr && seen(target).opened == 1;
    });
    write(text, target);
    world.let_pass();
    adapter().release(target);
    world.let_pass();
    return far;
  }
};

TEST_F(TargetsThatLinger, AreSoManyAndTheOldestOfWhoHasMostIsLost) {
  FarEnd* others = release_one(other_, "a");
  FarEnd* first = release_one(greedy_, "b");
  for (std::size_t i = 2; i < kMayLinger; ++i) release_one(greedy_, "c");
  EXPECT_FALSE(first->has_end());
  release_one(greedy_, "d");
  EXPECT_EQ(world.adapter().open_targets(), kMayLinger);
  EXPECT_EQ(read(*first, 1), "b");
  EXPECT_TRUE(hears_end(*first));
  EXPECT_EQ(read(*others, 1), "a");
  EXPECT_FALSE(others->has_end());
}

TEST_F(TargetsThatLinger, HoldSoManyBytesThatTheirTargetsHaveNotTaken) {
  FarEnd* others = release_one(other_, pattern(kMuch));
  // A part of it lies in the kernel's buffers.
  release_one(greedy_, pattern(2 * kMayLingerBytes));
  EXPECT_EQ(world.adapter().open_targets(), 1U);
  EXPECT_EQ(read(*others, kMuch).size(), kMuch);
}

TEST_F(TcpAdapterTest, ATargetThatTookItsLastBytesIsGone) {
  FarEnd* far = open();
  ASSERT_NE(far, nullptr);
  write("goodbye");
  adapter().finish(kTarget);
  far->end();
  adapter().release(kTarget);
  world.run_until([&] { return world.adapter().open_targets() == 0; });
  EXPECT_EQ(world.adapter().open_targets(), 0U);
  EXPECT_EQ(read(*far, 7), "goodbye");
}

TEST_F(TcpAdapterTest, WhatForgetsIdleConnectionsHearsOfATargetInTime) {
  ASSERT_NE(open(), nullptr);
  const std::uint16_t port = world.answering().settings.port;
  EXPECT_EQ(io::option_of_socket_to(port, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(io::option_of_socket_to(port, IPPROTO_TCP, TCP_KEEPIDLE), io::kKeepaliveIdle);
  EXPECT_EQ(io::option_of_socket_to(port, IPPROTO_TCP, TCP_KEEPINTVL), io::kKeepaliveInterval);
  EXPECT_LE(io::kKeepaliveIdle, 45) << "load balancers forget after a minute";
}

TEST_F(TcpAdapterTest, AHostThatHasNoAddressIsUnreachable) {
  ResourceRequest request = world.answering();
  request.settings.host = "no.such.host.invalid";
  adapter().open(kTarget, request);
  world.run_until([&] { return seen().calls > 0; });
  // A resolver that answers nobody runs into the time a connection may take.
  EXPECT_TRUE(seen().failed == TargetFailure::unreachable ||
              seen().failed == TargetFailure::timeout);
}

TEST_F(TcpAdapterTest, AnAddressThatMayNotBeDialledIsDeniedHoweverItIsNamed) {
  io::TestNameserver nameserver({.addresses = {{"meta.test", {"127.0.0.1"}}}});
  io::resolver_of(world.loop())
      .set_options({.resolv_conf = nameserver.resolv_conf(), .port = nameserver.port()});
  world.may_dial = [](const auto& address) { return address.str() != "127.0.0.1"; };
  for (const char* host : {"127.0.0.1", "meta.test"}) {
    ResourceRequest request = world.answering();
    request.settings.host = host;
    adapter().open(kTarget, request);
    world.run_until([&] { return seen().calls > 0; });
    EXPECT_EQ(seen().failed, TargetFailure::denied) << host;
    seen() = {};
  }
  world.let_pass();
  EXPECT_EQ(world.accepted(), nullptr) << "nobody was dialled";
}

TEST_F(TcpAdapterTest, ATargetIsLostWhenItsAddressMayNoLongerBeDialled) {
  FarEnd* far = open();
  ASSERT_NE(far, nullptr);
  world.adapter().judge_again();
  EXPECT_EQ(seen().lost, 0);
  world.may_dial = [](const auto&) { return false; };
  world.adapter().judge_again();
  EXPECT_EQ(seen().lost, 1);
  EXPECT_EQ(seen().failed, TargetFailure::denied);
  EXPECT_TRUE(hears_end(*far));
}

TEST_F(TcpAdapterTest, AnOrganizationsDeadNamesHoldNobodyElseUp) {
  io::TestNameserver nameserver({.silent = true});
  io::resolver_of(world.loop())
      .set_options({.resolv_conf = nameserver.resolv_conf(), .port = nameserver.port()});
  ResourceRequest dead = world.answering();
  dead.organization = OrganizationId{parse_uuid("00000000-0000-4000-8000-000000000001").value()};
  dead.settings.host = "dead.test";
  constexpr TargetId kFirst = 100;
  constexpr TargetId kBeyond = kFirst + dialling::kMaxLookupsPerAsker;
  for (TargetId id = kFirst; id <= kBeyond; ++id) adapter().open(id, dead);
  world.run_until([&] { return seen(kBeyond).failed.has_value(); });
  EXPECT_EQ(seen(kBeyond).failed, TargetFailure::lookup_limit);
  EXPECT_NE(open(), nullptr) << "a literal waits for no look-up";
  for (TargetId id = kFirst; id < kBeyond; ++id) {
    EXPECT_EQ(seen(id).calls, 0);
    adapter().close(id);
  }
  world.let_pass();
  EXPECT_EQ(io::resolver_of(world.loop()).under_way(), 0U);
}

}  // namespace
}  // namespace rap::adapters
