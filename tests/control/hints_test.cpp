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

  SeededWorld w;
  Connection listener;
};

TEST_F(Hints, AChangeOfConfigurationIsAnnouncedOnceToAll) {
  EXPECT_EQ(w.as("root", "PUT", "nodes/relay-n/roles", {{"roles", {"relay", "entry"}}}).status,
            200);
  EXPECT_EQ(heard(), std::vector<std::string>({"config"}));
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
  EXPECT_NE(std::ranges::find(hints, "end " + seed().relay), hints.end());
  EXPECT_NE(std::ranges::find(hints, "config"), hints.end());
}

TEST_F(Hints, ADisabledNodeIsToLoseItsStream) {
  EXPECT_EQ(w.as("root", "POST", "nodes/relay-n/disable").status, 200);
  const auto hints = heard();
  EXPECT_NE(std::ranges::find(hints, "end " + seed().relay), hints.end());
}

TEST_F(Hints, ACommandIsAnnouncedToItsNode) {
  w.as("user@alpha", "DELETE", "sessions/" + seed().session);
  const auto hints = heard();
  EXPECT_NE(std::ranges::find(hints, "commands " + seed().entry), hints.end());
  EXPECT_NE(std::ranges::find(hints, "commands " + seed().egress), hints.end());
}

TEST_F(Hints, ChangesOfSecurityDataAreAnnouncedToAll) {
  EXPECT_EQ(w.as("root", "POST", "blocklist", {{"kind", "ip"}, {"value", "203.0.113.7"}}).status,
            201);
  EXPECT_EQ(heard(), std::vector<std::string>({"blocklist"}));
  EXPECT_EQ(w.as("root", "DELETE", "blocklist/ip/203.0.113.7").status, 204);
  EXPECT_EQ(heard(), std::vector<std::string>({"blocklist"}));
  EXPECT_EQ(w.as("root", "POST", "users/nobody@nowhere.test/sign-out").status, 200);
  EXPECT_EQ(heard(), std::vector<std::string>({"epochs"}));
}

TEST_F(Hints, ACheckInAnnouncesNothing) {
  EXPECT_EQ(w.control->node_call(seed().entry, "checkin", {{"versions", json::object()}}).status,
            200);
  EXPECT_TRUE(heard().empty());
}

}  // namespace
}  // namespace rap::store
