#include "base/encoding.hpp"
#include "crypto/x509/ca.hpp"
#include "node/agent/link/test_control_link.hpp"
#include "snapshot/history.hpp"

namespace rap::agent {
namespace {

class ControlLinkTest : public ControlLinkWorld {};

TEST_F(ControlLinkTest, SaysWhatIsWrongWithItsDiskWhileItIs) {
  disk_ = DiskFault::read_only;
  wake();
  EXPECT_EQ(sent(ControlCall::checkin)->at("metrics").at("disk"), "read_only");
  disk_.reset();
  check_in(0, 0);
  wake();
  EXPECT_FALSE(sent(ControlCall::checkin)->at("metrics").contains("disk"));
}

TEST_F(ControlLinkTest, TellsOfThePublicCertificateThatPeopleAreShown) {
  const auto files_of = [&](const crypto::PrivateKey& key) {
    crypto::SubjectNames names;
    names.dns = {"entry.example"};
    const auto leaf = crypto::issue_leaf(pki_.intermediate, key.public_key(), names,
                                         {wall() - seconds{1}, wall() + seconds{900}}, rng_);
    return PublicFiles{leaf.pem(), key.pem()};
  };
  const auto next_check_in = [&] {
    now_ += seconds{10};
    while (!sent(ControlCall::checkin)) wake();
    return *sent(ControlCall::checkin);
  };
  EXPECT_FALSE(next_check_in()["metadata"].contains("public_certificate"));
  check_in(0, 0);
  const auto first = crypto::PrivateKey::generate(crypto::KeyType::p256);
  const auto second = crypto::PrivateKey::generate(crypto::KeyType::p256);
  public_credential_.looked(files_of(first), now_, wall());
  const std::string key = to_hex(first.public_key().spki_sha256());
  const json told = next_check_in()["metadata"]["public_certificate"];
  EXPECT_EQ(told["keys"], json{key});
  EXPECT_EQ(told["not_after"].get<std::int64_t>() - told["not_before"].get<std::int64_t>(), 901);
  check_in(0, 0);
  const auto renewed = files_of(second);
  public_credential_.looked(renewed, now_, wall());
  EXPECT_EQ(next_check_in()["metadata"]["public_certificate"]["keys"],
            (json{key, to_hex(second.public_key().spki_sha256())}));
  check_in(0, 0);
  now_ += kKeyToldBeforehand;
  EXPECT_TRUE(public_credential_.looked(renewed, now_, wall()).tell_identity)
      << "the check-in that told of it went well a minute ago";
}

TEST_F(ControlLinkTest, ChecksInWithVersionsMetadataAndWhatTheFabricSees) {
  step(FabricConnected{});
  ASSERT_TRUE(sent(ControlCall::checkin));
  EXPECT_EQ(outbox_[0].request.path, "/cp/v2/nodes/" + node_.str() + "/checkin");
  check_in(0, 0);
  observe(0);
  now_ += seconds(1);
  wake();
  const json body = *sent(ControlCall::checkin);
  EXPECT_EQ(body["versions"]["agent"], "1.2.3");
  EXPECT_EQ(body["versions"]["config_version"], 0);
  EXPECT_EQ(body["metadata"]["hostname"], "host");
  EXPECT_GE(body["metadata"]["uptime_s"], 1001);
  EXPECT_EQ(body["metadata"]["advertised"],
            (json{{"data_plane", "node.test:4443"}, {"fabric", "node.test:4444"}}));
  EXPECT_EQ(body["observations"]["pid"], 7);
  EXPECT_FALSE(body["observations"].contains("type"));
  EXPECT_EQ(body["metrics"]["fabric_starts"], 0);
  EXPECT_EQ(body["metrics"]["connections"],
            (json{{"channels", 0}, {"clients", 0}, {"sessions", 0}, {"flows", 0}}));
  EXPECT_EQ(body["metrics"]["resources"]["agent"]["resident_bytes"], 4096);
  EXPECT_EQ(body["metrics"]["resources"]["fabric"]["resident_bytes"], 7) << "of its process";
  check_in(0, 0);
  now_ += seconds(10);
  while (!sent(ControlCall::checkin)) wake();
  EXPECT_TRUE(sent(ControlCall::checkin)->at("metrics").contains("errors"));
}

TEST_F(ControlLinkTest, ReportsNoObservationsOfAFabricThatIsGone) {
  step(FabricConnected{});
  observe(0);
  step(FabricDisconnected{});
  check_in(0, 0);
  wake();
  EXPECT_EQ((*sent(ControlCall::checkin))["observations"], json::object());
}

TEST_F(ControlLinkTest, PullsStoresHandsOverAndAcknowledgesAConfiguration) {
  step(FabricConnected{});
  EXPECT_TRUE(fabric_.empty());
  check_in(5, 0);
  EXPECT_EQ((*sent(ControlCall::pull_configs))["have"], 0);
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  EXPECT_TRUE(state_.files.contains(std::string(kNodeConfigFile)));
  ASSERT_EQ(fabric_.size(), 1U);
  EXPECT_EQ(fabric_[0]["type"], "config");
  EXPECT_EQ(fabric_[0]["config"]["version"], 5);
  EXPECT_FALSE(sent(ControlCall::ack_config)) << "not before the fabric runs with it";
  observe(5);
  EXPECT_EQ((*sent(ControlCall::ack_config))["acks"][0],
            (json{{"type", "node_config"}, {"version", 5}}));
  fail(ControlCall::ack_config);
  wake();
  ASSERT_TRUE(sent(ControlCall::ack_config)) << "repeated alone: nothing is pulled again";
  EXPECT_FALSE(sent(ControlCall::pull_configs));
  answer(ControlCall::ack_config, json::object());
  observe(5);
  EXPECT_FALSE(sent(ControlCall::ack_config));
}

TEST_F(ControlLinkTest, AcknowledgesAtSomeMomentOfTheTimeThatTheControlPlaneGivesIt) {
  step(FabricConnected{});
  check_in(5, 0);
  json pulled = configs(5, envelope(5));
  pulled["ack_within_ms"] = 1000;
  answer(ControlCall::pull_configs, pulled);
  for (int reports = 0; reports < 100; ++reports) observe(5);
  EXPECT_FALSE(sent(ControlCall::ack_config)) << "which is drawn once";
  now_ += std::chrono::seconds{1};
  wake();
  EXPECT_TRUE(sent(ControlCall::ack_config));
}

TEST_F(ControlLinkTest, GivesTheStoredConfigurationToAFabricWhileTheControlPlaneIsAway) {
  check_in(5, 0);
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  restart();
  wake();
  fail(ControlCall::checkin);
  step(FabricConnected{});
  ASSERT_EQ(fabric_.size(), 1U);
  EXPECT_EQ(fabric_[0]["config"]["version"], 5);
}

TEST_F(ControlLinkTest, RefusesARollbackEvenAcrossARestart) {
  check_in(5, 0);
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  restart();
  check_in(4, 0);
  answer(ControlCall::pull_configs, configs(4, envelope(4)));
  EXPECT_THAT((*sent(ControlCall::report_config_error))["errors"][0]["error"].get<std::string>(),
              HasSubstr("rolled_back"));
  step(FabricConnected{});
  EXPECT_EQ(fabric_[0]["config"]["version"], 5);
}

// The database was restored from a backup: its numbers jump to the time of that.
TEST_F(ControlLinkTest, FollowsIntoANewHistoryAndNeverBackFromIt) {
  check_in(5, 0);
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  restart();
  const std::uint64_t next = snapshot::number_at(wall());
  check_in(next, 0);
  answer(ControlCall::pull_configs, configs(next, envelope(next)));
  step(FabricConnected{});
  EXPECT_EQ(in_force(), next);
  now_ += seconds(5);
  wake();
  EXPECT_EQ((*sent(ControlCall::checkin))["versions"]["config_version"], next);
  check_in(6, 0);
  answer(ControlCall::pull_configs, configs(6, envelope(6)));
  EXPECT_THAT(sent(ControlCall::report_config_error)->dump(), HasSubstr("rolled_back"))
      << "what an attacker kept of the history before";
  EXPECT_EQ(in_force(), next);
}

TEST_F(ControlLinkTest, SaysTheNewestNumbersItKnowsSoThatADatabaseThatWentBackIsFound) {
  check_in(5, 0);
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  state_.files.erase(std::string(kNodeConfigFile));
  restart();
  wake();
  EXPECT_EQ((*sent(ControlCall::checkin))["versions"]["config_version"], 5)
      << "not what is in force";
  EXPECT_EQ((*sent(ControlCall::checkin))["versions"]["commands_seq"], 0);
}

TEST_F(ControlLinkTest, SaysThatItIsRefusedAlsoWhenTheControlPlaneWasAwayBefore) {
  wake();
  fail(ControlCall::checkin);
  const std::size_t before = said_.size();
  const json refusal = {{"code", "node_disabled"}, {"detail", "This node is disabled."}};
  for (int i = 0; i < 3; ++i) {
    wake();
    ASSERT_TRUE(sent(ControlCall::checkin));
    answer(ControlCall::checkin, refusal, 403);
  }
  EXPECT_EQ(said_.size() - before, 1U);
  EXPECT_EQ(said_.back(), "This node is disabled.");
}

TEST_F(ControlLinkTest, TellsAFabricThatComesWhoItIsBeforeAnythingElse) {
  check_in(5, 0);
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  const LinkActions actions = link_->step(clocks(), FabricConnected{});
  ASSERT_GT(actions.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<TellIdentity>(actions.front()));
  const auto* next = std::get_if<TellFabric>(&actions[1]);
  ASSERT_NE(next, nullptr);
  EXPECT_EQ(next->message, wire::encode_to_fabric(wire::AgentListeners{{{"192.0.2.7", 9465}}}));
}

TEST_F(ControlLinkTest, TellsAFabricNothingThatComesWhileItIsHeldUntilThatIsOver) {
  check_in(5, 0);
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  json answered = {{"config_version", 5}, {"commands_seq", 0}, {"renew_certificate", false}};
  wake();
  answered["kept_out"] = true;
  answer(ControlCall::checkin, answered);
  ASSERT_TRUE(held_);
  const std::size_t before = fabric_.size();
  step(FabricConnected{});
  EXPECT_EQ(identities_, 0);
  EXPECT_EQ(fabric_.size(), before);
  wake();
  answered.erase("kept_out");
  answer(ControlCall::checkin, answered);
  EXPECT_FALSE(held_);
  EXPECT_EQ(identities_, 1);
  EXPECT_EQ(fabric_.size(), before + 1) << "and its configuration";
}

// Scenario 37: this agent runs on a copy of a node's state directory.
TEST_F(ControlLinkTest, KeepsOutOfTheWayOfTheNodeWhoseCopyItIs) {
  step(FabricConnected{});
  wake();
  EXPECT_TRUE((*sent(ControlCall::checkin)).contains("incarnation"));
  const json answered = {{"config_version", 5}, {"commands_seq", 3}, {"renew_certificate", false}};
  json kept_out = answered;
  kept_out["kept_out"] = true;
  answer(ControlCall::checkin, kept_out);
  EXPECT_TRUE(held_);
  EXPECT_FALSE(sent(ControlCall::pull_configs)) << "it asks for nothing";
  EXPECT_FALSE(sent(ControlCall::pull_commands));
  for (int i = 0; i < 5; ++i) {
    wake();
    ASSERT_TRUE(sent(ControlCall::checkin)) << "but whether the other one is still there";
    answer(ControlCall::checkin, kept_out);
  }
  wake();
  answer(ControlCall::checkin, answered);
  EXPECT_FALSE(held_);
  EXPECT_TRUE(sent(ControlCall::pull_configs));
}

TEST_F(ControlLinkTest, AStoredConfigurationBelowTheFloorIsNotUsed) {
  check_in(5, 0);
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  state_.files[std::string(kNodeConfigFile)] = envelope(4);
  restart();
  step(FabricConnected{});
  EXPECT_TRUE(fabric_.empty());
}

TEST_F(ControlLinkTest, RefusesWhatIsNotForThisNodeOrNotSignedForIt) {
  const auto stranger = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  const std::pair<std::string, const char*> bad[] = {
      {envelope(5, NodeId::random(rng_), cluster_, key_), "wrong_node"},
      {envelope(5, node_, ClusterId::random(rng_), key_), "wrong_cluster"},
      {envelope(5, node_, cluster_, stranger), "bad_envelope"},
      {"{}", "bad_envelope"},
      {crypto::seal_envelope(key_, "c1", "application/other", as_bytes("{}")), "bad_envelope"},
      {crypto::seal_envelope(key_, "c1", snapshot::kNodeConfigType, as_bytes("{}")), "malformed"},
  };
  check_in(5, 0);
  for (const auto& [text, why] : bad) {
    answer(ControlCall::pull_configs, configs(5, text));
    ASSERT_TRUE(sent(ControlCall::report_config_error));
    EXPECT_THAT(sent(ControlCall::report_config_error)->dump(), HasSubstr(why));
    answer(ControlCall::report_config_error, json::object());
    while (!sent(ControlCall::pull_configs)) {
      wake();
      if (sent(ControlCall::checkin)) check_in(5, 0);
    }
  }
  EXPECT_FALSE(state_.files.contains(std::string(kNodeConfigFile)));
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  EXPECT_TRUE(state_.files.contains(std::string(kNodeConfigFile)));
}

TEST_F(ControlLinkTest, AFullDiskKeepsTheOldConfigurationAndIsTriedAgain) {
  check_in(5, 0);
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  check_in(6, 0);
  state_.full = true;
  answer(ControlCall::pull_configs, configs(6, envelope(6)));
  EXPECT_THAT(sent(ControlCall::report_config_error)->dump(), HasSubstr("No space left on device"));
  step(FabricConnected{});
  EXPECT_EQ(fabric_.back()["config"]["version"], 5);
  state_.full = false;
  while (!sent(ControlCall::pull_configs)) wake();
  answer(ControlCall::pull_configs, configs(6, envelope(6)));
  EXPECT_EQ(fabric_.back()["config"]["version"], 6);
}

TEST_F(ControlLinkTest, RefusesAnExpiredConfigurationAndReportsIt) {
  check_in(5, 0);
  issued_at_ = wall() - kValidFor;
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  EXPECT_THAT(sent(ControlCall::report_config_error)->dump(), HasSubstr("expired"));
  EXPECT_FALSE(state_.files.contains(std::string(kNodeConfigFile)));
  issued_at_ = *issued_at_ + seconds(10);  // it has ten seconds left
  while (!sent(ControlCall::pull_configs)) wake();
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  EXPECT_TRUE(state_.files.contains(std::string(kNodeConfigFile)));
}

TEST_F(ControlLinkTest, AStoredConfigurationIsUsedUntilItExpiresAndNotAfter) {
  check_in(5, 0);
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  now_ += kValidFor - seconds(1);
  restart();
  step(FabricConnected{});
  EXPECT_EQ(fabric_.size(), 1U);
  now_ += seconds(1);
  step(FabricDisconnected{});
  step(FabricConnected{});
  EXPECT_EQ(fabric_.size(), 1U) << "a fabric that starts now gets nothing";
  restart();
  step(FabricConnected{});
  EXPECT_TRUE(fabric_.empty());
}

TEST_F(ControlLinkTest, AsksForTheConfigurationAnewWhenAQuarterOfItsLifeIsOver) {
  step(FabricConnected{});
  check_in(5, 0);
  EXPECT_EQ((*sent(ControlCall::pull_configs))["refresh"], false);
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  observe(5);
  answer(ControlCall::ack_config, json::object());
  now_ += kValidFor / 4 - seconds(1);
  step(LinkWoken{});
  EXPECT_FALSE(sent(ControlCall::pull_configs));
  now_ += seconds(1);
  step(LinkWoken{});
  const json asked = *sent(ControlCall::pull_configs);
  EXPECT_EQ(asked["have"], 5);
  EXPECT_EQ(asked["refresh"], true);
  EXPECT_EQ(asked["have_trust_bundle"], 1);
  fail(ControlCall::pull_configs);
  while (!sent(ControlCall::pull_configs)) {
    wake();
    if (sent(ControlCall::checkin)) check_in(5, 0);
  }
  EXPECT_EQ((*sent(ControlCall::pull_configs))["refresh"], true) << "until it is answered";
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  ASSERT_EQ(fabric_.size(), 2U);
  EXPECT_EQ(fabric_[1]["config"]["issued_at"], to_unix(wall()));
  observe(5);
  EXPECT_FALSE(sent(ControlCall::ack_config)) << "the version was acknowledged";
}

TEST_F(ControlLinkTest, AClockThatIsAheadMakesNoStorm) {
  check_in(5, 0);
  issued_at_ = wall() - kValidFor * 3 / 4;
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  now_ += kValidFor / 8 - seconds(1);
  step(LinkWoken{});
  EXPECT_FALSE(sent(ControlCall::pull_configs));
  now_ += seconds(1);
  step(LinkWoken{});
  EXPECT_TRUE(sent(ControlCall::pull_configs));
}

TEST_F(ControlLinkTest, TellsTheFabricWhetherTheControlPlaneAnswers) {
  step(FabricConnected{});
  EXPECT_TRUE(reachable_.empty()) << "not known yet";
  check_in(0, 0);
  EXPECT_EQ(reachable_, std::vector<bool>({true}));
  wake();
  fail(ControlCall::checkin);
  EXPECT_EQ(reachable_, std::vector<bool>({true, false}));
  wake();
  fail(ControlCall::checkin);
  step(FabricDisconnected{});
  step(FabricConnected{});
  EXPECT_EQ(reachable_, std::vector<bool>({true, false, false})) << "once more to a new one";
  check_in(0, 0);
  EXPECT_EQ(reachable_, std::vector<bool>({true, false, false, true}));
}

TEST_F(ControlLinkTest, BacksOffWhileTheControlPlaneIsAwayAndSaysSoOnce) {
  wake();
  Duration longest{};
  for (int i = 0; i < 50; ++i) {
    fail(ControlCall::checkin);
    const MonoTime failed_at = now_;
    wake();
    longest = std::max(longest, now_ - failed_at);
  }
  EXPECT_GT(longest, seconds(4));
  EXPECT_LE(longest, kPollRetryCap);
  EXPECT_EQ(said_.size(), 1U);
  check_in(0, 0);
  EXPECT_EQ(said_.size(), 2U);
}

TEST_F(ControlLinkTest, CarriesOutCommandsInOrderAndMovesOnOnlyWhenTheResultIsReported) {
  step(FabricConnected{});
  check_in(0, 2);
  EXPECT_EQ(query_of(ControlCall::pull_commands), "since=0");
  answer(ControlCall::pull_commands, {{"commands", {terminate(2, "b"), terminate(1, "a")}}});
  ASSERT_EQ(fabric_.size(), 1U);
  EXPECT_EQ(fabric_[0], (json{{"type", "command"},
                              {"id", "a"},
                              {"command", "session.terminate"},
                              {"session_id", "s-a"}}));
  fabric_says_done("a");
  EXPECT_EQ(*sent(ControlCall::report_result), (json{{"status", "ok"}, {"detail", ""}}));
  EXPECT_EQ(fabric_.size(), 1U);
  answer(ControlCall::report_result, json::object());
  EXPECT_EQ(load_link_state(state_, cluster_)->commands_seq, 1U);
  ASSERT_EQ(fabric_.size(), 2U);
  fabric_says_done("b");
  answer(ControlCall::report_result, json::object());
  EXPECT_EQ(load_link_state(state_, cluster_)->commands_seq, 2U);
}

TEST_F(ControlLinkTest, AfterACrashAsksOnlyForCommandsNotFinished) {
  step(FabricConnected{});
  check_in(0, 2);
  answer(ControlCall::pull_commands, {{"commands", {terminate(1, "a"), terminate(2, "b")}}});
  fabric_says_done("a");
  answer(ControlCall::report_result, json::object());
  restart();
  check_in(0, 2);
  EXPECT_EQ(query_of(ControlCall::pull_commands), "since=1");
  // A control plane that answers with old ones all the same changes nothing.
  answer(ControlCall::pull_commands, {{"commands", {terminate(1, "a")}}});
  EXPECT_TRUE(fabric_.empty());
}

TEST_F(ControlLinkTest, RepeatsACommandToAFabricThatCameBack) {
  step(FabricConnected{});
  check_in(0, 1);
  answer(ControlCall::pull_commands, {{"commands", {terminate(1, "a")}}});
  step(FabricDisconnected{});
  step(FabricConnected{});
  EXPECT_EQ(fabric_.size(), 2U);
  EXPECT_EQ(fabric_[0], fabric_[1]);
}

TEST_F(ControlLinkTest, ReportsACommandAsFailedWhenTheFabricStaysAway) {
  check_in(0, 1);
  answer(ControlCall::pull_commands, {{"commands", {terminate(1, "a")}}});
  EXPECT_TRUE(fabric_.empty());
  now_ += kCommandDeadline;
  wake();
  EXPECT_EQ((*sent(ControlCall::report_result))["status"], "failed");
}

TEST_F(ControlLinkTest, ReportsACommandItDoesNotKnow) {
  step(FabricConnected{});
  check_in(0, 1);
  answer(ControlCall::pull_commands,
         {{"commands",
           {{{"seq", 1}, {"id", "a"}, {"type", "new.one"}, {"payload", json::object()}}}}});
  EXPECT_EQ((*sent(ControlCall::report_result))["status"], "unsupported");
  answer(ControlCall::report_result, json::object());
  EXPECT_EQ(load_link_state(state_, cluster_)->commands_seq, 1U);
}

TEST_F(ControlLinkTest, KeepsAResultUntilTheControlPlaneTakesIt) {
  step(FabricConnected{});
  check_in(0, 1);
  answer(ControlCall::pull_commands, {{"commands", {terminate(1, "a")}}});
  fabric_says_done("a");
  for (int i = 0; i < 5; ++i) {
    answer(ControlCall::report_result, json::object(), i % 2 == 0 ? 503 : 403);
    EXPECT_EQ(load_link_state(state_, cluster_)->commands_seq, 0U);
    while (!sent(ControlCall::report_result)) wake();
  }
  answer(ControlCall::report_result, json::object());
  EXPECT_EQ(load_link_state(state_, cluster_)->commands_seq, 1U);
}

TEST_F(ControlLinkTest, MakesNothingOfNonsense) {
  step(FabricConnected{});
  for (const char* text : {"", "{}", "[]", "{\"type\":\"observations\"}", "{\"type\":7}",
                           "{\"type\":\"command_result\",\"id\":\"x\",\"status\":\"ok\"}"}) {
    step(FabricSaid{text});
  }
  answer(ControlCall::checkin, json::array());
  EXPECT_THAT(said_.back(), HasSubstr("The control plane"));
  while (!sent(ControlCall::checkin)) wake();
  check_in(1, 1);
  answer(ControlCall::pull_configs, {{"configs", 7}});
  answer(ControlCall::pull_commands, {{"commands", {{{"seq", -1}}}}});
  EXPECT_TRUE(state_.files.empty());
}

}  // namespace
}  // namespace rap::agent
