// The whole agent against a small control plane; a script takes the place of rap-fabric.
#include "node/host/node_agent.hpp"

#include <csignal>
#include <fstream>

#include "io/system/file.hpp"
#include "io/system/test_directory.hpp"
#include "node/host/calls/test_control.hpp"

namespace rap::host {
namespace {

class NodeAgentTest : public testing::Test {
 protected:
  NodeAgentTest() {
    EXPECT_TRUE(io::write_file_atomic(folder_ / "fabric",
                                      "#!/bin/sh\necho $$ > $0.pid; exec sleep 1000\n", 0755));
    options_.state = folder_ / "state";
    options_.join_token = control_.join_token_text();
    options_.data_plane_listen = options_.data_plane_advertise = "127.0.0.1:1";
    options_.fabric_listen = options_.fabric_advertise = "127.0.0.1:2";
    options_.fabric_bin = folder_ / "fabric";
    options_.checkin_interval_ms = 100;
  }
  ~NodeAgentTest() override {
    std::ifstream file(folder_ / "fabric.pid");
    if (pid_t pid = 0; file >> pid) ::kill(pid, SIGKILL);
  }

  // Runs an agent on a state directory that is there, until `done` holds.
  AgentEnd run_until(const std::function<bool()>& done) {
    EXPECT_TRUE(io::make_directory(options_.state));
    NodeAgent agent(options_, log_);
    auto end = std::async(std::launch::async, [&] { return agent.run(); });
    EXPECT_TRUE(done());
    agent.stop();
    return end.get();
  }

  io::TestDirectory folder_;
  io::TestLog log_;
  TestControl control_;
  NodeAgentOptions options_;
};

TEST_F(NodeAgentTest, EnrolsChecksInAndStartsItsFabric) {
  EXPECT_EQ(AgentEnd::stopped, run_until([this] {
              return log_.wait_for("agent.ready") && control_.wait_for("/checkin") &&
                     log_.wait_for("fabric.started");
            }));
  EXPECT_TRUE(log_.wait_for("agent.stopped"));
}

TEST_F(NodeAgentTest, GoesOnWithoutTheAddressForItsOwnMetrics) {
  options_.agent_metrics_listen = "127.0.0.1:" + std::to_string(control_.node_port());
  EXPECT_EQ(AgentEnd::stopped, run_until([this] {
              return log_.wait_for("listener.failed") && log_.wait_for("agent.ready");
            }));
}

TEST_F(NodeAgentTest, NeedsNoJoinTokenOnceItIsEnrolled) {
  run_until([this] { return log_.wait_for("agent.ready"); });
  options_.join_token.clear();
  EXPECT_EQ(AgentEnd::stopped, run_until([this] { return log_.wait_for("agent.ready", 2); }));
  EXPECT_EQ(1U, control_.requests("/enrolments").size());
}

TEST_F(NodeAgentTest, SaysWhatIsMissingBeforeItIsEnrolled) {
  options_.join_token.clear();
  EXPECT_EQ(AgentEnd::failed, run_node_agent(options_, log_));
  EXPECT_TRUE(log_.wait_for("join-token"));
}

TEST_F(NodeAgentTest, EndsWithTheStatusOfWhatWasSaidToIt) {
  control_.say("denied");
  EXPECT_EQ(AgentEnd::denied, run_node_agent(options_, log_));
  const crypto::LivePki other(io::wall_now(), 9);
  options_.join_token = control_.join_token_text(&other.root.certificate);
  options_.state = folder_ / "other";
  EXPECT_EQ(AgentEnd::untrusted_control_plane, run_node_agent(options_, log_));
}

TEST_F(NodeAgentTest, ReadsTheJoinTokenFromAFileUpToItsBound) {
  options_.join_token_file = folder_ / "token";
  const std::string token = control_.join_token_text();
  const auto padded = [&](std::size_t size) {
    return token + std::string(size - token.size(), '\n');
  };
  options_.join_token.clear();
  ASSERT_TRUE(
      io::write_file_atomic(options_.join_token_file, padded(wire::kMaxJoinTokenBytes + 2)));
  EXPECT_EQ(AgentEnd::failed, run_node_agent(options_, log_));
  EXPECT_TRUE(log_.wait_for("larger than"));
  ASSERT_TRUE(
      io::write_file_atomic(options_.join_token_file, padded(wire::kMaxJoinTokenBytes + 1)));
  EXPECT_EQ(AgentEnd::stopped, run_until([this] { return log_.wait_for("agent.ready"); }));
}

TEST_F(NodeAgentTest, RunsAloneOnItsDirectory) {
  ASSERT_TRUE(io::make_directory(options_.state));
  const auto other = io::FileLock::try_lock(options_.state / kAgentLock);
  EXPECT_EQ(AgentEnd::failed, run_node_agent(options_, log_));
  EXPECT_TRUE(log_.wait_for("Another rap-node-agent runs with"));
}

TEST_F(NodeAgentTest, DoesNotStartWithAnIdentityThatContradictsItself) {
  run_until([this] { return log_.wait_for("agent.ready"); });
  const auto stranger = crypto::PrivateKey::generate(crypto::KeyType::p256);
  ASSERT_TRUE(io::write_file_atomic(options_.state / "identity/node.key", stranger.pem()));
  EXPECT_EQ(AgentEnd::failed, run_node_agent(options_, log_));
  EXPECT_EQ(1U, control_.requests("/enrolments").size()) << "and makes no new one by itself";
}

}  // namespace
}  // namespace rap::host
