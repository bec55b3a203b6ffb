// `rap forward` between real local connections, a control plane and entries of the test's own.
#include "client/terminal/forwarder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <sstream>
#include <system_error>

#include "client/terminal/test_entry.hpp"
#include "client/testing/described.hpp"
#include "client/testing/doubles.hpp"
#include "io/http/test_http.hpp"
#include "io/system/system.hpp"
#include "snapshot/public_deny_list.hpp"

namespace rap::client {
namespace {

using io::RawConnection;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using wire::FallbackCause;
using wire::FlowReason;
using Manner = TestEntry::Manner;

// Everything lives on one loop, which runs on a thread of its own while the test is a person's
// program.
class ForwarderTest : public testing::Test, public ForwardSession {
 protected:
  ForwarderTest() {
    add_entry(platform_.worker());
    io::HttpServerOptions options;
    options.tls = crypto::TlsContext::make(
        crypto::TlsRole::server, platform_.worker({.kind = wire::SpiffeId::Kind::control}),
        crypto::AcceptAnyone{}, io::wall_now);
    control_ = std::make_unique<io::HttpServer>(
        loop_, options, [this](const wire::HttpRequest& r) { return attach(r); }, log_);
    first_ = platform_.attachment({});
  }
  ~ForwarderTest() override { stop(); }

  TestEntry& add_entry(const crypto::TlsIdentity& identity) {
    return *entries_.emplace_back(std::make_unique<TestEntry>(loop_, identity));
  }
  TestEntry& entry() { return *entries_.front(); }

  void start() {
    for (const auto& e : entries_) {
      first_.candidates.push_back(platform_.candidate(e->port(), "first"));
    }
    forwarder_ =
        std::make_unique<Forwarder>(loop_, *this, signed_in(), first_, wire::TrafficClass::input,
                                    Forwarder::Means{rng_, err_, fallbacks_});
    port_ = forwarder_->listen({"127.0.0.1", 0}).port;
    thread_ = std::thread([this] { loop_.run(); });
  }
  // After this the test may look at everything.
  void stop() {
    if (!thread_.joinable()) return;
    loop_.post([this] {
      forwarder_.reset();
      loop_.stop();
    });
    thread_.join();
  }
  // Waits until it holds on the loop's thread.
  void until(const std::function<bool()>& holds) {
    const MonoTime patience = io::mono_now() + std::chrono::seconds{30};
    for (bool done = false; !done && io::mono_now() < patience; std::this_thread::yield()) {
      std::promise<bool> now;
      loop_.post([&] { now.set_value(holds()); });
      done = now.get_future().get();
      if (done) return;
    }
    ADD_FAILURE() << "waited in vain";
  }
  void on_loop(const std::function<void()>& fn) {
    until([&] {
      fn();
      return true;
    });
  }

  // All that comes until the end; and how that was.
  static std::string read_all(RawConnection& connection) {
    while (connection.receive()) {
    }
    return connection.received();
  }
  static bool is_reset(RawConnection& connection) {
    errno = 0;
    read_all(connection);
    return errno == ECONNRESET;
  }
  static void finish(RawConnection& connection) { ::shutdown(connection.fd(), SHUT_WR); }

  Account signed_in() {
    Account account = platform_.account(deny_lists_, control_->port());
    account.profile.token = bearer_;
    account.profile.expires_at = expires_at_;
    return account;
  }
  Fallible<Account> account(WallTime now) override {
    if (expires_at_ <= to_unix(now)) return fail(ExitCode::not_signed_in, "Run 'rap login'.");
    return signed_in();
  }
  ApiCall attach(const Account&) override {
    return make_call("POST", "sessions/" + session_id_ + "/attachments", json::object());
  }
  ApiCall start(const Account&) override { return make_call("POST", "sessions", json::object()); }
  void started(const Attachment& first) override { session_id_ = first.session_id; }

