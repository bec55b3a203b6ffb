// The data plane of one node and its agent, over their socket: what it does with what it is told.
#include "node/fabric/fabric.hpp"

#include "base/encoding.hpp"
#include "crypto/testing/live_pki.hpp"
#include "io/loop/message_socket.hpp"
#include "io/system/test_directory.hpp"
#include "node/fabric/channels/test_fabric.hpp"

namespace rap::fabric {
namespace {

class FabricTest : public testing::Test {
 protected:
  FabricTest() {
    config_.version = 1;
    config_.cluster = pki_.cluster;
    config_.node = self_.node;
    config_.node_name = "n1";
    config_.issued_at = to_unix(io::wall_now());
    config_.trust_bundle_pem = pki_.root.certificate.pem();
    settings_.state = folder_.path();
    settings_.agent_socket = folder_ / "agent.sock";
    settings_.agent_user = ::geteuid();
    settings_.data_plane = settings_.fabric = {"127.0.0.1", 0};
    world_.run([this] {
      agent_.emplace(world_.loop, settings_.agent_socket.string(),
                     io::MessageHandlers{.on_open =
                                             [this](auto connection) {
                                               connection_ = std::move(connection);
                                               log_.info("test.connected");
                                             },
                                         .on_message = [](const std::string&) {},
                                         .on_close = [this] { connection_.reset(); }},
                     log_);
      fabric_.emplace(world_.loop, settings_, cluster_log_, log_,
                      [this] { log_.info("test.asked_to_end"); });
    });
    EXPECT_TRUE(log_.wait_for("test.connected"));
  }
  ~FabricTest() override {
    world_.run([this] {
      fabric_.reset();
      agent_.reset();
    });
  }

  void say(const wire::ToFabric& message) {
    world_.run([&] { connection_->send(wire::encode_to_fabric(message)); });
  }
  void identify(bool with_worker = false) {
    const crypto::X25519KeyPair seal = crypto::X25519KeyPair::generate(pki_.rng);
    wire::Identify said{credential(self_.identity), std::nullopt, to_base64(seal.secret), {}};
    if (with_worker) said.worker = credential(worker_.identity);
    say(said);
  }
  void configure() { say(wire::Configure{snapshot::to_value(config_), {}}); }
  static wire::Credential credential(const crypto::TlsIdentity& identity) {
    return {identity.key.pem(), crypto::chain_pem(identity.chain), {}};
  }

  crypto::LivePki pki_{io::wall_now()};
  crypto::LiveMember self_ = pki_.member(wire::SpiffeId::Kind::node);
  crypto::LiveMember worker_ = pki_.member(wire::SpiffeId::Kind::worker);
  snapshot::NodeConfig config_;
  io::TestDirectory folder_;
  Settings settings_;
  io::TestLog log_;
  ClusterLog cluster_log_{log_};
  io::TestLoop world_;
  std::optional<io::MessageListener> agent_;
  std::shared_ptr<io::MessageConnection> connection_;
  std::optional<Fabric> fabric_;
};

TEST_F(FabricTest, TakesNoConfigurationBeforeItKnowsWhoItIs) {
  configure();
  EXPECT_TRUE(log_.wait_for("the agent has not said who this node is"));
  identify();
  configure();
  EXPECT_TRUE(log_.wait_for("config.applied"));
}

TEST_F(FabricTest, KeepsToItsNodeAndCluster) {
  identify();
  configure();
  ASSERT_TRUE(log_.wait_for("config.applied"));
  config_.node = NodeId::random(pki_.rng);
  configure();
  EXPECT_TRUE(log_.wait_for("it names another node or cluster"));
  EXPECT_EQ(1, log_.count("config.applied"));
}

TEST_F(FabricTest, OpensTheListenerOfClientsOnceItIsAnEntryWithACertificateForThem) {
  config_.roles = {policy::NodeRole::entry};
  identify();
  configure();
  EXPECT_TRUE(log_.wait_for("entry.not_ready"));
  EXPECT_EQ(0, log_.count("listener.open"));
  identify(true);
  EXPECT_TRUE(log_.wait_for("\"listener\":\"data_plane\""));
}

TEST_F(FabricTest, SaysItOnceWhetherTheControlPlaneAnswers) {
  for (const bool reachable : {false, true, true, false}) say(wire::ControlReachable{reachable});
  identify();
  configure();
  ASSERT_TRUE(log_.wait_for("config.applied"));
  EXPECT_EQ(2, log_.count("control.reachable")) << "what was so at first is nothing new";
}

TEST_F(FabricTest, EndsInOrderAndOpensNothingAnyMore) {
  identify();
  configure();
  ASSERT_TRUE(log_.wait_for("config.applied"));
  say(wire::End{});
  EXPECT_TRUE(log_.wait_for("test.asked_to_end"));
  world_.run([this] { fabric_->shut_down([this] { log_.info("test.shut_down"); }); });
  EXPECT_TRUE(log_.wait_for("test.shut_down"));
  config_.roles = {policy::NodeRole::entry};
  ++config_.version;
  identify(true);
  configure();
  EXPECT_TRUE(log_.wait_for("config.applied", 2));
  EXPECT_EQ(0, log_.count("listener.open"));
}

}  // namespace
}  // namespace rap::fabric
