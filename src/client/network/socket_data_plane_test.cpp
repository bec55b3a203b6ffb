// The data plane as a command uses it: standard input and output, signals, and what is returned.
#include "client/network/socket_data_plane.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <sstream>
#include <thread>

#include "client/network/test_entry.hpp"
#include "client/testing/doubles.hpp"
#include "io/http/server/test_http.hpp"
#include "io/system/descriptor.hpp"

namespace rap::client {
namespace {

using testing::HasSubstr;
using wire::FlowReason;
using wire::TrafficClass;

// Other descriptors as standard input and output for its lifetime.
class StandardStreams {
 public:
  StandardStreams(int in, int out) : in_(::dup(STDIN_FILENO)), out_(::dup(STDOUT_FILENO)) {
    ::fflush(stdout);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
  }
  ~StandardStreams() {
    ::dup2(in_.get(), STDIN_FILENO);
    ::dup2(out_.get(), STDOUT_FILENO);
  }
  StandardStreams(const StandardStreams&) = delete;
  StandardStreams& operator=(const StandardStreams&) = delete;

 private:
  io::Descriptor in_;
  io::Descriptor out_;
};

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    read = io::Descriptor(ends[0]);
    write = io::Descriptor(ends[1]);
  }
  io::Descriptor read;
  io::Descriptor write;
};

// A forward that its person never looks after.
class PlainSession final : public ForwardSession {
 public:
  explicit PlainSession(Account account) : account_(std::move(account)) {}
  Fallible<Account> account(WallTime) override { return account_; }
  ApiCall attach(const Account&, std::size_t) override {
    return {"POST", "sessions/s-1/attachments", "{}"};
  }
  ApiCall start(const Account&) override { return {"POST", "sessions", "{}"}; }
  void started(const Attachment&) override {}

 private:
  Account account_;
};

struct SocketDataPlaneTest : testing::Test {
  SocketDataPlaneTest() : entry(entry_loop, platform.worker()) {
    entry.node = platform.node;
    entry.lead_to(egress);
  }
  ~SocketDataPlaneTest() override {
    entry_loop.stop();
    if (thread.joinable()) thread.join();
  }
  // The entry is on a loop of its own: the data plane runs the one it makes.
  void serve() {
    thread = std::thread([this] { entry_loop.run(); });
  }
  static Fallible<Attachment> no_more() { return fail(ExitCode::failed, "There are no more."); }
  Account account() { return platform.account(deny_lists); }
  Attachment attachment() {
    return platform.attachment({platform.candidate(entry.port())}, {egress.known()});
  }

  // `rap proxy` with `typed` on its standard input, which then ends.
  Fallible<void> proxy(std::string_view typed) {
    Pipe in;
    Pipe out;
    EXPECT_EQ(::write(in.write.get(), typed.data(), typed.size()),
              static_cast<ssize_t>(typed.size()));
    in.write.reset();
    Fallible<void> done;
    {
      const StandardStreams ours(in.read.get(), out.write.get());
      done = data_plane.proxy(account(), attachment(), TrafficClass::input, no_more);
    }
    out.write.reset();
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(out.read.get(), buffer, sizeof buffer)) > 0;) {
      printed.append(buffer, static_cast<std::size_t>(n));
    }
    return done;
  }

  TestPlatform platform;
  TestHome home;
  DenyListStore deny_lists{home};
  io::EventLoop entry_loop;
  TestEntry entry;
  std::thread thread;
  SeededRandom rng{3};
  std::ostringstream err;
  SocketDataPlane data_plane{home, rng, err};
  TestEgress egress{entry_loop, data_plane.public_keys()};
  std::string printed;
};

TEST_F(SocketDataPlaneTest, ProxyJoinsStandardInputAndOutputToAFlow) {
  serve();
  const auto done = proxy("ping");
  EXPECT_TRUE(done) << done.error().text;
  EXPECT_EQ(printed, "ping");
}

TEST_F(SocketDataPlaneTest, ProxyPrintsWhatComesBeforeItsOwnInputEnds) {
  egress.manner = TestEgress::Manner::greets;
  serve();
  EXPECT_TRUE(proxy(""));
  EXPECT_EQ(printed, TestEgress::kGreeting);
}

TEST_F(SocketDataPlaneTest, WhatItLearntOfEntriesIsKept) {
  serve();
  EXPECT_TRUE(proxy("ping"));
  const auto kept = home.read(kEntryDistancesFile);
  ASSERT_TRUE(kept && *kept);
  EXPECT_THAT(**kept, HasSubstr(" 127.0.0.1:" + std::to_string(entry.port()) + " "));
}

