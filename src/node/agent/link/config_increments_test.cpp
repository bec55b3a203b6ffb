// Increments: the same configuration as in full, and a full resync after every one that does not
// fit.
#include "node/agent/link/test_control_link.hpp"

#include "snapshot/configuration/increment.hpp"
#include "wire/http/hints.hpp"

namespace rap::agent {
namespace {

using snapshot::Increment;
using wire::JsonValue;

class ConfigIncrements : public ControlLinkWorld {
 protected:
  std::string text(std::uint64_t version, const std::string& name = "entry-1") const {
    snapshot::NodeConfig config = plain_config(version);
    config.node_name = name;
    return to_json(config);
  }
  std::string sealed(const std::string& payload) const {
    return crypto::seal_envelope(key_, "c1", snapshot::kNodeConfigType, as_bytes(payload));
  }
  JsonValue signatures(const std::string& payload, const crypto::PrivateKey& by,
                       std::string_view type = snapshot::kNodeConfigType) const {
    return JsonValue::of(crypto::sign_envelope(by, "c1", type, as_bytes(payload)));
  }
  Increment increment(const std::string& base, std::uint64_t from, const std::string& result,
                      std::uint64_t to) const {
    return {.cluster = cluster_,
            .node = node_,
            .base_version = from,
            .base_sha256 = crypto::sha256(as_bytes(base)),
            .version = to,
            .sha256 = crypto::sha256(as_bytes(result)),
            .signatures = signatures(result, key_),
            .patch = snapshot::make_patch(JsonValue::of(base), JsonValue::of(result))};
  }
  static json answer_with(std::uint64_t version, const Increment& i) {
    return {
        {"configs", {{{"type", "node_config"}, {"version", version}, {"increment", to_json(i)}}}}};
  }
  void wait_for_pull(std::uint64_t announced) {
    while (!sent(ControlCall::pull_configs)) {
      if (sent(ControlCall::checkin)) {
        check_in(announced, 0);
      } else {
        wake();
      }
    }
  }
  void start_with(const std::string& base) {
    check_in(5, 0);
    EXPECT_FALSE(sent(ControlCall::pull_configs)->contains("have_sha256"))
        << "there is nothing to go on from";
    answer(ControlCall::pull_configs, configs(5, sealed(base)));
    ASSERT_EQ(in_force(), 5U);
  }
};

TEST_F(ConfigIncrements, AreAppliedVerifiedAndStoredAsTheWholeConfiguration) {
  const std::string base = text(5);
  start_with(base);
  wait_for_pull(6);
  EXPECT_EQ((*sent(ControlCall::pull_configs))["have_sha256"], crypto::sha256_hex(as_bytes(base)));
  EXPECT_EQ((*sent(ControlCall::pull_configs))["have_issued_at"], to_unix(wall()));
  const std::string next = text(6, "another-name");
  answer(ControlCall::pull_configs, answer_with(6, increment(base, 5, next, 6)));
  EXPECT_EQ(in_force(), 6U);
  EXPECT_EQ(fabric_[0]["config"]["node_name"], "another-name");
  EXPECT_EQ(json::parse(state_.files.at(std::string(kNodeConfigFile))), json::parse(sealed(next)));
  restart();
  EXPECT_EQ(in_force(), 6U);
}

TEST_F(ConfigIncrements, MayBeSignedTogetherWithThoseOfOtherNodes) {
  const std::string base = text(5);
  start_with(base);
  wait_for_pull(6);
  const std::string next = text(6, "another-name");
  const std::vector<std::string> all = {text(6, "somebody"), next, text(6, "else")};
  Increment i = increment(base, 5, next, 6);
  i.signatures =
      JsonValue::of(crypto::sign_together(key_, "c1", snapshot::kNodeConfigType, all)[1]);
  answer(ControlCall::pull_configs, answer_with(6, i));
  EXPECT_EQ(in_force(), 6U);
  restart();
  EXPECT_EQ(in_force(), 6U) << "it is stored with its place among the others";
}

TEST_F(ConfigIncrements, ThatDoNotFitAreRefusedByNameAndTheNextComesWhole) {
  const std::string base = text(5);
  const std::string next = text(6);
  start_with(base);
  const Increment good = increment(base, 5, next, 6);
  const auto changed = [&](auto change) {
    Increment i = good;
    change(i);
    return answer_with(6, i);
  };
  const auto stranger = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  const std::string old = text(4);
  const std::pair<const char*, json> attacks[] = {
      {"gap", changed([](Increment& i) { i.base_version = 4; })},
      {"gap", changed([](Increment& i) { i.base_sha256[0] ^= 1; })},
      {"wrong_increment", changed([](Increment& i) { i.sha256[0] ^= 1; })},
      {"wrong_increment",
       changed([](Increment& i) { i.patch = JsonValue::of(R"([{"op":"remove","path":"/x"}])"); })},
      {"wrong_increment", changed([](Increment& i) {
         i.patch = JsonValue::of(R"([{"op":"copy","from":"/roles","path":"/y"}])");
       })},
      {"wrong_cluster", changed([&](Increment& i) { i.cluster = ClusterId::random(rng_); })},
      {"wrong_node", changed([&](Increment& i) { i.node = NodeId::random(rng_); })},
      {"bad_envelope", changed([&](Increment& i) { i.signatures = signatures(next, stranger); })},
      {"bad_envelope", changed([](Increment& i) { i.signatures = JsonValue::of("[]"); })},
      {"bad_envelope",
       changed([&](Increment& i) { i.signatures = signatures(next, key_, "another/type"); })},
      {"malformed", changed([](Increment& i) { i.patch = {}; })},
      {"rolled_back", answer_with(4, increment(base, 5, old, 4))},
  };
  for (const auto& [fault, body] : attacks) {
    wait_for_pull(6);
    answer(ControlCall::pull_configs, body);
    while (!sent(ControlCall::report_config_error)) wake();
    const std::string said = (*sent(ControlCall::report_config_error))["errors"][0]["error"];
    EXPECT_TRUE(said.starts_with(fault)) << fault << ": " << said;
    answer(ControlCall::report_config_error, json::object(), 204);
    EXPECT_EQ(in_force(), 5U);
    wait_for_pull(6);
    EXPECT_FALSE(sent(ControlCall::pull_configs)->contains("have_sha256"))
        << "it asks for all of it";
  }
  answer(ControlCall::pull_configs, configs(6, sealed(next)));
  EXPECT_EQ(in_force(), 6U);
  wait_for_pull(7);
  EXPECT_TRUE(sent(ControlCall::pull_configs)->contains("have_sha256"));
}

// --- that come unasked, with the hint

class PushedIncrements : public ConfigIncrements {
 protected:
  void push(const json& body) { step(HintCame{std::string(wire::kConfigPending), body.dump()}); }
  std::string base_ = text(5);
  std::string next_ = text(6);
  Increment good_ = increment(base_, 5, next_, 6);
};

TEST_F(PushedIncrements, AreInForceWithoutAnyQuestion) {
  start_with(base_);
  push(answer_with(6, good_));
  EXPECT_EQ(in_force(), 6U);
  EXPECT_FALSE(sent(ControlCall::pull_configs));
  observe(6);
  while (!sent(ControlCall::ack_config)) wake();
  EXPECT_EQ((*sent(ControlCall::ack_config))["acks"][0]["version"], 6);
  restart();
  EXPECT_EQ(in_force(), 6U);
}

TEST_F(PushedIncrements, ThatTheNodeHasAlreadyChangeNothing) {
  start_with(base_);
  push(answer_with(6, good_));
  const std::size_t told = fabric_.size();
  push(answer_with(6, good_));
  EXPECT_EQ(fabric_.size(), told);
  EXPECT_FALSE(sent(ControlCall::pull_configs));
}

TEST_F(PushedIncrements, ThatDoNotGoOnFromWhatIsHereMakeTheNodeAsk) {
  start_with(base_);
  Increment other = good_;
  other.base_sha256[0] ^= 1;
  push(answer_with(6, other));
  EXPECT_EQ(in_force(), 5U);
  ASSERT_TRUE(sent(ControlCall::pull_configs));
  EXPECT_TRUE(sent(ControlCall::pull_configs)->contains("have_sha256")) << "nothing is wrong";
  EXPECT_FALSE(sent(ControlCall::report_config_error));
  push(answer_with(6, good_));  // while it asks
  EXPECT_EQ(in_force(), 5U);
  answer(ControlCall::pull_configs, answer_with(6, good_));
  EXPECT_EQ(in_force(), 6U);
  EXPECT_TRUE(sent(ControlCall::pull_configs)) << "the second one may have been newer";
}

TEST_F(PushedIncrements, BeforeThereIsAnyConfigurationAreAHintOnly) {
  step(LinkWoken{});
  check_in(0, 0);
  push(answer_with(6, good_));
  EXPECT_EQ(in_force(), 0U);
  EXPECT_TRUE(sent(ControlCall::pull_configs));
}

TEST_F(PushedIncrements, OfAnotherKeyAreRefusedAndReported) {
  start_with(base_);
  const auto stranger = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  Increment forged = good_;
  forged.signatures = signatures(next_, stranger);
  push(answer_with(6, forged));
  EXPECT_EQ(in_force(), 5U);
  while (!sent(ControlCall::report_config_error)) wake();
  const std::string said = (*sent(ControlCall::report_config_error))["errors"][0]["error"];
  EXPECT_TRUE(said.starts_with("bad_envelope")) << said;
}

TEST_F(PushedIncrements, ThatMakeNoSenseMakeTheNodeAsk) {
  start_with(base_);
  for (const json& nonsense :
       {json("x"), json::object(), json{{"configs", json::array()}}, configs(6, "x")}) {
    push(nonsense);
    EXPECT_TRUE(sent(ControlCall::pull_configs)) << nonsense;
    EXPECT_EQ(in_force(), 5U);
    answer(ControlCall::pull_configs, {{"configs", json::array()}});
  }
}

}  // namespace
}  // namespace rap::agent
