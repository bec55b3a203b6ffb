// Increments that nodes are sent unasked: of many nodes at once, from what each was last given.
#include <gtest/gtest.h>

#include "control/link/pulls/pushed_configs.hpp"
#include "control/server/background/config_push.hpp"
#include "crypto/tokens/dsse.hpp"
#include "snapshot/configuration/increment.hpp"
#include "test_world.hpp"
#include "wire/http/hints.hpp"

namespace rap::store {
namespace {

class PushedConfigs : public ::testing::Test {
 protected:
  // What the node is given when it asks: the text that was signed.
  std::string pull(const std::string& node) {
    const Answered a = w.control->node_call(node, "configs/pull", {{"have", 0}});
    EXPECT_EQ(a.status, 200) << a.text;
    const auto payload = crypto::open_envelope(in(a, "configs")[0]["envelope"].get<std::string>(),
                                               snapshot::kNodeConfigType, keys());
    EXPECT_TRUE(payload);
    return payload ? std::string(as_text(*payload)) : "";
  }
  static std::vector<crypto::VerificationKey> keys() {
    const auto& key = ControlPlane::authority().config_key;
    return {{key.kid, key.key.public_key()}};
  }
  control::PushTarget target(const std::string& node) {
    const NodeId id = *NodeId::parse(node);
    const auto known = w.control->given_configs.find(id);
    EXPECT_TRUE(known && known->config);
    return {id, known && known->config ? *known->config : control::GivenConfig{}};
  }
  std::vector<control::PushedConfig> push(const std::vector<control::PushTarget>& targets) {
    pull(seed().relay);  // which loads the newest
    const auto to = w.control->models.held(0, w.control->current.get());
    EXPECT_TRUE(to);
    return control::PushedConfigs(w.control->models, *to, w.control->now).make(targets);
  }
  static snapshot::Increment increment_of(const control::PushedConfig& pushed) {
    const json item = json::parse(pushed.text)["configs"][0];
    EXPECT_EQ(item["type"], "node_config");
    return snapshot::parse_increment(item["increment"].get<std::string>()).value();
  }
  void change(const std::string& name) {
    const json resource = {{"name", name},
                           {"protocol", "tcp"},
                           {"host", "10.0.0.9"},
                           {"port", 80},
                           {"egress_pool", "pool-alpha"}};
    ASSERT_EQ(w.as("admin@alpha", "POST", "organizations/alpha/resources", resource).status, 201);
  }

