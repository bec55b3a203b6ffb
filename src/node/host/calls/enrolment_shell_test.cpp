// An enrolment over real HTTPS, onto a real disk.
#include "node/host/calls/enrolment_shell.hpp"

#include "io/system/test_directory.hpp"
#include "node/agent/enrolment/enrolment_plan.hpp"
#include "node/agent/enrolment/node_identity.hpp"
#include "node/host/calls/test_control.hpp"
#include "node/host/host.hpp"

namespace rap::host {
namespace {

namespace fs = std::filesystem;

class EnrolmentShellTest : public testing::Test {
 protected:
  ~EnrolmentShellTest() override {
    world_.run([this] { shell_.reset(); });
  }

  void begin(const wire::JoinToken& token) {
    world_.run([&] {
      auto plan = agent::plan_enrolment(files_, token, {{"127.0.0.1", 1}, {"127.0.0.1", 2}}, rng_);
      machine_.emplace(std::move(plan.value()), agent::HostFacts{"host", "os", "1"}, rng_);
      shell_.emplace(world_.loop, *machine_, files_, log_, [this] { log_.info("test.done"); });
      shell_->start();
    });
  }
  agent::EnrolmentStage state() {
    agent::EnrolmentStage out{};
    world_.run([&] { out = machine_->stage(); });
    return out;
  }

  io::TestDirectory folder_;
  StateFiles files_{folder_.path()};
  SeededRandom rng_{5};
  io::TestLog log_;
  TestControl control_;
  io::TestLoop world_;
  std::optional<agent::EnrolmentClient> machine_;
  std::optional<EnrolmentShell> shell_;
};

TEST_F(EnrolmentShellTest, EndsWithAnIdentityThatOnlyThisUserCanRead) {
  begin(control_.join_token());
  ASSERT_TRUE(log_.wait_for("test.done"));
  EXPECT_EQ(agent::EnrolmentStage::enrolled, state());
  const auto identity = agent::load_identity(files_);
  ASSERT_TRUE(identity && *identity);
  EXPECT_EQ(control_.node, (*identity)->record.node);
  EXPECT_EQ(fs::perms{0600}, fs::status(folder_ / "identity/node.key").permissions());
  EXPECT_EQ(fs::perms{0700}, fs::status(folder_ / "identity").permissions());
}

TEST_F(EnrolmentShellTest, AsksAgainUntilSomebodyApproves) {
  control_.say("pending");
  begin(control_.join_token());
  ASSERT_TRUE(control_.wait_for("/status", 2));
  EXPECT_EQ(agent::EnrolmentStage::awaiting_approval, state());
  control_.say("approved");
  EXPECT_TRUE(log_.wait_for("test.done"));
  EXPECT_EQ(1, log_.count("enrolment.pending"));
}

TEST_F(EnrolmentShellTest, SendsNothingSecretToWhoeverShowsAnotherRoot) {
  const crypto::LivePki other(io::wall_now(), 9);
  begin(control_.join_token(&other.root.certificate));
  ASSERT_TRUE(log_.wait_for("test.done"));
  EXPECT_EQ(agent::EnrolmentStage::refused, state());
  EXPECT_EQ(1U, control_.requests("/trust-bundle").size());
  EXPECT_TRUE(control_.requests("/enrolments").empty());
}

// A node's certificate is under the pinned root too, and speaks for the address that is dialled.
TEST_F(EnrolmentShellTest, SendsNothingSecretToANodeInThePlaceOfTheControlPlane) {
  TestControl impostor(wire::SpiffeId::Kind::node);
  begin(impostor.join_token());
  EXPECT_TRUE(log_.wait_for("is not the control plane of this node's platform"));
  EXPECT_TRUE(impostor.requests("/enrolments").empty());
  EXPECT_EQ(agent::EnrolmentStage::submitting, state());
}

TEST_F(EnrolmentShellTest, SaysThatNobodyAnswersAndGoesOnTrying) {
  wire::JoinToken token = control_.join_token();
  {
    io::TestServer gone({}, [](const wire::HttpRequest&) { return wire::HttpResponse{}; });
    token.control.authority.port = gone.port();
  }
  begin(token);
  EXPECT_TRUE(log_.wait_for("The control plane cannot be reached", 2));
  EXPECT_EQ(agent::EnrolmentStage::checking_root, state());
  EXPECT_EQ(0, log_.count("test.done"));
}

TEST_F(EnrolmentShellTest, WaitsForTheDiskToTakeTheKeys) {
  // A file where the folder of the keys belongs.
  ASSERT_TRUE(files_.write({"identity.away", "", 0600}));
  world_.run([&] {
    auto plan = agent::plan_enrolment(files_, control_.join_token(),
                                      {{"127.0.0.1", 1}, {"127.0.0.1", 2}}, rng_);
    machine_.emplace(std::move(plan.value()), agent::HostFacts{"host", "os", "1"}, rng_);
    shell_.emplace(world_.loop, *machine_, files_, log_, [this] { log_.info("test.done"); });
    fs::rename(folder_ / "identity.away", folder_ / "identity");
    shell_->start();
  });
  ASSERT_TRUE(log_.wait_for("state.write_failed"));
  EXPECT_TRUE(control_.requests("/trust-bundle").empty()) << "no step before its key is stored";
  world_.run([&] { fs::remove(folder_ / "identity"); });
  EXPECT_TRUE(log_.wait_for("test.done"));
  EXPECT_EQ(agent::EnrolmentStage::enrolled, state());
}

}  // namespace
}  // namespace rap::host
