// A fixture of tests: `rap forward` between real local connections, a control plane and entries of
// the test's own.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <sstream>

#include "base/encoding.hpp"
#include "client/network/forwarder.hpp"
#include "client/network/test_entry.hpp"
#include "client/testing/described.hpp"
#include "client/testing/doubles.hpp"
#include "io/http/server/test_http.hpp"
#include "io/system/system.hpp"
#include "snapshot/public_deny_list.hpp"

namespace rap::client {

using io::RawConnection;
using nlohmann::json;
using wire::FlowReason;
using Manner = TestEgress::Manner;

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
    first_ = platform_.attachment({}, {egress_.known()});
  }
  ~ForwarderTest() override { stop(); }

  TestEntry& add_entry(const crypto::TlsIdentity& identity) {
    auto& entry = *entries_.emplace_back(std::make_unique<TestEntry>(loop_, identity));
    entry.node = platform_.node;
    entry.lead_to(egress_);
    return entry;
  }
  TestEntry& entry() { return *entries_.front(); }

  void start() {
    for (const auto& e : entries_) {
      first_.candidates.push_back(platform_.candidate(e->port(), "first"));
    }
    forwarder_ =
        std::make_unique<Forwarder>(loop_, *this, signed_in(), first_, wire::TrafficClass::input,
                                    Forwarder::Means{err_, {keys_, rng_, fallbacks_, distances_}});
    port_ = forwarder_->listen({"127.0.0.1", 0}).port;
    thread_ = std::thread([this] { loop_.run(); });
  }
  // The test may look at everything after this.
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

  using People = std::vector<std::unique_ptr<RawConnection>>;
  static void expect_echoes(const People& people) {
    for (const auto& person : people) {
      ASSERT_TRUE(person->send("x"));
      finish(*person);
      EXPECT_EQ(read_all(*person), "x");
    }
  }

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
  ApiCall attach(const Account&, std::size_t flows) override {
    return make_call("POST", "sessions/" + session_id_ + "/attachments", {{"flows", flows}});
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
    if (number == held_) release_.get_future().wait();
    response.status = number <= away_ ? 503 : refuses_ ? 403 : 201;
    if (response.status != 201) {
      response.body = R"({"code":"policy_denied","detail":"Not today."})";
      return response;
    }
    const auto flows = json::parse(request.body).value("flows", std::size_t{1});
    wanted_.push_back(flows);
    json candidates = json::array();
    json more = json::array();
    for (std::size_t i = 1; i < std::min(flows, gives_.load()); ++i) {
      more.push_back({{"token", "token-" + std::to_string(number) + "-" + std::to_string(i)}});
    }
    for (const auto& e : entries_) {
      const Candidate c = platform_.candidate(e->port());
      candidates.push_back({{"url", "wss://" + c.url.authority.str() + c.url.path},
                            {"token", "token-" + std::to_string(number)},
                            {"more_tokens", more},
                            {"tls_trust_mode", "platform_ca"},
                            {"production_trusted", true},
                            {"smoke_only", false},
                            {"tls_cluster", platform_.cluster.str()},
                            {"tls_worker", platform_.node.str()}});
    }
    json answer = {{"session", {{"id", alive_}}},
                   {"candidates", candidates},
                   {"classes", {"input"}},
                   {"token_expires_at", to_unix(io::wall_now()) + 60},
                   {"resume",
                    {{"grant", "a grant"},
                     {"expires_at", to_unix(io::wall_now()) + 3600},
                     {"egresses",
                      {{{"node", egress_.known().node.str()},
                        {"flow_key", to_base64url(egress_.known().flow_key)}}}}}}};
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
  EntryDistances distances_;
  ClientKeys keys_ = ClientKeys::generate(rng_);
  TestEgress egress_{loop_, keys_.public_keys()};
  std::vector<std::unique_ptr<TestEntry>> entries_;
  std::unique_ptr<io::HttpServer> control_;
  std::unique_ptr<Forwarder> forwarder_;
  Attachment first_;
  std::uint16_t port_ = 0;
  std::atomic<int> attachments_ = 0;  // that were asked for
  std::atomic<int> away_ = 0;         // how many of them find the control plane away
  std::atomic<bool> refuses_ = false;
  std::atomic<int> held_ = 0;  // that attachment is answered when it is released
  std::promise<void> release_;
  std::atomic<std::size_t> gives_ = kMaxFlowsPerAttachment;  // tokens in one attachment
  std::vector<std::size_t> wanted_;  // flows, by each attachment
  // These change on the loop only.
  std::string bearer_ = "rapst_x";
  std::int64_t expires_at_ = to_unix(io::wall_now()) + 12 * 3600;
  std::string session_id_ = "s-1";  // as the forward has it
  std::string alive_ = "s-1";       // as the control plane has it
  int sessions_ = 1;                // that were ever started
  std::thread thread_;
};

}  // namespace rap::client