  SeededWorld w;
};

TEST_F(PushedConfigs, LeadEachNodeToWhatItIsGivenWhenItAsks) {
  std::map<std::string, std::string> held;
  for (const std::string& node : {seed().entry, seed().egress}) held[node] = pull(node);
  const std::vector<control::PushTarget> targets = {target(seed().entry), target(seed().egress)};
  change("one-more");
  w.control->now += std::chrono::seconds(7);
  const auto pushed = push(targets);
  ASSERT_EQ(pushed.size(), 2U);
  std::set<json> by;
  for (const control::PushedConfig& one : pushed) {
    const std::string node = one.node.str();
    const auto increment = increment_of(one);
    const auto applied = snapshot::apply_patch(wire::JsonValue::of(held.at(node)), increment.patch);
    ASSERT_TRUE(applied);
    const std::string result = applied->dump();
    EXPECT_EQ(result, pull(node));
    EXPECT_TRUE(crypto::check_envelope(snapshot::kNodeConfigType, as_bytes(result),
                                       increment.signatures, keys()));
    EXPECT_EQ(one.given.sha256, crypto::sha256(as_bytes(result)));
    EXPECT_EQ(w.control->given_configs.find(one.node)->config, one.given) << "as a pull has it too";
    by.insert(increment.signatures.get()[0]["sig"]);
  }
  EXPECT_EQ(by.size(), 1U) << "one signature for both";
}

TEST_F(PushedConfigs, LeadThereForNodesAlikeAndForOneThatIsRenamedAmongThem) {
  std::vector<std::string> nodes = {seed().egress};
  for (const char* name : {"twin-1", "twin-2", "twin-3", "twin-4"}) {
    nodes.push_back(w.control->add_node(seed().tokens.at("root"), name, {"egress"}));
  }
  std::map<std::string, std::string> held;
  std::vector<control::PushTarget> targets;
  for (const std::string& node : nodes) {
    held[node] = pull(node);
    targets.push_back(target(node));
  }
  targets[1].has.sha256[0] ^= 1;
  ASSERT_EQ(w.as("root", "PATCH", "nodes/" + nodes[3], {{"name", "renamed"}}).status / 100, 2);
  change("one-more");
  w.control->now += std::chrono::seconds(7);
  const auto pushed = push(targets);
  ASSERT_EQ(pushed.size(), nodes.size() - 1) << "all but the one that has something else";
  for (const control::PushedConfig& one : pushed) {
    const auto applied = snapshot::apply_patch(wire::JsonValue::of(held.at(one.node.str())),
                                               increment_of(one).patch);
    ASSERT_TRUE(applied);
    EXPECT_EQ(applied->dump(), pull(one.node.str()));
  }
}

TEST_F(PushedConfigs, AreMadeForNobodyWhoHasNothingToGoOnFrom) {
  pull(seed().egress);
  const control::PushTarget good = target(seed().egress);
  EXPECT_TRUE(push({good}).empty()) << "it has the newest";
  change("one-more");
  control::PushTarget unknown_version = good;
  unknown_version.has.version -= 1;
  const control::PushTarget nobody{*NodeId::parse(seed().session), good.has};
  EXPECT_EQ(push({unknown_version, nobody, good}).size(), 1U);
}

TEST_F(PushedConfigs, LeaveOutWhatBringsADocument) {
  pull(seed().egress);
  const control::PushTarget before = target(seed().egress);
  const json value = {{"value", {{"checkin_interval_ms", 6000}}}};
  const Answered set = w.as("keeper", "PUT", "configs/cp_agent_runtime", value);
  ASSERT_EQ(set.status / 100, 2) << set.text;
  EXPECT_TRUE(push({before}).empty());
}

TEST_F(PushedConfigs, AreForgottenOfEverybodyWhenThereAreTooMany) {
  RecentConfigs given;
  SeededRandom rng(1);
  const NodeId first = NodeId::random(rng);
  given.stream_opened(first, "s");
  given.given(first, {.version = 3});
  EXPECT_EQ(given.find(first)->serial, "s");
  EXPECT_EQ(given.find(first)->config->version, 3U);
  for (std::size_t i = 1; i < kMaxGivenConfigs; ++i) given.given(NodeId::random(rng), {});
  EXPECT_TRUE(given.find(first));
  given.given(NodeId::random(rng), {});
  EXPECT_FALSE(given.find(first));
}

// --- and the thread that sends them

// The streams of the three nodes, and what goes to them.
class ThreeStreams final : public io::EventSender {
 public:
  void send(const std::string& key, const wire::SseEvent& event) override {
    EXPECT_EQ(event.data, "");
    note(key, "");
  }
  void send_or(const std::string& key, const wire::SseEvent& event,
               const wire::SseEvent& if_busy) override {
    EXPECT_EQ(event.type, wire::kConfigPending);
    EXPECT_EQ(if_busy, (wire::SseEvent{std::string(wire::kConfigPending), "", ""}));
    note(key, event.data);
  }
  void send_to_all(const wire::SseEvent&) override { note("all", ""); }
  void end(const std::string&) override {}
  std::vector<std::string> open_streams() const override {
    return {seed().entry, seed().egress, "nobody"};
  }

