// What nodes cost that come by the thousand: check-ins and pulls of configuration.
#include <gtest/gtest.h>

#include <thread>

#include "crypto/tokens/dsse.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;

class ManyNodes : public ::testing::Test {
 protected:
  struct Cost {
    int transactions;
    std::uint64_t statements;
    bool operator==(const Cost&) const = default;
  };
  template <class Work>
  Cost cost_of(Work work) {
    const int transactions = w.control->database.transactions;
    const std::uint64_t statements = w.control->statements();
    work();
    return {w.control->database.transactions - transactions, w.control->statements() - statements};
  }
  Answered pull(const std::string& node, const json& body) {
    Answered a = w.control->node_call(node, "configs/pull", body);
    EXPECT_EQ(a.status, 200) << a.text;
    return a;
  }
  void check_in(const std::string& node, const json& sessions = json::array()) {
    const Answered a = w.control->node_call(
        node, "checkin",
        {{"versions", json::object()}, {"observations", {{"sessions", sessions}}}});
    EXPECT_EQ(a.status, 200) << a.text;
  }
  static snapshot::NodeConfig opened(const Answered& a) {
    const auto& key = ControlPlane::authority().config_key;
    const auto payload =
        crypto::open_envelope(a.body["configs"][0]["envelope"].get<std::string>(),
                              snapshot::kNodeConfigType, {{key.kid, key.key.public_key()}});
    EXPECT_TRUE(payload);
    return snapshot::parse_node_config(as_text(*payload)).value_or(snapshot::NodeConfig{});
  }

  std::uint64_t admissions() {
    Connection c = TestCluster::open(w.conninfo, "postgres");
    return c.query("SELECT admissions FROM clusters", {}).value()[0].count(0);
  }

  SeededWorld w;
};

TEST_F(ManyNodes, AnIdleNodesCheckInIsOneTransactionOfTwoStatements) {
  EXPECT_EQ(cost_of([&] { check_in(seed().relay); }), (Cost{1, 2}));
}

TEST_F(ManyNodes, ACheckInWithSessionsCostsTheSameForOneAsForMany) {
  const auto session = [](const std::string& id) {
    return json{{"session_id", id}, {"flows", 1}, {"bytes_up", 2}, {"bytes_down", 3}};
  };
  std::vector<json> sessions{session(seed().session)};
  EXPECT_EQ(cost_of([&] { check_in(seed().entry, sessions); }), (Cost{1, 5}));
  for (int i = 0; i < 20; ++i) {
    const Answered a = w.as("user@alpha", "POST", "sessions", session_wanted("secret-alpha"));
    ASSERT_EQ(a.status, 201) << a.text;
    sessions.push_back(session(a.body["session"]["id"]));
  }
  sessions.push_back(sessions.back());  // a node that says so twice is heard once
  EXPECT_EQ(cost_of([&] { check_in(seed().entry, sessions); }), (Cost{1, 5}));
  int active = 0;
  for (const json& s : in(w.as("user@alpha", "GET", "sessions"), "items")) {
    active += s["state"] == "active" ? 1 : 0;
  }
  EXPECT_EQ(active, 21);
  check_in(seed().entry);
  for (const json& s : in(w.as("user@alpha", "GET", "sessions"), "items")) {
    EXPECT_EQ(s["state"], "detached") << "the node does not carry it any more";
  }
  EXPECT_EQ(cost_of([&] { check_in(seed().entry); }), (Cost{1, 2})) << "idle again";
}

TEST_F(ManyNodes, AllPullsAfterAChangeTogetherLoadTheClusterOnce) {
  const auto pull_from_everywhere = [&] {
    std::vector<std::jthread> nodes;
    for (const std::string& id : {seed().entry, seed().relay, seed().egress}) {
      nodes.emplace_back([this, id] {
        for (int i = 0; i < 10; ++i) EXPECT_EQ(pull(id, {{"have", 0}}).body["configs"].size(), 1U);
      });
    }
  };
  pull_from_everywhere();
  EXPECT_EQ(w.control->models.loads(), 1U);
  EXPECT_EQ(cost_of([&] { pull(seed().entry, {{"have", 0}}); }), (Cost{1, 1}));
  const auto before = opened(pull(seed().entry, {{"have", 0}})).version;

  EXPECT_EQ(w.as("root", "POST", "nodes/relay-n/drain", json::object()).status, 200);
  pull_from_everywhere();
  EXPECT_EQ(w.control->models.loads(), 2U);
  EXPECT_GT(opened(pull(seed().entry, {{"have", 0}})).version, before);
}

