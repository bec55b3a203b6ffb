// The fabric's end of agent.sock, with a node-agent that is the test.
#include "node/fabric/agent_link.hpp"

#include "base/seeded_random.hpp"
#include "io/loop/test_loop.hpp"
#include "io/system/test_directory.hpp"

namespace rap::fabric {
namespace {

class AgentLinkTest : public testing::Test {
 protected:
  AgentLinkTest() {
    config_.cluster = ClusterId::random(rng_);
    config_.node = NodeId::random(rng_);
    config_.node_name = "relay-1";
    config_.trust_bundle_pem = "ROOTS";
    document_ = {.cluster = config_.cluster, .type = "cp_agent_runtime", .version = 3};
    document_.value = wire::JsonValue::of("{}");
    agent_comes();
    world_.run([this] { link_.emplace(world_.loop, socket(), handlers(), log_); });
    EXPECT_TRUE(log_.wait_for("test.connected"));
  }
  ~AgentLinkTest() override {
    world_.run([this] {
      link_.reset();
      agent_.reset();
    });
  }

  std::string socket() const { return (folder_ / "agent.sock").string(); }
  void agent_comes() {
    world_.run([this] {
      agent_.emplace(world_.loop, socket(),
                     io::MessageHandlers{
                         .on_open =
                             [this](auto connection) {
                               connection_ = std::move(connection);
                               log_.info("test.connected");
                             },
                         .on_message = [this](const std::string& text) { note("said " + text); },
                         .on_close = [this] { connection_.reset(); }},
                     log_);
    });
  }
  // What reaches the fabric, in words.
  AgentHandlers handlers() {
    return {
        .on_config =
            [this](const auto& config, const auto& documents) {
              EXPECT_EQ(config_, config);
              note("config with " + std::to_string(documents.size()) + " documents");
            },
        .on_terminate_session = [this](SessionId id) { note("terminate " + id.str()); },
        .on_control = [this](bool reachable) { note(reachable ? "control" : "no control"); },
        .on_identity = [this](const auto& said) { note("identity " + said.node.key_pem); },
        .on_end = [this] { note("end"); },
        .on_security_state =
            [this](const auto& changes, bool first, bool last) {
              note("state of " + std::to_string(changes.size()) + (first ? " first" : "") +
                   (last ? " last" : ""));
            },
        .on_security_changes =
            [this](const auto& changes) { note("changes of " + std::to_string(changes.size())); },
        .on_security_incomplete = [this] { note("incomplete"); },
        .on_security_events_taken =
            [this](const auto& taken) { note("taken to " + std::to_string(taken.seq)); },
        .on_agent_listeners =
            [this](const auto& listeners) { note("agent at " + listeners.at(0).str()); },
        .on_clock = [this](auto ahead) { note("ahead " + std::to_string(ahead.count())); }};
  }
  void note(const std::string& what) { log_.info("test.heard", {{"what", what}}); }
  bool hears(const std::string& what) { return log_.wait_for("\"what\":\"" + what + "\""); }
  void say(const wire::ToFabric& message) { say(wire::encode_to_fabric(message)); }
  void say(const std::string& text) {
    world_.run([&] { connection_->send(text); });
  }
  // Everything that was sent so far was heard.
  void catch_up() {
    say(wire::ControlReachable{++caught_up_ % 2 == 1});
    say(terminate("mark-" + std::to_string(caught_up_), "none"));
    EXPECT_TRUE(log_.wait_for("mark-" + std::to_string(caught_up_)));
  }
  static wire::RunCommand terminate(const std::string& id, const std::string& session) {
    return {id, wire::NodeCommandType::terminate_session, session};
  }
  static wire::SecurityRows rows(const std::string& epochs) {
    return {wire::JsonValue::of(epochs), wire::JsonValue::of("[]")};
  }