TEST_F(SocketDataPlaneTest, ProxyFailsWithWhatARefusalMeans) {
  entry.refusal = [](const std::string&) { return FlowReason::channel_class_denied; };
  serve();
  const auto done = proxy("");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ExitCode::denied);
  EXPECT_THAT(done.error().text, HasSubstr("channel_class_denied"));
}

TEST_F(SocketDataPlaneTest, ProxyWithoutAnyEntrySaysTheLastTrouble) {
  entry.refusal = [](const std::string&) { return FlowReason::not_ready; };
  serve();
  const auto done = proxy("");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ExitCode::unreachable);
  const auto passed_over = data_plane.take_fallbacks();
  ASSERT_EQ(passed_over.size(), 1U);
  EXPECT_EQ(passed_over[0].cause, wire::FallbackCause::not_ready);
  EXPECT_TRUE(data_plane.take_fallbacks().empty()) << "each is told once";
}

TEST_F(SocketDataPlaneTest, OutputThatCannotBeWrittenIsAFailure) {
  serve();
  Pipe in;
  ASSERT_EQ(::write(in.write.get(), "x", 1), 1);
  const io::Descriptor full(::open("/dev/full", O_WRONLY));
  Fallible<void> done;
  {
    const StandardStreams streams(in.read.get(), full.get());
    done = data_plane.proxy(account(), attachment(), TrafficClass::input, no_more);
  }
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().text, HasSubstr("No space left"));
}

TEST_F(SocketDataPlaneTest, WhatCameWhileTheSessionWasMadeEndsTheProxyAtOnce) {
  serve();
  for (const int number : {SIGHUP, SIGTERM}) {
    Pipe in;  // whose writer stays
    Pipe out;
    const StandardStreams ours(in.read.get(), out.write.get());
    data_plane.hold_signals();
    ::raise(number);
    const auto done = data_plane.proxy(account(), attachment(), TrafficClass::input, no_more);
    EXPECT_TRUE(done) << done.error().text;
  }
}

TEST_F(SocketDataPlaneTest, HangUpsThatFollowTheFirstLeaveTimeForTheFarewell) {
  serve();
  Pipe in;
  Pipe out;
  const StandardStreams ours(in.read.get(), out.write.get());
  data_plane.hold_signals();
  ::raise(SIGHUP);
  EXPECT_TRUE(data_plane.proxy(account(), attachment(), TrafficClass::input, no_more));
  // The terminal's and the service manager's, beside ssh's: they would end us by now.
  ::raise(SIGHUP);
  ::raise(SIGTERM);
  sigset_t waiting;
  ASSERT_EQ(::sigpending(&waiting), 0);
  EXPECT_EQ(sigismember(&waiting, SIGHUP), 1);
  EXPECT_EQ(sigismember(&waiting, SIGTERM), 1);
}

TEST_F(SocketDataPlaneTest, SignalsComeAgainAfterIt) {
  sigset_t before;
  sigset_t after;
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, nullptr, &before), 0);
  {
    SocketDataPlane other(home, rng, err);
    other.hold_signals();
    ::raise(SIGHUP);
  }
  ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, nullptr, &after), 0);
  EXPECT_EQ(sigismember(&before, SIGHUP), sigismember(&after, SIGHUP));
}

TEST_F(SocketDataPlaneTest, ForwardSaysWhereItListensAndEndsWhenThePersonWantsIt) {
  serve();
  PlainSession session(account());
  std::uint16_t port = 0;
  const auto done = data_plane.forward(session, account(), attachment(), TrafficClass::input,
                                       {"127.0.0.1", 0}, [&](const wire::HostPort& where) {
                                         port = where.port;
                                         ::raise(SIGTERM);
                                       });
  EXPECT_TRUE(done) << done.error().text;
  EXPECT_NE(port, 0);
}

TEST_F(SocketDataPlaneTest, ForwardWhereItCannotListenSaysWhatToDo) {
  serve();
  PlainSession session(account());
  const auto done =
      data_plane.forward(session, account(), attachment(), TrafficClass::input,
                         {"127.0.0.1", entry.port()}, [](const wire::HostPort&) { FAIL(); });
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().text, HasSubstr("--listen"));
}

}  // namespace
}  // namespace rap::client