TEST_F(ManyNodes, WhoPullsWhatAnotherPulledAMomentAgoIsAnsweredFromMemory) {
  const auto version = opened(pull(seed().entry, {{"have", 0}})).version;
  for (const std::string& id : {seed().relay, seed().egress}) pull(id, {{"have", 0}});
  w.control->clock.stand_still();
  pull(seed().entry, {{"have", 0}});
  EXPECT_EQ(cost_of([&] {
              for (const std::string& id : {seed().entry, seed().relay, seed().egress}) {
                EXPECT_EQ(opened(pull(id, {{"have", 0}})).node.str(), id);
                EXPECT_TRUE(pull(id, {{"have", version}}).body["configs"].empty());
              }
            }),
            (Cost{0, 0}));
}

TEST_F(ManyNodes, OneNodesRevocationSendsNoOtherToTheDatabase) {
  for (const std::string& id : {seed().entry, seed().relay, seed().egress}) {
    pull(id, {{"have", 0}});
    pull(id, {{"have", 0}});  // the first was a reading of the versions before it was admitted
  }
  ASSERT_LT(w.as("root", "POST", "nodes/relay-n/revoke", json::object()).status, 300);
  w.control->admission_cache.forget();
  w.control->clock.stand_still();
  pull(seed().entry, {{"have", 0}});  // reads the versions and the cluster
  EXPECT_EQ(cost_of([&] {
              for (int i = 0; i < 3; ++i) {
                EXPECT_FALSE(opened(pull(seed().egress, {{"have", 0}})).revocations.empty());
                EXPECT_FALSE(opened(pull(seed().entry, {{"have", 0}})).revocations.empty());
              }
            }),
            (Cost{0, 0}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(w.control->node_call(seed().relay, "configs/pull", {{"have", 0}}).code(),
              "certificate_revoked");
  }
}

TEST_F(ManyNodes, ANodeAdmittedBeforeItsRevocationWasSeenIsNotRememberedAsAdmitted) {
  auto& admission_cache = w.control->admission_cache;
  const NodeId node = *NodeId::parse(seed().relay);
  const std::string serial = seed().serials.at(seed().relay);
  admission_cache.versions_for(node, serial);  // from here on it follows what changes
  const auto before = admission_cache.versions_for(node, serial);
  EXPECT_FALSE(before) << "nobody admitted it yet";
  const std::uint64_t then = admissions();
  ASSERT_LT(w.as("root", "POST", "nodes/relay-n/revoke", json::object()).status, 300);
  admission_cache.versions_for(*NodeId::parse(seed().entry), "");
  admission_cache.remember(node, serial, then);  // a transaction that began before
  EXPECT_FALSE(admission_cache.versions_for(node, serial));
  admission_cache.remember(node, serial, admissions());
  EXPECT_TRUE(admission_cache.versions_for(node, serial));
}

TEST_F(ManyNodes, MoreChangesThanAreFollowedMakeAllBeAskedForOnceMore) {
  auto& admission_cache = w.control->admission_cache;
  const NodeId node = *NodeId::parse(seed().relay);
  admission_cache.versions_for(node, "01");
  admission_cache.remember(node, "01", admissions());
  EXPECT_TRUE(admission_cache.versions_for(node, "01"));
  Connection owner = TestCluster::open(w.conninfo, "postgres");
  ASSERT_TRUE(
      owner.query("INSERT INTO admission_changes (cluster_id, node_id, number) "
                  "SELECT id, gen_random_uuid(), admissions + n "
                  "FROM clusters, generate_series(1, $1::int) n",
                  {to_param(kMaxChangesFollowed + 1)}));
  ASSERT_TRUE(owner.query("UPDATE clusters SET admissions = admissions + $1",
                          {to_param(kMaxChangesFollowed + 1)}));
  EXPECT_FALSE(admission_cache.versions_for(node, "01"));
  admission_cache.remember(node, "01", admissions());
  EXPECT_TRUE(admission_cache.versions_for(node, "01"));
}

TEST_F(ManyNodes, AcknowledgementsThatWaitTogetherAreOneTransactionOfTwoStatements) {
  const json acks = {{"acks", {{{"type", "node_config"}, {"version", 7}}}}};
  std::vector<wire::HttpRequest> requests;
  for (const std::string& id : {seed().entry, seed().relay, seed().egress, seed().entry}) {
    requests.push_back(w.control->node_request_of(id, "configs/acks", acks));
  }
  EXPECT_EQ(cost_of([&] {
              for (const Answered& a : w.control->node_requests_together(requests)) {
                EXPECT_EQ(a.status, 204) << a.text;
              }
            }),
            (Cost{1, 2}));
  for (const json& node : in(w.as("root", "GET", "nodes"), "items")) {
    EXPECT_EQ(node["config_version"], node["name"] == "newcomer" ? 0 : 7) << node["name"];
  }
}

TEST_F(ManyNodes, AnAcknowledgementThatIsRefusedLeavesThoseBesideItAlone) {
  ASSERT_LT(w.as("root", "POST", "nodes/relay-n/revoke", json::object()).status, 300);
  const json acks = {{"acks", {{{"type", "node_config"}, {"version", 7}}}}};
  auto stranger = w.control->node_request_of(seed().egress, "configs/acks", acks);
  stranger.path = "/cp/v2/nodes/" + seed().entry + "/configs/acks";
  const auto answers = w.control->node_requests_together(
      {w.control->node_request_of(seed().relay, "configs/acks", acks), stranger,
       w.control->node_request_of(seed().entry, "configs/acks", acks),
       w.control->node_request_of(seed().egress, "configs/acks", {{"acks", "?"}}),
       w.control->node_request_of(seed().egress, "checkin", {{"versions", json::object()}})});
  ASSERT_EQ(answers.size(), 5U);
  EXPECT_EQ(answers[0].code(), "certificate_revoked");
  EXPECT_EQ(answers[1].code(), "wrong_node");
  EXPECT_EQ(answers[2].status, 204);
  EXPECT_EQ(answers[3].code(), "invalid_member");
  EXPECT_EQ(answers[4].status, 200) << "whatever else came";
  for (const json& node : in(w.as("root", "GET", "nodes"), "items")) {
    EXPECT_EQ(node["config_version"], node["name"] == "entry-n" ? 7 : 0) << node["name"];
  }
}

TEST_F(ManyNodes, ANodeThatHasTheNewestIsAnsweredWithoutLookingAtTheCluster) {
  const auto version = opened(pull(seed().entry, {{"have", 0}})).version;
  const auto loads = w.control->models.loads();
  EXPECT_TRUE(pull(seed().entry, {{"have", version}}).body["configs"].empty());
  EXPECT_EQ(w.control->models.loads(), loads);
}

TEST_F(ManyNodes, WhatExpiresIsLeftOutWithoutBeingLoadedAnew) {
  const json certificate = in(w.as("root", "GET", "certificates"), "items")[0];
  const std::string serial = certificate["serial"];
  EXPECT_LT(w.as("root", "POST", "certificates/" + serial + "/revoke", {{"key", true}}).status,
            300);
  const std::string other = certificate["node_name"] == "relay-n" ? seed().egress : seed().relay;
  const auto revoked = opened(pull(other, {{"have", 0}}));
  ASSERT_FALSE(revoked.revocations.empty());
  const auto loads = w.control->models.loads();
  w.control->now += 91 * 24h;
  EXPECT_TRUE(opened(pull(other, {{"have", 0}})).revocations.empty());
  EXPECT_EQ(w.control->models.loads(), loads);
}

TEST_F(ManyNodes, AnotherAuthorityIsAnotherCluster) {
  pull(seed().entry, {{"have", 0}});
  control::Authority next = ControlPlane::authority();
  next.token_key =
      control::make_signing_key("token", crypto::PrivateKey::generate(crypto::KeyType::ed25519));
  const std::string kid = next.token_key.kid;
  w.control->current.set(std::move(next));
  EXPECT_EQ(opened(pull(seed().entry, {{"have", 0}})).token_keys.at(0).kid, kid);
}

}  // namespace
}  // namespace rap::store
