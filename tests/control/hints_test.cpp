// What the database announces when a transaction changed something for nodes.
#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;

struct Hints : testing::Test {
  Hints() : listener(TestCluster::open(w.conninfo, kAppRole)) {
    EXPECT_TRUE(listener.script("LISTEN rap_hints"));
  }
  // Everything announced so far.
  std::vector<std::string> heard() {
    std::vector<std::string> all;
    for (;;) {
      auto some = listener.notifications(200ms);
      if (!some || some->empty()) return all;
      all.insert(all.end(), some->begin(), some->end());
    }
  }

  // A hint as it is announced: of the cluster, and of the node if it is for one.
  static std::string hint(const std::string& what, const std::string& node = "") {
    return what + " " + ControlPlane::authority().cluster.str() + (node.empty() ? "" : " " + node);
  }

  SeededWorld w;
  Connection listener;
};

TEST_F(Hints, AChangeOfConfigurationIsAnnouncedOnceToAll) {
  EXPECT_EQ(w.as("root", "PUT", "nodes/relay-n/roles", {{"roles", {"relay", "entry"}}}).status,
            200);
  EXPECT_EQ(heard(), std::vector<std::string>({hint("config")}));
}

TEST_F(Hints, WhatIsNotCommittedIsNotAnnounced) {
  w.control->database.dry = true;
  EXPECT_EQ(w.as("root", "PUT", "nodes/relay-n/roles", {{"roles", {"relay", "entry"}}}).status,
            200);
  EXPECT_TRUE(heard().empty());
}

TEST_F(Hints, ARevokedNodeIsToLoseItsStream) {
  EXPECT_EQ(w.as("root", "POST", "nodes/relay-n/revoke", json::object()).status, 200);
  const auto hints = heard();
  EXPECT_NE(std::ranges::find(hints, hint("end", seed().relay)), hints.end());
  EXPECT_NE(std::ranges::find(hints, hint("config")), hints.end());
}

TEST_F(Hints, ADisabledNodeIsToLoseItsStream) {
  EXPECT_EQ(w.as("root", "POST", "nodes/relay-n/disable").status, 200);
  const auto hints = heard();
  EXPECT_NE(std::ranges::find(hints, hint("end", seed().relay)), hints.end());
}

TEST_F(Hints, ACommandIsAnnouncedToItsNode) {
  w.as("user@alpha", "DELETE", "sessions/" + seed().session);
  const auto hints = heard();
  EXPECT_NE(std::ranges::find(hints, hint("commands", seed().entry)), hints.end());
  EXPECT_NE(std::ranges::find(hints, hint("commands", seed().egress)), hints.end());
}

TEST_F(Hints, ChangesOfSecurityDataAreAnnouncedToAll) {
  EXPECT_EQ(w.as("root", "POST", "blocklist", {{"kind", "ip"}, {"value", "203.0.113.7"}}).status,
            201);
  EXPECT_EQ(heard(), std::vector<std::string>({hint("blocklist")}));
  EXPECT_EQ(w.as("root", "DELETE", "blocklist/ip/203.0.113.7").status, 204);
  EXPECT_EQ(heard(), std::vector<std::string>({hint("blocklist")}));
  EXPECT_EQ(w.as("root", "POST", "users/nobody@nowhere.test/sign-out").status, 200);
  EXPECT_EQ(heard(), std::vector<std::string>({hint("epochs")}));
}

TEST_F(Hints, OfAChangeInOneClusterNameThatClusterAndNoOther) {
  const std::string other = "0f8fad5b-d9cb-469f-a165-70867728950e";
  const std::string node = "1f8fad5b-d9cb-469f-a165-70867728950e";
  Connection app = TestCluster::open(w.conninfo, kAppRole);
  const auto change = app.script(
      "BEGIN; SELECT set_config('rap.scope', 'platform', true); "
      "INSERT INTO clusters (id, created_at) VALUES ('" +
      other +
      "', 1); "
      "SELECT set_config('rap.cluster_id', '" +
      other +
      "', true); "
      "INSERT INTO nodes (id, name, state, created_at) VALUES ('" +
      node +
      "', 'relay-n', "
      "'approved', 1); UPDATE nodes SET state = 'disabled' WHERE name = 'relay-n'; "
      "INSERT INTO server_blocklist_changes (kind, value, action, changed_at) VALUES "
      "('ip', '203.0.113.7', 'add', 1); COMMIT");
  ASSERT_TRUE(change) << change.error().message;
  auto hints = heard();
  std::ranges::sort(hints);
  EXPECT_EQ(hints, std::vector<std::string>(
                       {"blocklist " + other, "config " + other, "end " + other + " " + node}));
}

TEST_F(Hints, APersonsEpochIsAnnouncedToEveryCluster) {
  const std::string other = "0f8fad5b-d9cb-469f-a165-70867728950e";
  Connection app = TestCluster::open(w.conninfo, kAppRole);
  ASSERT_TRUE(
      app.script("BEGIN; SELECT set_config('rap.scope', 'platform', true); "
                 "INSERT INTO clusters (id, created_at) VALUES ('" +
                 other +
                 "', 1); "
                 "COMMIT"));
  EXPECT_EQ(w.as("root", "POST", "users/nobody@nowhere.test/sign-out").status, 200);
  auto hints = heard();
  std::ranges::sort(hints);
  std::vector<std::string> expected = {"epochs " + other, hint("epochs")};
  std::ranges::sort(expected);
  EXPECT_EQ(hints, expected);
}

TEST_F(Hints, ACheckInAnnouncesNothing) {
  EXPECT_EQ(w.control->node_call(seed().entry, "checkin", {{"versions", json::object()}}).status,
            200);
  EXPECT_TRUE(heard().empty());
}

}  // namespace
}  // namespace rap::store
