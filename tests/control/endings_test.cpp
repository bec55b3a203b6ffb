// Whatever can be made can be changed, disabled, enabled and removed; what is in the way is named.
#include <gtest/gtest.h>

#include <set>

#include "test_world.hpp"

namespace rap::store {
namespace {

class Endings : public ::testing::Test {
 protected:
  Answered root(const std::string& method, const std::string& path, const json& body = {}) {
    return w.as("root", method, path, body);
  }
  Answered admin(const std::string& method, const std::string& path, const json& body = {}) {
    return w.as("admin@alpha", method, "organizations/alpha/" + path, body);
  }
  Answered session() {
    return w.as("user@alpha", "POST", "sessions", session_wanted("secret-alpha"));
  }
  json ended() { return in(w.as("user@alpha", "GET", "sessions?state=ended"), "items"); }
  // Every node at an end of sessions is told to end the seed's.
  void expect_ended(const std::string& why) {
    ASSERT_EQ(ended().size(), 1U);
    EXPECT_EQ(ended()[0]["ended_because"], why);
    EXPECT_EQ(in(w.control->node_call(seed().egress, "commands/pull?since=0"), "commands").size(),
              1U);
  }
  std::set<std::string> audited(const std::string& who, const std::string& query) {
    std::set<std::string> actions;
    for (const json& e : in(w.as(who, "GET", "audit" + query), "items"))
      actions.insert(e["action"]);
    return actions;
  }

