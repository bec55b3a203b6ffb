// The node's link over real mutual TLS on one side and the real socket to rap-fabric on the other.
#include "node/host/calls/control_link_shell.hpp"

#include "io/system/test_directory.hpp"
#include "node/agent/link/test_security_store.hpp"
#include "node/agent/test_node_files.hpp"
#include "node/host/calls/test_control.hpp"

namespace rap::host {
namespace {

class ControlLinkShellTest : public testing::Test {
 protected:
  ControlLinkShellTest() {
    identity_.record.cluster = control_.pki.cluster;
    identity_.record.node = control_.node;
    identity_.record.node_url = "127.0.0.1:" + std::to_string(control_.node_port());
    identity_.tls = control_.pki.certify(crypto::PrivateKey::generate(crypto::KeyType::p256),
                                         control_.node, wire::SpiffeId::Kind::node);
    identity_.roots = control_.pki.roots();
    identity_.config_keys = {{"c1", control_.config_key.public_key()}};
  }
  ~ControlLinkShellTest() override {
    world_.run([this] {
      fabric_.reset();
      shell_.reset();
    });
  }

  std::string socket() const { return (folder_ / "agent.sock").string(); }
  void begin() {
    world_.run([this] {
      agent::ControlLinkOptions options{
          .scope = {identity_.config_keys, control_.pki.cluster, control_.node, identity_.roots},
          .certificate = identity_.tls.chain.front(),
          .host = {"host", "os", "1"},
          .made_at = io::mono_now()};
      link_.emplace(std::move(options), agent::LinkState{}, state_, security_, rng_);
      shell_.emplace(world_.loop, *link_, identity_, state_, socket(), log_);
      shell_->start();
    });
  }
  void connect_fabric() {
    world_.run([this] {
      fabric_.emplace(
          world_.loop, socket(),
          io::MessageHandlers{
              .on_open = [this](auto connection) { to_agent_ = std::move(connection); },
              .on_message = [this](std::string text) { log_.info("said", {{"x", text}}); },
              .on_close = [this] { to_agent_.reset(); }},
          log_);
    });
  }

  io::TestDirectory folder_;
  TestControl control_;
  agent::NodeIdentity identity_{
      {}, {{}, crypto::PrivateKey::generate(crypto::KeyType::p256)}, {}, {}};
  agent::TestNodeFiles state_;
  agent::TestSecurityStore security_;
  SeededRandom rng_{5};
  io::TestLog log_;
  io::TestLoop world_;
  std::optional<agent::ControlLink> link_;
  std::optional<ControlLinkShell> shell_;
  std::optional<io::MessageDialer> fabric_;
  std::shared_ptr<io::MessageConnection> to_agent_;
};

TEST_F(ControlLinkShellTest, ChecksInWithTheCertificateOfTheNode) {
  begin();
  ASSERT_TRUE(control_.wait_for("/checkin"));
  const auto request = control_.requests("/checkin").front();
  ASSERT_TRUE(request.peer);
  EXPECT_EQ(control_.node.bytes(), request.peer->subject);
  EXPECT_EQ("/cp/v2/nodes/" + control_.node.str() + "/checkin", request.path);
}

TEST_F(ControlLinkShellTest, TellsTheControlPlaneWhatTheFabricSees) {
  begin();
  connect_fabric();
  ASSERT_TRUE(log_.wait_for("fabric.connected"));
  wire::Observations observations;
  observations.pid = 7;
  world_.run([&] { to_agent_->send(wire::encode_to_agent(observations)); });
  const auto told = [this] {
    return std::ranges::any_of(control_.requests("/checkin"), [](const auto& r) {
      return json::parse(r.body)["observations"].value("pid", 0) == 7;
    });
  };
  for (std::ptrdiff_t n = 1; !told() && control_.wait_for("/checkin", n); ++n) {
  }
  EXPECT_TRUE(told());
}

TEST_F(ControlLinkShellTest, TellsTheFabricWhoItIsWhenItComesAndWhenThatChangedAndSaysItIsGone) {
  state_.files[std::string(agent::kNodeKeyFile)] = "KEY 1";
  state_.files[std::string(agent::kChainFile)] = "CHAIN";
  state_.files[std::string(agent::kSealKeyFile)] = "SEAL";
  begin();
  connect_fabric();
  EXPECT_TRUE(log_.wait_for("KEY 1"));
  state_.files[std::string(agent::kNodeKeyFile)] = "KEY 2";
  world_.run([this] { shell_->tell_identity(); });
  EXPECT_TRUE(log_.wait_for("KEY 2"));
  world_.run([this] { fabric_.reset(); });
  EXPECT_TRUE(log_.wait_for("fabric.disconnected"));
  state_.files[std::string(agent::kNodeKeyFile)] = "KEY 3";
  world_.run([this] { shell_->tell_identity(); });
  EXPECT_EQ(0, log_.count("KEY 3")) << "nobody is there to hear it, which harms nothing";
}

TEST_F(ControlLinkShellTest, LetsNoDeltaWaitForAConfigurationThatIsSlowToCome) {
  control_.answer_nodes(
      [this](const wire::HttpRequest& request) -> std::optional<wire::HttpResponse> {
        if (request.path.ends_with("/checkin")) {
          return TestControl::reply(
              200, {{"config_version", 1}, {"commands_seq", 0}, {"server_time", 0}});
        }
        // The answer to the pull of a configuration comes only after both lists were asked for.
        if (request.path.ends_with("/configs/pull") && !control_.wait_for("/deltas/pull", 2)) {
          return TestControl::reply(500, json::object());
        }
        return std::nullopt;
      });
  begin();
  ASSERT_TRUE(control_.wait_for("/configs/pull"));
  EXPECT_TRUE(control_.wait_for("/deltas/pull", 2));
}

TEST_F(ControlLinkShellTest, SaysOnceThatTheControlPlaneIsAwayAndThatItIsBack) {
  const auto away = std::make_shared<std::atomic<bool>>(true);
  control_.answer_nodes(
      [away](const wire::HttpRequest& request) -> std::optional<wire::HttpResponse> {
        if (!*away || !request.path.ends_with("/checkin")) return std::nullopt;
        return TestControl::reply(503, json::object());
      });
  begin();
  ASSERT_TRUE(control_.wait_for("/checkin", 3));
  EXPECT_EQ(1, log_.count("control.away"));
  *away = false;
  EXPECT_TRUE(log_.wait_for("control.reached"));
}

TEST_F(ControlLinkShellTest, SpeaksToNoControlPlaneOfAnotherCluster) {
  const crypto::LivePki other(io::wall_now(), 9);
  identity_.roots = other.roots();
  begin();
  EXPECT_TRUE(log_.wait_for("it has been left behind"));
  EXPECT_TRUE(control_.requests("/checkin").empty());
}

}  // namespace
}  // namespace rap::host