  // POST sessions, and sessions/{id}/attachments of the one that is alive.
  wire::HttpResponse attach(const wire::HttpRequest& request) {
    wire::HttpResponse response;
    if (request.header("authorization") != "Bearer " + bearer_) {
      response.status = 401;
      response.body = R"({"code":"not_signed_in","detail":"Who are you?"})";
      return response;
    }
    const bool starts = request.path == "/api/v1/sessions";
    if (starts) alive_ = "s-" + std::to_string(++sessions_);
    if (!starts && request.path != "/api/v1/sessions/" + alive_ + "/attachments") {
      response.status = 409;
      response.body = R"({"code":"session_terminated","detail":"It is over."})";
      return response;
    }
    const int number = ++attachments_;
    response.status = number <= away_ ? 503 : refuses_ ? 403 : 201;
    if (response.status != 201) {
      response.body = R"({"code":"policy_denied","detail":"Not today."})";
      return response;
    }
    json candidates = json::array();
    for (const auto& e : entries_) {
      const Candidate c = platform_.candidate(e->port());
      candidates.push_back({{"url", "wss://" + c.url.authority.str() + c.url.path},
                            {"token", "token-" + std::to_string(number)},
                            {"tls_trust_mode", "platform_ca"},
                            {"production_trusted", true},
                            {"smoke_only", false},
                            {"tls_cluster", platform_.cluster.str()},
                            {"tls_worker", platform_.node.str()}});
    }
    json answer = {{"session", {{"id", alive_}}},
                   {"candidates", candidates},
                   {"classes", {"input"}},
                   {"token_expires_at", to_unix(io::wall_now()) + 60}};
    const WallTime now = io::wall_now();
    answer["deny_list"] = {
        {"version", 7},
        {"envelope",
         snapshot::seal_deny_list({7, platform_.cluster, now, now + std::chrono::hours{1}, {}},
                                  platform_.intermediate)},
        {"signer", platform_.intermediate.certificate.pem()}};
    response.body =
        completed("POST", starts ? "sessions" : "sessions/s/attachments", answer).dump();
    return response;
  }

  TestPlatform platform_;
  io::RecordingLog log_;
  io::EventLoop loop_;
  TestHome home_;
  DenyListStore deny_lists_{home_};
  SeededRandom rng_{3};
  std::ostringstream err_;
  FallbackLog fallbacks_{err_};
  std::vector<std::unique_ptr<TestEntry>> entries_;
  std::unique_ptr<io::HttpServer> control_;
  std::unique_ptr<Forwarder> forwarder_;
  Attachment first_;
  std::uint16_t port_ = 0;
  std::atomic<int> attachments_ = 0;  // that were asked for
  std::atomic<int> away_ = 0;         // how many of them find the control plane away
  std::atomic<bool> refuses_ = false;
  // These change on the loop only.
  std::string bearer_ = "rapst_x";
  std::int64_t expires_at_ = to_unix(io::wall_now()) + 12 * 3600;
  std::string session_id_ = "s-1";  // as the forward has it
  std::string alive_ = "s-1";       // as the control plane has it
  int sessions_ = 1;                // that were ever started
  std::thread thread_;
};

TEST_F(ForwarderTest, AConnectionThatEndsItsHalfStillGetsTheOther) {
  start();
  RawConnection person(port_);
  ASSERT_TRUE(person.send("ping"));
  finish(person);
  EXPECT_EQ(read_all(person), "ping");
  until([&] { return entry().open_flows == 0; });
  stop();
  EXPECT_EQ(entry().tokens, std::vector<std::string>{"first"}) << "the session's own attachment";
  EXPECT_EQ(attachments_, 0);
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ForwarderTest, AResourceThatEndsItsHalfStillGetsTheOther) {
  entry().manner = Manner::greets;
  start();
  RawConnection person(port_);
  EXPECT_EQ(read_all(person), TestEntry::kGreeting)
      << "the end of the resource's half is passed on";
  ASSERT_TRUE(person.send("later"));
  finish(person);
  until([&] { return entry().kept == "later" && entry().open_flows == 0; });
  stop();
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ForwarderTest, ManyConnectionsHaveAFlowAndATokenEachOnOneLink) {
  constexpr int kConnections = 40;
  // Under one deny list from the first on: a link made under another is left to its old flows.
  first_.token_expires_at = to_unix(io::wall_now());
  start();
  std::vector<std::unique_ptr<RawConnection>> people;
  for (int i = 0; i < kConnections; ++i) {
    people.push_back(std::make_unique<RawConnection>(port_));
    ASSERT_TRUE(people.back()->send(std::string(1000, static_cast<char>('A' + i % 26))));
  }
  for (int i = 0; i < kConnections; ++i) {
    RawConnection& person = *people[static_cast<std::size_t>(i)];
    finish(person);
    EXPECT_EQ(read_all(person), std::string(1000, static_cast<char>('A' + i % 26)));
  }
  stop();
  EXPECT_EQ(err_.str(), "");
  EXPECT_EQ(entry().clients, 1U);
  EXPECT_EQ(std::set(entry().tokens.begin(), entry().tokens.end()).size(),
            std::size_t{kConnections});
  EXPECT_EQ(attachments_, kConnections);
}

TEST_F(ForwarderTest, MoreThanAWindowArrivesWholeAndInOrder) {
  constexpr std::size_t kBytes = std::size_t{10} * 1024 * 1024;
  std::string sent(kBytes, '\0');
  for (std::size_t i = 0; i < kBytes; ++i) sent[i] = static_cast<char>((i * 2654435761U) >> 24);
  start();
  RawConnection person(port_);
  std::thread writer([&] {
    EXPECT_TRUE(person.send(sent));
    finish(person);
  });
  const std::string got = read_all(person);
  writer.join();
  EXPECT_EQ(got.size(), kBytes);
  EXPECT_TRUE(got == sent);
}

TEST_F(ForwarderTest, APersonWhoGoesAwayEndsTheirFlowAndNoOther) {
  start();
  RawConnection stays(port_);
  {
    RawConnection leaves(port_);
    until([&] { return entry().open_flows == 2; });
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(leaves.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  until([&] { return entry().open_flows == 1; });
  ASSERT_TRUE(stays.send("still here"));
  finish(stays);
  EXPECT_EQ(read_all(stays), "still here");
  stop();
  EXPECT_EQ(entry().resets, std::vector{FlowReason::peer_lost});
}

TEST_F(ForwarderTest, ARefusedFlowSaysItsReasonAndResetsTheConnection) {
  entry().refusal = [](const std::string&) { return FlowReason::target_refused; };
  start();
  RawConnection person(port_);
  EXPECT_TRUE(is_reset(person)) << "nobody takes it for an orderly end";
  stop();
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("office: not connected"), HasSubstr("target_refused")));
  EXPECT_EQ(entry().tokens.size(), 1U) << "another entry would do no better";
}

TEST_F(ForwarderTest, AFlowThatBreaksResetsItsConnection) {
  start();
  RawConnection person(port_);
  ASSERT_TRUE(person.send("x"));
  ASSERT_TRUE(person.receive());
  on_loop([&] { entry().hang_up(); });
  EXPECT_TRUE(is_reset(person));
  stop();
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("office: disconnected"), HasSubstr("peer_lost")));
}