  // The data of the hint that each of so many was sent.
  std::map<std::string, std::string> after(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        came_.wait_for(lock, std::chrono::seconds(30), [&] { return said_.size() >= count; }));
    return std::exchange(said_, {});
  }

 private:
  void note(const std::string& key, const std::string& data) {
    const std::lock_guard lock(mutex_);
    said_[key] = data;
    came_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable came_;
  std::map<std::string, std::string> said_;
};

class ConfigPushTest : public PushedConfigs {
 protected:
  void open_stream(const std::string& node) {
    wire::HttpRequest request = w.control->node_request_of(node, "events", {});
    request.method = "GET";
    request.body.clear();
    EXPECT_EQ(w.control->node_request(request).status, 200);
  }
  std::shared_ptr<ThreeStreams> streams = std::make_shared<ThreeStreams>();
  control::server::ConfigPush pushing{{w.control->database, w.control->current,
                                       w.control->admission_cache, w.control->models,
                                       w.control->given_configs, streams}};
};

TEST_F(ConfigPushTest, SendsTheIncrementWhereItIsKnownWhatTheNodeHasAndElseAHint) {
  open_stream(seed().entry);
  open_stream(seed().egress);
  pull(seed().egress);
  change("one-more");
  pushing.wake();
  auto sent = streams->after(2);
  EXPECT_EQ(sent.at(seed().entry), "") << "nobody knows what it has";
  EXPECT_NE(sent.at(seed().egress).find("increment"), std::string::npos);
  change("another");
  pushing.wake();
  EXPECT_NE(streams->after(2).at(seed().egress).find("increment"), std::string::npos)
      << "it goes on from what it was sent";
}

// A check-in that comes while the next configuration is on its way.
TEST_F(PushedConfigs, ANodeIsNotSentAfterWhatIsOnItsWayToIt) {
  pull(seed().egress);
  const NodeId node = *NodeId::parse(seed().egress);
  const auto has = w.control->given_configs.find(node)->config->version;
  change("one-more");
  const auto told = [&](std::uint64_t version) {
    const json body = {{"versions", {{"config_version", version}}}};
    return in(w.control->node_call(seed().egress, "checkin", body), "config_version")
        .get<std::uint64_t>();
  };
  const std::uint64_t newest = told(has);
  EXPECT_GT(newest, has) << "nobody sends it";
  w.control->given_configs.await_next(std::vector{node}, w.control->now + control::kOnItsWay);
  EXPECT_EQ(told(has), has) << "it is about to be sent";
  EXPECT_EQ(told(has - 1), newest) << "it has something else than it is thought to have";
  w.control->now += control::kOnItsWay;
  EXPECT_EQ(told(has), newest) << "it takes too long";
  w.control->given_configs.await_next(std::vector{node}, w.control->now + control::kOnItsWay);
  w.control->given_configs.await_nothing();
  EXPECT_EQ(told(has), newest) << "it may have got lost";
  w.control->given_configs.await_next(std::vector{node}, w.control->now + control::kOnItsWay);
  w.control->given_configs.given(node, *w.control->given_configs.find(node)->config);
  EXPECT_EQ(told(has), newest) << "it was given something meanwhile";
}

TEST_F(ConfigPushTest, SendsNothingToWhomeverWasShutOut) {
  open_stream(seed().egress);
  pull(seed().egress);
  const auto revoked =
      w.as("root", "POST", "certificates/" + w.control->serials.at(seed().egress) + "/revoke");
  ASSERT_EQ(revoked.status / 100, 2) << revoked.text;
  w.control->admission_cache.forget();
  pushing.wake();
  EXPECT_EQ(streams->after(2).at(seed().egress), "");
}

TEST_F(ConfigPushTest, HintsEverybodyWhileTheDatabaseIsAway) {
  w.control->database.away = true;
  pushing.wake();
  EXPECT_TRUE(streams->after(1).contains("all"));
  w.control->database.away = false;
}

}  // namespace
}  // namespace rap::store
