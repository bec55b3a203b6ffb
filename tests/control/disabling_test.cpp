// What gives a right or a way can be shut for a while, and is opened again with all it had.
#include <gtest/gtest.h>

#include <algorithm>

#include "test_world.hpp"

namespace rap::store {
namespace {

class Disabling : public ::testing::Test {
 protected:
  Answered admin(const std::string& method, const std::string& path, const json& body = {}) {
    return w.as("admin@alpha", method, "organizations/alpha/" + path, body);
  }
  Answered owner(const std::string& method, const std::string& path, const json& body = {}) {
    return w.as("owner@alpha", method, "organizations/alpha/" + path, body);
  }
  Answered session() {
    return w.as("user@alpha", "POST", "sessions", session_wanted("secret-alpha"));
  }
  std::size_t reachable() { return in(w.as("user@alpha", "GET", "resources"), "items").size(); }
  // The seed's session is over, for that reason, and every node at an end of sessions is told.
  void expect_ended(const std::string& why) {
    const json ended = in(w.as("user@alpha", "GET", "sessions?state=ended"), "items");
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0]["ended_because"], why);
    EXPECT_EQ(in(w.control->node_call(seed().egress, "commands/pull?since=0"), "commands").size(),
              1U);
  }
  std::size_t audited(const std::string& action) {
    const json items = in(w.as("owner@alpha", "GET", "audit?organization=alpha"), "items");
    return static_cast<std::size_t>(
        std::ranges::count_if(items, [&](const json& e) { return e["action"] == action; }));
  }
  bool listed_as_disabled(const std::string& path) {
    return in(admin("GET", path), "items")[0].value("disabled", false);
  }

  SeededWorld w;
};

TEST_F(Disabling, APoolShutsWhatIsBehindItAndKeepsIt) {
  EXPECT_EQ(
      w.as("user@alpha", "POST", "organizations/alpha/egress-pools/pool-alpha/disable").status,
      403);
  ASSERT_EQ(admin("POST", "egress-pools/pool-alpha/disable").body["disabled"], true);
  expect_ended("egress_pool_disabled");
  const Answered refused = session();
  EXPECT_EQ(refused.code(), "resource_disabled");
  EXPECT_EQ(refused.text.find("pool-alpha"), std::string::npos) << "pools are not theirs to know";
  EXPECT_EQ(admin("POST", "egress-pools/pool-alpha/disable").status, 200) << "twice is harmless";
  EXPECT_TRUE(listed_as_disabled("egress-pools"));
  EXPECT_EQ(admin("POST", "egress-pools/pool-alpha/enable").body["disabled"], false);
  EXPECT_EQ(session().status, 201) << "nodes, resources and grants waited";
  EXPECT_EQ(audited("egress_pool.disabled"), 1U);
  EXPECT_EQ(audited("egress_pool.enabled"), 1U);
  EXPECT_EQ(admin("POST", "egress-pools/nothing/disable").code(), "egress_pool_not_found");
}

TEST_F(Disabling, NoNodeIsToldOfWhatIsBehindADisabledPool) {
  const auto told = [&] { return w.control->config_of(seed().egress).resources.size(); };
  const std::size_t before = told();
  admin("POST", "egress-pools/pool-alpha/disable");
  EXPECT_EQ(told(), before - 1);
  admin("POST", "egress-pools/pool-alpha/enable");
  EXPECT_EQ(told(), before);
}

TEST_F(Disabling, AMembershipShutsWhatTheOrganizationGaveAndKeepsIt) {
  const std::string path = "members/user@alpha.test";
  ASSERT_EQ(admin("POST", path + "/disable").body["disabled"], true);
  expect_ended("membership_disabled");
  EXPECT_EQ(session().code(), "resource_not_found");
  EXPECT_EQ(reachable(), 0U);
  EXPECT_EQ(w.as("user@alpha", "GET", "organizations/alpha/resources").code(),
            "organization_not_found");
  EXPECT_EQ(w.as("user@alpha", "GET", "me").body["memberships"].size(), 0U);
  EXPECT_EQ(in(w.as("user@alpha", "GET", "organizations"), "items").size(), 0U);
  EXPECT_EQ(w.as("user@alpha", "GET", "me").status, 200) << "the account is not the membership";
  EXPECT_EQ(admin("POST", path + "/disable").status, 200) << "twice is harmless";
  EXPECT_EQ(admin("POST", path + "/enable").body["role"], "organization_user");
  EXPECT_EQ(session().status, 201) << "role and grants waited";
  EXPECT_EQ(audited("member.disabled"), 1U);
  EXPECT_EQ(audited("member.enabled"), 1U);
  EXPECT_EQ(admin("POST", "members/nobody@nowhere.test/disable").code(), "member_not_found");
}