TEST_F(ForwarderTest, AnEntryThatIsNotReadyIsTriedAgainWhileTheConnectionWaits) {
  entry().refusal = [](const std::string& token) {
    return token == "first" ? std::optional(FlowReason::not_ready) : std::nullopt;
  };
  start();
  RawConnection person(port_);
  ASSERT_TRUE(person.send("patience"));
  finish(person);
  EXPECT_EQ(read_all(person), "patience");
  stop();
  EXPECT_EQ(entry().tokens, (std::vector<std::string>{"first", "token-1"})) << "a token of its own";
}

TEST_F(ForwarderTest, AControlPlaneThatIsAwayIsAskedAgain) {
  first_.token_expires_at = to_unix(io::wall_now());
  away_ = 1;
  start();
  RawConnection person(port_);
  ASSERT_TRUE(person.send("patience"));
  finish(person);
  EXPECT_EQ(read_all(person), "patience");
  stop();
  EXPECT_EQ(attachments_, 2);
  EXPECT_EQ(entry().tokens, std::vector<std::string>{"token-2"}) << "an old token is not used";
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ForwarderTest, ARefusalOfTheControlPlaneIsSaidAndNotRepeated) {
  first_.token_expires_at = to_unix(io::wall_now());
  refuses_ = true;
  start();
  RawConnection person(port_);
  EXPECT_TRUE(is_reset(person));
  stop();
  EXPECT_EQ(attachments_, 1);
  EXPECT_THAT(err_.str(), HasSubstr("office: Not today."));
}

TEST_F(ForwarderTest, AnEntryThatIsNotBelievedIsPassedOverWithItsCause) {
  entries_.clear();
  TestEntry& unstapled = add_entry(platform_.worker({.stapled = false}));
  TestEntry& misnamed = add_entry(platform_.worker({.host = "entry.example"}));
  TestEntry& good = add_entry(platform_.worker());
  start();
  RawConnection person(port_);
  ASSERT_TRUE(person.send("ping"));
  finish(person);
  EXPECT_EQ(read_all(person), "ping");
  stop();
  EXPECT_TRUE(unstapled.tokens.empty());
  EXPECT_TRUE(misnamed.tokens.empty());
  EXPECT_EQ(good.tokens.size(), 1U);
  const auto passed_over = fallbacks_.take();
  ASSERT_EQ(passed_over.size(), 2U);
  EXPECT_EQ(passed_over[0].entry, "127.0.0.1:" + std::to_string(unstapled.port()));
  EXPECT_EQ(passed_over[0].cause, FallbackCause::status_not_good);
  EXPECT_EQ(passed_over[1].cause, FallbackCause::hostname_mismatch);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("status_not_good"), HasSubstr("hostname_mismatch")));
}

