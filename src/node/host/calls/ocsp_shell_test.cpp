// Staples over real HTTP, from a small responder.
#include "node/host/calls/ocsp_shell.hpp"

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "crypto/testing/live_pki.hpp"
#include "io/http/server/test_http.hpp"
#include "io/loop/test_loop.hpp"
#include "io/system/system.hpp"
#include "node/agent/enrolment/enrolment_record.hpp"
#include "node/agent/test_node_files.hpp"

namespace rap::host {
namespace {

class OcspShellTest : public testing::Test {
 protected:
  OcspShellTest()
      : server_({}, [this](const wire::HttpRequest& request) { return answer(request); }) {
    const std::string url = "http://127.0.0.1:" + std::to_string(server_.port()) + "/ocsp/";
    chain_ = pki_.member(wire::SpiffeId::Kind::node, {.ocsp_url = url}).identity.chain;
    state_.files[std::string(agent::kChainFile)] = crypto::chain_pem(chain_);
  }
  ~OcspShellTest() override {
    world_.run([this] { shell_.reset(); });
  }

  void begin() {
    world_.run([this] {
      shell_.emplace(
          world_.loop, node_, state_, rng_, log_, [this] { return control_; },
          [this] { log_.info("test.changed"); });
      shell_->reload();
    });
  }
  wire::HttpResponse answer(const wire::HttpRequest& request) {
    std::lock_guard lock(mutex_);
    ++requests_;
    wire::HttpResponse response;
    response.content_type = "application/ocsp-response";
    const bool by_link = request.path == "/cp/v2/nodes/" + node_.str() + "/certificates/status";
    const std::string body =
        by_link ? nlohmann::json::parse(request.body).at("ocsp_request").get<std::string>()
                : to_base64(as_bytes(request.body));
    const auto asked = crypto::parse_ocsp_request(*from_base64(body));
    if (failures_ > 0) {
      --failures_;
      response.status = 503;
    } else if ((request.path != "/ocsp/" && !by_link) || !asked) {
      response.status = 400;
    } else if (too_much_) {
      response.body = std::string(crypto::kMaxOcspResponseBytes + 1, 'x');
    } else {
      const WallTime now = io::wall_now();
      const Bytes said = crypto::sign_ocsp_response(pki_.intermediate,
                                                    {{asked->certificates.front(),
                                                      {crypto::OcspStatus::Kind::good},
                                                      now,
                                                      now + std::chrono::hours{1}}},
                                                    {}, now);
      response.body.assign(said.begin(), said.end());
      if (by_link) response.body = nlohmann::json{{"ocsp", to_base64(said)}}.dump();
    }
    return response;
  }
  std::vector<std::string> staples() {
    std::vector<std::string> out;
    world_.run([&] {
      for (const auto& [name, content] : state_.files) {
        if (name.ends_with(".ocsp")) out.push_back(content);
      }
    });
    return out;
  }

  std::mutex mutex_;
  int requests_ = 0;
  int failures_ = 0;
  bool too_much_ = false;
  crypto::LivePki pki_{io::wall_now()};
  std::vector<crypto::Certificate> chain_;
  agent::TestNodeFiles state_;
  SeededRandom rng_{3};
  NodeId node_ = NodeId::random(rng_);
  std::optional<io::HttpClientOptions> control_;  // how the control plane is reached
  io::TestLog log_;
  io::TestServer server_;
  io::TestLoop world_;
  std::optional<OcspShell> shell_;
};

TEST_F(OcspShellTest, KeepsWhatTheResponderSaysOfTheNodesCertificate) {
  begin();
  ASSERT_TRUE(log_.wait_for("test.changed"));
  const auto kept = staples();
  ASSERT_EQ(1U, kept.size());
  EXPECT_FALSE(crypto::check_ocsp_response(as_bytes(kept.front()), chain_[0], chain_[1],
                                           io::wall_now(), crypto::kMaxStapleAge));
}

TEST_F(OcspShellTest, AsksAgainAfterAFailureAndSaysItOnce) {
  failures_ = 3;
  begin();
  ASSERT_TRUE(log_.wait_for("test.changed"));
  EXPECT_EQ(1, log_.count("503"));
  std::lock_guard lock(mutex_);
  EXPECT_EQ(4, requests_);
}

TEST_F(OcspShellTest, AsksTheControlPlaneWhereTheResponderDoesNotAnswer) {
  control_ = io::HttpClientOptions{};
  control_->host = "127.0.0.1";
  control_->port = server_.port();
  failures_ = 1;
  begin();
  ASSERT_TRUE(log_.wait_for("ocsp.detour"));
  EXPECT_EQ(1, log_.count("test.changed"));
  EXPECT_EQ(1U, staples().size());
  std::lock_guard lock(mutex_);
  EXPECT_EQ(2, requests_);
}

TEST_F(OcspShellTest, ReadsNoMoreThanAResponseMayHave) {
  too_much_ = true;
  begin();
  EXPECT_TRUE(log_.wait_for("The OCSP responder cannot be reached"));
  EXPECT_TRUE(staples().empty());
}

TEST_F(OcspShellTest, AsksNobodyWithoutACertificate) {
  state_.files.clear();
  begin();
  world_.run([] {});
  std::lock_guard lock(mutex_);
  EXPECT_EQ(0, requests_);
}

TEST_F(OcspShellTest, AsksAboutACertificateThatCameLater) {
  const std::string chain = std::exchange(state_.files[std::string(agent::kChainFile)], {});
  state_.files.clear();
  begin();
  world_.run([&] {
    state_.files[std::string(agent::kChainFile)] = chain;
    shell_->reload();
  });
  EXPECT_TRUE(log_.wait_for("test.changed"));
}

}  // namespace
}  // namespace rap::host