  SeededWorld w;
};

// What the route table offers to make, and how each is changed and taken back.
TEST_F(Endings, ExistForWhateverTheApiMakes) {
  std::set<std::string> operations;
  for (const auto& route : w.control->api().routes())
    operations.insert(std::string(route.operation));
  const std::vector<std::vector<std::string>> kLives = {
      {"createUser", "updateUser", "disableUser", "enableUser", "removeUser"},
      {"createOrganization", "renameOrganization", "disableOrganization", "enableOrganization",
       "removeOrganization"},
      {"putMember", "disableMember", "enableMember", "removeMember"},
      {"putMember", "withdrawInvitation", "acceptInvitation", "declineInvitation"},
      {"createEgressPool", "renameEgressPool", "disableEgressPool", "enableEgressPool",
       "removeEgressPool"},
      {"addEgressPoolNode", "removeEgressPoolNode"},
      {"createResource", "updateResource", "disableResource", "enableResource", "removeResource"},
      {"addGrant", "disableGrant", "enableGrant", "removeGrant"},
      {"createJoinToken", "withdrawJoinToken"},
      {"createMetricsToken", "disableMetricsToken", "enableMetricsToken", "removeMetricsToken"},
      {"addDelegation", "removeDelegation"},
      {"addOrganizationDelegation", "removeOrganizationDelegation"},
      {"addToBlocklist", "removeFromBlocklist"},
      {"setConfig", "unsetConfig"},
      {"setOrganizationConfig", "unsetOrganizationConfig"},
      {"createSession", "createAttachment", "terminateSession"},
      {"enrol", "approveEnrolment", "denyEnrolment", "setNodeRoles", "drainNode", "undrainNode",
       "disableNode", "enableNode", "renameNode", "readmitNode", "revokeNode", "removeNode"}};
  for (const auto& life : kLives) {
    for (const std::string& operation : life)
      EXPECT_TRUE(operations.contains(operation)) << operation;
  }
  // What makes something new is in the table above.
  for (const std::string& operation : operations) {
    if (!operation.starts_with("create") && !operation.starts_with("add") &&
        !operation.starts_with("enrol")) {
      continue;
    }
    EXPECT_TRUE(std::ranges::any_of(
        kLives, [&](const auto& life) { return std::ranges::find(life, operation) != life.end(); }))
        << operation << " makes something: how does it end?";
  }
}

TEST_F(Endings, OfAResourceThatMovesAreThoseOfItsSessionsAndGrantsStay) {
  const Answered moved = admin("PATCH", "resources/secret-alpha", {{"host", "new.internal"}});
  ASSERT_EQ(moved.status, 200) << moved.text;
  EXPECT_EQ(moved.body["host"], "new.internal");
  EXPECT_EQ(moved.body["port"], 22) << "what is not named stays";
  expect_ended("resource_changed");
  EXPECT_EQ(session().status, 201);
  const json newest = in(w.as("owner@alpha", "GET", "audit?organization=alpha"), "items");
  EXPECT_TRUE(std::ranges::any_of(newest, [](const json& e) {
    return e["action"] == "resource.changed" && e["detail"]["host"] == "new.internal";
  }));
}

TEST_F(Endings, AreNoneForARenamedResource) {
  EXPECT_EQ(admin("PATCH", "resources/secret-alpha", {{"name", "office"}}).status, 200);
  EXPECT_EQ(ended().size(), 0U);
  EXPECT_EQ(w.as("user@alpha", "POST", "sessions", session_wanted("office")).status, 201);
  EXPECT_EQ(session().code(), "resource_not_found");
}

TEST_F(Endings, ChangesOfResourcesAreJudgedAsNewOnesAre) {
  const std::string key =
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPGfbiDf+P4WHRfS2z0Bq7hX8cNkFTZkgIY3GFrBmy7n";
  const auto change = [&](const json& body) {
    return admin("PATCH", "resources/secret-alpha", body);
  };
  EXPECT_EQ(change({{"host", "169.254.169.254"}}).code(), "invalid_member");
  EXPECT_EQ(change({{"port", 0}}).code(), "invalid_member");
  EXPECT_EQ(change({{"egress_pool", "pool-beta"}}).code(), "egress_pool_not_found");
  EXPECT_EQ(change({{"ssh_host_key", key}}).body["ssh_host_key"], key);
  EXPECT_EQ(change({{"protocol", "tcp"}}).code(), "invalid_member") << "with a host key pinned";
  EXPECT_FALSE(change({{"remove_ssh_host_key", true}}).body.contains("ssh_host_key"));
  EXPECT_EQ(change({{"protocol", "tcp"}}).status, 200);
  admin("POST", "resources",
        {{"name", "two"},
         {"protocol", "tcp"},
         {"host", "h"},
         {"port", 1},
         {"egress_pool", "pool-alpha"}});
  EXPECT_EQ(change({{"name", "TWO"}}).code(), "resource_exists");
  EXPECT_EQ(admin("PATCH", "resources/nothing", {{"port", 1}}).code(), "resource_not_found");
}

TEST_F(Endings, OfAPoolWaitForItsResources) {
  const Answered refused = admin("DELETE", "egress-pools/pool-alpha");
  EXPECT_EQ(refused.code(), "egress_pool_in_use");
  EXPECT_NE(refused.body["detail"].get<std::string>().find("'secret-alpha'"), std::string::npos);
  EXPECT_EQ(admin("POST", "egress-pools", {{"name", "other"}}).status, 201);
  EXPECT_EQ(admin("PATCH", "egress-pools/other", {{"name", "POOL-ALPHA"}}).code(),
            "egress_pool_exists");
  EXPECT_EQ(admin("PATCH", "egress-pools/other", {{"name", "fresh"}}).body["name"], "fresh");
  EXPECT_EQ(admin("PATCH", "resources/secret-alpha", {{"egress_pool", "fresh"}}).status, 200);
  EXPECT_EQ(admin("DELETE", "egress-pools/pool-alpha").status, 204) << "with the node in it";
  EXPECT_EQ(admin("DELETE", "egress-pools/pool-alpha").code(), "egress_pool_not_found");
  EXPECT_EQ(root("PUT", "organizations/alpha/egress-pools/fresh/nodes/egress-n").status, 204);
  EXPECT_EQ(session().status, 201);
}

TEST_F(Endings, OfANodeInAPoolAreThoseOfWhatItCarries) {
  w.control->node_call(
      seed().egress, "checkin",
      {{"versions", json::object()},
       {"observations", {{"sessions", {{{"session_id", seed().session}, {"flows", 1}}}}}}});
  const std::string path = "organizations/alpha/egress-pools/pool-alpha/nodes/egress-n";
  EXPECT_EQ(root("DELETE", path).status, 204);
  expect_ended("egress_removed");
  EXPECT_EQ(session().code(), "egress_pool_empty");
  EXPECT_EQ(root("DELETE", path).status, 204) << "twice is harmless";
}

TEST_F(Endings, AndBeginningsInTheirPathAreToldToTheOrganization) {
  const std::string path = "organizations/alpha/egress-pools/pool-alpha/nodes/relay-n";
  EXPECT_EQ(root("PUT", path).status, 204);
  const json told = in(w.as("owner@alpha", "GET", "audit?organization=alpha&limit=1"), "items")[0];
  EXPECT_EQ(told["action"], "egress_pool.node_added");
  EXPECT_EQ(told["actor"]["name"], "root@platform.test");
  EXPECT_EQ(told["target"]["name"], "pool-alpha");
  EXPECT_EQ(told["detail"], (json{{"nodes", 2}})) << "which node it is, is the platform's to know";
  EXPECT_EQ(root("DELETE", path).status, 204);
  EXPECT_TRUE(audited("owner@alpha", "?organization=alpha").contains("egress_pool.node_removed"));
  const json of_platform = in(w.as("keeper", "GET", "audit?limit=1"), "items")[0];
  EXPECT_EQ(of_platform["detail"]["node"], "relay-n");
  EXPECT_EQ(of_platform["detail"]["organization"], "alpha");
}

TEST_F(Endings, OfAnOrganizationThatIsDisabledCanBeTakenBack) {
  EXPECT_EQ(w.as("keeper", "POST", "organizations/alpha/disable").status, 403);
  ASSERT_EQ(root("POST", "organizations/alpha/disable").body["disabled"], true);
  expect_ended("organization_disabled");
  EXPECT_EQ(session().code(), "resource_not_found");
  EXPECT_EQ(in(w.as("user@alpha", "GET", "resources"), "items").size(), 0U);
  EXPECT_EQ(admin("GET", "members").code(), "organization_disabled");
  EXPECT_EQ(w.as("user@alpha", "GET", "me").status, 200) << "the account is not the organization";
  EXPECT_EQ(root("GET", "organizations/alpha/members").status, 200);
  EXPECT_EQ(root("POST", "organizations/alpha/enable").body["disabled"], false);
  EXPECT_EQ(session().status, 201) << "grants waited";
  const auto seen = audited("owner@alpha", "?organization=alpha");
  EXPECT_TRUE(seen.contains("organization.disabled"));
  EXPECT_TRUE(seen.contains("organization.enabled"));
}

TEST_F(Endings, OfAResourceThatIsDisabledCanBeTakenBack) {
  EXPECT_EQ(w.as("user@alpha", "POST", "organizations/alpha/resources/secret-alpha/disable").status,
            403);
  ASSERT_EQ(admin("POST", "resources/secret-alpha/disable").body["disabled"], true);
  expect_ended("resource_disabled");
  EXPECT_EQ(session().code(), "resource_disabled");
  EXPECT_EQ(in(w.as("user@alpha", "GET", "resources"), "items")[0]["disabled"], true)
      << "whoever may use it sees why they cannot";
  EXPECT_EQ(admin("POST", "resources/secret-alpha/disable").status, 200) << "twice is harmless";
  EXPECT_EQ(admin("POST", "resources/secret-alpha/enable").body["disabled"], false);
  EXPECT_EQ(session().status, 201) << "grants waited";
  const auto seen = audited("owner@alpha", "?organization=alpha");
  EXPECT_TRUE(seen.contains("resource.disabled"));
  EXPECT_TRUE(seen.contains("resource.enabled"));
}

TEST_F(Endings, OfAnOrganizationWaitForWhatItHas) {
  const Answered refused = root("DELETE", "organizations/alpha");
  EXPECT_EQ(refused.code(), "organization_in_use");
  EXPECT_NE(refused.body["detail"].get<std::string>().find("1 resources and 1 egress pools"),
            std::string::npos);
  EXPECT_EQ(admin("DELETE", "resources/secret-alpha").status, 204);
  EXPECT_EQ(admin("DELETE", "egress-pools/pool-alpha").status, 204);
  EXPECT_EQ(w.as("owner@alpha", "PUT", "organizations/alpha/configs/app_policy",
                 {{"value", {{"protocols", {"ssh"}}}}})
                .status,
            200);
  EXPECT_EQ(root("DELETE", "organizations/alpha").status, 204);
  EXPECT_EQ(root("GET", "organizations/alpha/members").code(), "organization_not_found");
  EXPECT_EQ(w.as("user@alpha", "GET", "me").body["memberships"].size(), 0U);
  ASSERT_EQ(root("POST", "organizations", {{"name", "alpha"}}).status, 201) << "the name is free";
  EXPECT_EQ(root("GET", "organizations/alpha/members").body["items"].size(), 0U);
  EXPECT_EQ(root("GET", "audit/verify").body["ok"], true);
}

TEST_F(Endings, OfANameThatIsTakenAreNone) {
  EXPECT_EQ(root("PATCH", "organizations/alpha", {{"name", "BETA"}}).code(), "organization_exists");
  EXPECT_EQ(root("PATCH", "organizations/alpha", {{"name", "Alpha"}}).status, 200);
  EXPECT_EQ(root("PATCH", "organizations/alpha", {{"name", "gamma"}}).body["name"], "gamma");
  EXPECT_EQ(w.as("owner@alpha", "GET", "organizations/gamma/members").status, 200);
}

TEST_F(Endings, OfAnInvitationAreThoseOfItsToken) {
  const Answered token = root("POST", "join-tokens", {{"node_name", "guest"}});
  const std::string path = "join-tokens/" + token.body["id"].get<std::string>();
  const auto enrol = [&] {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
    return w.control->call("POST", "/api/v1/enrolments",
                           ControlPlane::enrolment(token.body["join_token"], key, "guest.test"));
  };
  EXPECT_EQ(root("DELETE", path).status, 204);
  EXPECT_EQ(enrol().code(), "join_token_expired");
  EXPECT_EQ(root("DELETE", "join-tokens/nonsense").code(), "join_token_not_found");
  EXPECT_EQ(root("POST", "join-tokens", {{"node_name", "guest"}}).status, 201)
      << "the name may be invited anew";
  // One that was used is a node by now.
  const json used = in(root("GET", "join-tokens"), "items");
  const auto it = std::ranges::find_if(used, [](const json& t) { return t.contains("used_at"); });
  ASSERT_NE(it, used.end());
  EXPECT_EQ(root("DELETE", "join-tokens/" + (*it)["id"].get<std::string>()).code(),
            "join_token_used");
}

}  // namespace
}  // namespace rap::store