TEST_F(ForwarderTest, AnEntryThatRefusesForNowIsPassedOverForTheNext) {
  TestEntry& second = add_entry(platform_.worker());
  entry().refusal = [](const std::string&) { return FlowReason::limit_reached; };
  start();
  RawConnection person(port_);
  finish(person);
  EXPECT_EQ(read_all(person), "");
  stop();
  EXPECT_EQ(second.tokens.size(), 1U);
  const auto passed_over = fallbacks_.take();
  ASSERT_EQ(passed_over.size(), 1U);
  EXPECT_EQ(passed_over[0].cause, FallbackCause::not_ready);
}

TEST_F(ForwarderTest, AnotherSignInHealsItAndThatOneIsNeededIsSaidOnce) {
  first_.token_expires_at = to_unix(io::wall_now());
  start();
  on_loop([&] { expires_at_ = 0; });
  for (int i = 0; i < 3; ++i) {
    RawConnection person(port_);
    EXPECT_TRUE(is_reset(person));
  }
  on_loop([&] {
    bearer_ = "rapst_y";
    expires_at_ = to_unix(io::wall_now()) + 12 * 3600;
  });
  RawConnection person(port_);
  ASSERT_TRUE(person.send("here again"));
  finish(person);
  EXPECT_EQ(read_all(person), "here again");
  stop();
  EXPECT_EQ(err_.str(), "office: Run 'rap login'.\n");
}

TEST_F(ForwarderTest, ASignInThatExpiresSoonIsSaidBefore) {
  expires_at_ = to_unix(io::wall_now()) + 30;
  start();
  until([&] { return !err_.str().empty(); });
  stop();
  EXPECT_THAT(err_.str(),
              AllOf(HasSubstr("office: Your sign-in expires at"), HasSubstr("rap login")));
}

TEST_F(ForwarderTest, ASessionThatIsOverIsFollowedByOneForAllWhoWait) {
  first_.token_expires_at = to_unix(io::wall_now());
  alive_ = "";
  start();
  std::vector<std::unique_ptr<RawConnection>> people;
  for (int i = 0; i < 5; ++i) people.push_back(std::make_unique<RawConnection>(port_));
  for (const auto& person : people) {
    ASSERT_TRUE(person->send("x"));
    finish(*person);
    EXPECT_EQ(read_all(*person), "x");
  }
  stop();
  EXPECT_EQ(sessions_, 2) << "one more than there was";
  EXPECT_EQ(session_id_, "s-2");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ForwarderTest, AnEntryThatTakesNoMoreOnOneLinkGetsAnother) {
  constexpr std::size_t kOnOneLink = 3;
  constexpr int kConnections = 10;
  first_.token_expires_at = to_unix(io::wall_now());
  entry().flows_per_client = kOnOneLink;
  start();
  std::vector<std::unique_ptr<RawConnection>> people;
  for (int i = 0; i < kConnections; ++i) {
    people.push_back(std::make_unique<RawConnection>(port_));
    ASSERT_TRUE(people.back()->send("x"));
    ASSERT_TRUE(people.back()->receive()) << i;
  }
  stop();
  EXPECT_EQ(entry().clients, 4U);
  EXPECT_EQ(fallbacks_.take().size(), 0U) << "the entry is as good as it was";
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ForwarderTest, WhoComesWhenAllPlacesAreTakenWaitsForOne) {
  start();
  on_loop([&] { forwarder_->limit_connections(2); });
  RawConnection first(port_);
  auto second = std::make_unique<RawConnection>(port_);
  RawConnection third(port_);
  ASSERT_TRUE(third.send("patience"));
  finish(third);
  until([&] { return entry().open_flows == 2; });
  second.reset();
  EXPECT_EQ(read_all(third), "patience");
  stop();
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ForwarderTest, AnAddressThatIsTakenIsNamed) {
  start();
  Forwarder second(loop_, *this, signed_in(), first_, wire::TrafficClass::input,
                   {rng_, err_, fallbacks_});
  try {
    second.listen({"127.0.0.1", port_});
    FAIL() << "two listeners on one port";
  } catch (const std::system_error& e) {
    EXPECT_THAT(e.what(), HasSubstr(std::to_string(port_)));
  }
}

}  // namespace
}  // namespace rap::client