  SeededRandom rng_{1};
  snapshot::NodeConfig config_;
  snapshot::Document document_;
  io::TestDirectory folder_;
  io::TestLog log_;
  io::TestLoop world_;
  std::optional<io::MessageListener> agent_;
  std::shared_ptr<io::MessageConnection> connection_;
  std::optional<AgentLink> link_;
  int caught_up_ = 0;
};

TEST_F(AgentLinkTest, HandsAConfigurationOnWithItsDocuments) {
  say(wire::Configure{snapshot::to_value(config_), {snapshot::to_value(document_)}});
  EXPECT_TRUE(hears("config with 1 documents"));
}

TEST_F(AgentLinkTest, RefusesAConfigurationThatIsNotOneWhole) {
  say(wire::Configure{wire::JsonValue::of("{}"), {}});
  EXPECT_TRUE(log_.wait_for("config.refused"));
  say(wire::Configure{snapshot::to_value(config_), {wire::JsonValue::of("{}")}});
  EXPECT_TRUE(log_.wait_for("config.refused", 2)) << "without its documents it is in force nowhere";
  say(R"({"type":"config","config":1})");
  EXPECT_TRUE(log_.wait_for("config.refused", 3));
  catch_up();
  EXPECT_EQ(0, log_.count("config with"));
}

TEST_F(AgentLinkTest, AnswersACommandWithWhatBecameOfIt) {
  const SessionId session = SessionId::random(rng_);
  say(terminate("c1", session.str()));
  EXPECT_TRUE(hears("terminate " + session.str()));
  EXPECT_TRUE(log_.wait_for("c1"));
  say(terminate("c2", "no session"));
  EXPECT_TRUE(log_.wait_for("c2"));
  EXPECT_EQ(1, log_.count("failed"));
  EXPECT_EQ(1, log_.count("\"what\":\"terminate"));
}

TEST_F(AgentLinkTest, HandsOnWhatItIsToldOfTheWorld) {
  say(wire::ControlReachable{true});
  EXPECT_TRUE(hears("control"));
  say(wire::ControlReachable{false});
  EXPECT_TRUE(hears("no control"));
  say(wire::Identify{{"KEY", "CHAIN", {}}, std::nullopt, "SEAL", {}});
  EXPECT_TRUE(hears("identity KEY"));
  say(wire::SecurityEventsTaken{std::string(wire::kSecurityRunBytes, 'a'), 7});
  EXPECT_TRUE(hears("taken to 7"));
  say(wire::AgentListeners{{{"::1", 9465}}});
  EXPECT_TRUE(hears("agent at [::1]:9465"));
  say(wire::ClockAhead{std::chrono::seconds{-3}});
  EXPECT_TRUE(hears("ahead -3"));
  say(wire::End{});
  EXPECT_TRUE(hears("end"));
}

TEST_F(AgentLinkTest, HandsOnSecurityDataInItsParts) {
  say(wire::SecurityState{rows("[]"), true, false});
  EXPECT_TRUE(hears("state of 0 first"));
  say(wire::SecurityState{rows("[]"), false, true});
  EXPECT_TRUE(hears("state of 0 last"));
  say(wire::SecurityChanged{rows("[]")});
  EXPECT_TRUE(hears("changes of 0"));
  say(wire::SecurityIncomplete{});
  EXPECT_TRUE(hears("incomplete"));
}

TEST_F(AgentLinkTest, CountsSecurityDataThatMakesNoSenseAsIncomplete) {
  say(wire::SecurityChanged{rows(R"([{"user":"nobody"}])")});
  EXPECT_TRUE(hears("incomplete"));
  say(wire::SecurityState{rows("[1]"), true, true});
  say(R"({"type":"security_changes"})");
  EXPECT_TRUE(log_.wait_for("security.refused", 3));
  EXPECT_EQ(0, log_.count("changes of"));
  EXPECT_EQ(0, log_.count("state of"));
}

TEST_F(AgentLinkTest, LeavesAMessageAsideThatItDoesNotKnowAndGoesOn) {
  say(std::string(R"({"type":"weather"})"));
  EXPECT_TRUE(log_.wait_for("agent.message_refused"));
  say(std::string("{"));
  EXPECT_TRUE(log_.wait_for("agent.message_refused", 2));
  say(wire::End{});
  EXPECT_TRUE(hears("end"));
}

TEST_F(AgentLinkTest, ComesBackToAnAgentThatStartsAgain) {
  world_.run([this] { agent_.reset(); });
  agent_comes();
  EXPECT_TRUE(log_.wait_for("test.connected", 2));
  world_.run([this] { link_->send(wire::CommandResult{"c3", "ok"}); });
  EXPECT_TRUE(log_.wait_for("c3"));
}

TEST(AgentLink, DropsWhatItWouldSendWhileThereIsNoAgent) {
  const io::TestDirectory folder;
  io::TestLog log;
  io::TestLoop world;
  std::optional<AgentLink> link;
  world.run([&] {
    link.emplace(world.loop, (folder / "agent.sock").string(), AgentHandlers{}, log);
    link->send(wire::CommandResult{"c1", "ok"});
    link.reset();
  });
}

}  // namespace
}  // namespace rap::fabric