TEST_F(Disabling, OfManagersIsForOwners) {
  EXPECT_EQ(admin("POST", "members/owner@alpha.test/disable").status, 403);
  ASSERT_EQ(owner("POST", "members/admin@alpha.test/disable").status, 200);
  EXPECT_EQ(admin("GET", "members").code(), "organization_not_found");
  EXPECT_EQ(admin("POST", "members/admin@alpha.test/enable").status, 404) << "not by themselves";
  ASSERT_EQ(owner("POST", "members", {{"email", "admin@alpha.test"}, {"role", "organization_user"}})
                .body["disabled"],
            true)
      << "another role opens nothing";
  EXPECT_EQ(owner("POST", "members/admin@alpha.test/enable").status, 200);
  EXPECT_EQ(admin("GET", "members").status, 403) << "they have the new role";
}

TEST_F(Disabling, AnOwnerEndsWhatTheyDelegated) {
  ASSERT_EQ(
      owner("POST", "delegations", {{"email", "keeper@platform.test"}, {"right", "manage"}}).status,
      201);
  EXPECT_EQ(w.as("keeper", "GET", "organizations/alpha/members").status, 200);
  ASSERT_EQ(w.as("root", "POST", "organizations/alpha/members/owner@alpha.test/disable").status,
            200);
  EXPECT_EQ(w.as("keeper", "GET", "organizations/alpha/members").status, 403);
  ASSERT_EQ(w.as("root", "POST", "organizations/alpha/members/owner@alpha.test/enable").status,
            200);
  EXPECT_EQ(w.as("keeper", "GET", "organizations/alpha/members").status, 403)
      << "another is given anew, as with a disabled account";
}

TEST_F(Disabling, AMemberStaysOneWhosePasswordIsAnOwnersToReset) {
  admin("POST", "members/user@alpha.test/disable");
  EXPECT_EQ(w.as("keeper", "POST", "users/user@alpha.test/reset-password").status, 403)
      << "a password opens the doors again that wait";
}

TEST_F(Disabling, AGrantShutsOneWayAndKeepsIt) {
  const std::string path = "resources/secret-alpha/grants/user@alpha.test";
  ASSERT_EQ(admin("POST", path + "/disable").body["disabled"], true);
  expect_ended("grant_disabled");
  EXPECT_EQ(session().code(), "resource_not_found") << "like what was never granted";
  EXPECT_EQ(reachable(), 0U);
  EXPECT_EQ(in(w.as("user@alpha", "GET", "organizations/alpha/resources"), "items").size(), 0U);
  EXPECT_EQ(admin("POST", path + "/disable").status, 200) << "twice is harmless";
  EXPECT_TRUE(listed_as_disabled("resources/secret-alpha/grants"));
  const Answered again =
      admin("POST", "resources/secret-alpha/grants", {{"email", "user@alpha.test"}});
  EXPECT_EQ(again.code(), "conflict") << "who adds it anew is told what to do";
  EXPECT_NE(again.text.find("grants enable"), std::string::npos);
  EXPECT_EQ(admin("POST", path + "/enable").body["disabled"], false);
  EXPECT_EQ(session().status, 201);
  EXPECT_EQ(audited("grant.disabled"), 1U);
  EXPECT_EQ(audited("grant.enabled"), 1U);
  EXPECT_EQ(admin("POST", "resources/secret-alpha/grants/admin@alpha.test/disable").code(),
            "grant_not_found");
}

TEST_F(Disabling, AMetricsTokenShutsItAtOnceAndKeepsIt) {
  ControlPlane& c = *w.control;
  const std::string token = seed().tokens.at("scraper");
  const auto scrape = [&] { return c.bare_call("GET", "/metrics", {}, token).status; };
  EXPECT_EQ(scrape(), 200);
  EXPECT_EQ(w.as("keeper", "POST", "metrics-tokens/Prometheus/disable").body["state"], "disabled");
  EXPECT_EQ(scrape(), 401);
  c.database.away = true;
  EXPECT_EQ(scrape(), 503) << "nor is it remembered";
  c.database.away = false;
  EXPECT_EQ(w.as("keeper", "POST", "metrics-tokens/prometheus/enable").body["state"], "good");
  EXPECT_EQ(scrape(), 200) << "with the same secret";
  const json entries = in(w.as("root", "GET", "audit"), "items");
  EXPECT_EQ(entries[0]["action"], "metrics_token.enabled");
  EXPECT_EQ(entries[1]["action"], "metrics_token.disabled");
  EXPECT_EQ(w.as("keeper", "POST", "metrics-tokens/nothing/disable").code(),
            "metrics_token_not_found");
}

}  // namespace
}  // namespace rap::store
