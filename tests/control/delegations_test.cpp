// What an organization's owner decides: which of its hosts become nodes, who is in its path, and
// what an administrator of the platform may do in it, for how long.
#include <gtest/gtest.h>

#include <algorithm>

#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;

constexpr const char* kKeeper = "keeper@platform.test";

class Owners : public ::testing::Test {
 protected:
  Answered delegate(const std::string& who, const std::string& right, const json& more = {},
                    const std::string& organization = "alpha") {
    json body = {{"email", kKeeper}, {"right", right}};
    if (!more.is_null()) body.update(more);
    const std::string at = organization.empty() ? "" : "organizations/" + organization + "/";
    return w.as(who, "POST", at + "delegations", body);
  }
  Answered take_back(const std::string& who, const std::string& right) {
    return w.as(who, "DELETE",
                "organizations/alpha/delegations/" + std::string(kKeeper) + "/" + right);
  }
  int keeper_gets(const std::string& path) { return w.as("keeper", "GET", path).status; }
  int put_node(const std::string& who, const std::string& node,
               const std::string& organization = "alpha") {
    return w
        .as(who, "PUT",
            "organizations/" + organization + "/egress-pools/pool-" + organization + "/nodes/" +
                node)
        .status;
  }
  // The newest entry of that action in an organization's own log, as its owner reads it.
  json told(const std::string& action, const std::string& organization = "alpha") {
    const auto entries =
        in(w.as("owner@" + organization, "GET", "audit?organization=" + organization), "items");
    for (const json& e : entries) {
      if (e["action"] == action) return e;
    }
    return {};
  }
  // A host that was invited and asks to become a node; yields the enrolment.
  std::string asks(const std::string& name, const json& more = {}) {
    json body = {{"node_name", name}};
    if (!more.is_null()) body.update(more);
    const Answered token = w.as("keeper", "POST", "join-tokens", body);
    EXPECT_EQ(token.status, 201) << token.text;
    return enrol(token, name);
  }
  std::string enrol(const Answered& token, const std::string& name) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
    const Answered a = w.as("", "POST", "enrolments",
                            ControlPlane::enrolment(token.body["join_token"], key, name + ".test"));
    EXPECT_EQ(a.status, 202) << a.text;
    return a.body.value("id", "");
  }
  Answered own_node(const std::string& who, const std::string& what,
                    const std::string& node = "branch", const std::string& organization = "alpha") {
    return w.as(who, "POST", "organizations/" + organization + "/nodes/" + node + "/" + what,
                what == "revoke" ? json{{"severity", "close"}} : json{});
  }
  std::string host_of_alpha() { return asks("branch", {{"organization", "alpha"}}); }
  Answered decide(const std::string& who, const std::string& enrolment,
                  const std::string& organization = "", const std::string& what = "approve") {
    const std::string at = organization.empty() ? "" : "organizations/" + organization + "/";
    return w.as(who, "POST", at + "enrolments/" + enrolment + "/" + what);
  }

  SeededWorld w;
};

TEST_F(Owners, DelegateTheManagementOfTheirOrganizationForATime) {
  EXPECT_EQ(keeper_gets("organizations/alpha/members"), 403);
  ASSERT_EQ(delegate("owner@alpha", "manage", {{"ttl_s", 3600}}).status, 201);
  EXPECT_EQ(keeper_gets("organizations/alpha/members"), 200);
  EXPECT_EQ(keeper_gets("audit?organization=alpha"), 200);
  EXPECT_EQ(w.as("keeper", "PATCH", "organizations/alpha/resources/secret-alpha", {{"port", 2222}})
                .status,
            200);
  EXPECT_EQ(keeper_gets("organizations/beta/members"), 403) << "it is a right in one organization";
  w.control->now += 3599s;
  EXPECT_EQ(keeper_gets("organizations/alpha/members"), 200);
  w.control->now += 1s;
  EXPECT_EQ(keeper_gets("organizations/alpha/members"), 403);
  EXPECT_TRUE(in(w.as("owner@alpha", "GET", "organizations/alpha/delegations"), "items").empty());
}

TEST_F(Owners, TakeBackWhatTheyDelegatedAtOnce) {
  ASSERT_EQ(delegate("owner@alpha", "manage").status, 201);
  EXPECT_EQ(keeper_gets("organizations/alpha/members"), 200);
  EXPECT_EQ(take_back("owner@alpha", "manage").status, 204);
  EXPECT_EQ(keeper_gets("organizations/alpha/members"), 403);
  EXPECT_EQ(take_back("owner@alpha", "manage").code(), "delegation_not_found");
}

TEST_F(Owners, AloneDelegateAndNobodyOfThePlatformInTheirPlace) {
  for (const char* who : {"root", "keeper", "admin@alpha"}) {
    EXPECT_EQ(delegate(who, "manage").code(), "forbidden") << who;
  }
  EXPECT_EQ(delegate("owner@beta", "manage").code(), "organization_not_found");
  EXPECT_EQ(delegate("owner@alpha", "manage", {{"email", "user@beta.test"}}).code(),
            "user_not_found")
      << "rights are an administrator's of the platform";
  EXPECT_EQ(delegate("owner@alpha", "manage", {{"ttl_s", 31 * 86400}}).code(), "invalid_member");
  EXPECT_EQ(delegate("root", "manage", {}, "").code(), "invalid_member")
      << "of the platform only nodes are approved";
  EXPECT_EQ(delegate("keeper", "approve_nodes", {}, "").code(), "forbidden");
}

TEST_F(Owners, ReadWhatTheyDelegatedAndWhatCameOfItInTheirOwnLog) {
  ASSERT_EQ(delegate("owner@alpha", "manage").status, 201);
  const json given = told("delegation.added");
  EXPECT_EQ(given["target"]["name"], kKeeper);
  EXPECT_EQ(given["actor"]["name"], "owner@alpha.test");
  EXPECT_EQ(given["detail"]["right"], "manage");
  EXPECT_EQ(given["detail"]["until"], to_unix(w.control->now + 24h));
  w.as("keeper", "POST", "organizations/alpha/egress-pools", {{"name", "theirs"}});
  EXPECT_EQ(told("egress_pool.created")["actor"]["name"], kKeeper);
  take_back("owner@alpha", "manage");
  EXPECT_EQ(told("delegation.removed")["target"]["name"], kKeeper);
  const json listed = w.as("owner@beta", "GET", "organizations/beta/delegations").body["items"];
  EXPECT_TRUE(listed.empty());
}

// A right that ends must not leave one behind that does not.
TEST_F(Owners, DelegateNothingThatTheHolderCouldKeep) {
  ASSERT_EQ(delegate("owner@alpha", "manage").status, 201);
  const std::string members = "organizations/alpha/members";
  const auto add = [&](const std::string& email, const std::string& role) {
    return w.as("keeper", "POST", members, {{"email", email}, {"role", role}});
  };
  EXPECT_EQ(add(kKeeper, "organization_user").code(), "yourself");
  EXPECT_EQ(add("nobody@nowhere.test", "organization_admin").code(), "forbidden");
  EXPECT_EQ(delegate("keeper", "approve_nodes").code(), "forbidden") << "nor pass it on";
  // Who was a member before grants themselves nothing either.
  ASSERT_EQ(
      w.as("owner@alpha", "POST", members, {{"email", kKeeper}, {"role", "organization_user"}})
          .status,
      201);
  ASSERT_EQ(w.as("keeper", "POST", "me/invitations/alpha/accept").status, 200);
  EXPECT_EQ(w.as("keeper", "POST", "organizations/alpha/resources/secret-alpha/grants",
                 {{"email", kKeeper}})
                .code(),
            "yourself");
}

TEST_F(Owners, DelegateToARoleThatTakesTheRightsWithIt) {
  ASSERT_EQ(delegate("owner@alpha", "manage").status, 201);
  const auto become = [&](const char* role) {
    return w.as("root", "PATCH", "users/" + std::string(kKeeper), {{"platform_role", role}}).status;
  };
  ASSERT_EQ(become("none"), 200);
  EXPECT_EQ(told("delegation.removed")["actor"]["name"], "root@platform.test");
  ASSERT_EQ(become("platform_admin"), 200);
  EXPECT_EQ(keeper_gets("organizations/alpha/members"), 403);
}

// Whoever gave a right answers for it: it is gone with the role that gave it, for good.
TEST_F(Owners, TakeWhatTheyDelegatedWithThem) {
  const auto given = [&] {
    ASSERT_EQ(delegate("owner@alpha", "manage").status, 201);
    ASSERT_EQ(keeper_gets("organizations/alpha/members"), 200);
  };
  const auto expect_ended = [&](std::size_t times) {
    EXPECT_EQ(keeper_gets("organizations/alpha/members"), 403);
    const json entries = in(w.as("admin@alpha", "GET", "audit?organization=alpha"), "items");
    std::size_t ends = 0;
    for (const json& e : entries) {
      if (e["action"] != "delegation.removed") continue;
      ++ends;
      EXPECT_EQ(e["actor"]["name"], "root@platform.test");
      EXPECT_EQ(e["target"]["name"], kKeeper);
      EXPECT_EQ(e["detail"]["given_by"], "owner@alpha.test");
    }
    EXPECT_EQ(ends, times);
  };
  const auto become = [&](const char* role) {
    ASSERT_EQ(w.as("root", "POST", "organizations/alpha/members",
                   {{"email", "owner@alpha.test"}, {"role", role}})
                  .status,
              201);
  };
  given();
  become("organization_owner");
  EXPECT_EQ(keeper_gets("organizations/alpha/members"), 200) << "they are what they were";
  become("organization_admin");
  become("organization_owner");
  expect_ended(1);

  given();
  ASSERT_EQ(w.as("root", "DELETE", "organizations/alpha/members/owner@alpha.test").status, 204);
  become("organization_owner");
  expect_ended(2);

  given();
  ASSERT_EQ(w.as("root", "POST", "users/owner@alpha.test/disable").status, 200);
  ASSERT_EQ(w.as("root", "POST", "users/owner@alpha.test/enable").status, 200);
  expect_ended(3);
}

// What a race left in the table counts for nothing either.
TEST_F(Owners, GiveNothingThatCountsOnceTheyAreNoneAnyMore) {
  ASSERT_EQ(delegate("owner@alpha", "manage").status, 201);
  ASSERT_EQ(delegate("root", "approve_nodes", {}, "").status, 201);
  Connection owner = TestCluster::open(w.conninfo, "postgres");
  ASSERT_TRUE(
      owner.query("UPDATE memberships SET role = 'organization_admin' "
                  "WHERE role = 'organization_owner'",
                  {}));
  EXPECT_EQ(keeper_gets("organizations/alpha/members"), 403);
  EXPECT_TRUE(in(w.as("admin@alpha", "GET", "organizations/alpha/delegations"), "items").empty());
  EXPECT_EQ(in(w.as("keeper", "GET", "delegations"), "items").size(), 1U);
  ASSERT_TRUE(
      owner.query("UPDATE users SET platform_role = 'platform_admin' "
                  "WHERE platform_role = 'platform_owner'",
                  {}));
  EXPECT_TRUE(in(w.as("keeper", "GET", "delegations"), "items").empty());
  EXPECT_EQ(decide("keeper", seed().pending_enrolment).code(), "forbidden");
}

TEST_F(Owners, OfThePlatformTakeWhatTheyDelegatedWithThem) {
  const auto become = [&](const char* role) {
    ASSERT_EQ(w.as("root", "PATCH", "users/owner@beta.test", {{"platform_role", role}}).status,
              200);
  };
  become("platform_owner");
  ASSERT_EQ(delegate("owner@beta", "approve_nodes", {}, "").status, 201);
  ASSERT_EQ(delegate("owner@beta", "manage", {}, "beta").status, 201);
  become("none");
  EXPECT_TRUE(in(w.as("root", "GET", "delegations"), "items").empty());
  const json entries = in(w.as("root", "GET", "audit?limit=5"), "items");
  EXPECT_TRUE(std::ranges::any_of(entries, [](const json& e) {
    return e["action"] == "delegation.removed" && e["detail"]["given_by"] == "owner@beta.test";
  }));
  EXPECT_EQ(keeper_gets("organizations/beta/members"), 200) << "of that they are an owner still";
}

TEST_F(Owners, DecideWhichNodesComeIntoTheirPath) {
  EXPECT_EQ(put_node("keeper", "relay-n"), 403) << "an administrator of the platform asks";
  ASSERT_EQ(delegate("owner@alpha", "approve_nodes").status, 201);
  EXPECT_EQ(put_node("keeper", "relay-n"), 204);
  EXPECT_EQ(told("egress_pool.node_added")["actor"]["name"], kKeeper);
  EXPECT_EQ(put_node("keeper", "relay-n", "beta"), 403);
  EXPECT_EQ(keeper_gets("organizations/alpha/members"), 403) << "nothing else comes with it";
  take_back("owner@alpha", "approve_nodes");
  EXPECT_EQ(put_node("keeper", "entry-n"), 403);
  EXPECT_EQ(
      w.as("keeper", "DELETE", "organizations/alpha/egress-pools/pool-alpha/nodes/relay-n").status,
      204)
      << "out of a path an administrator takes a node without asking";
  EXPECT_EQ(put_node("owner@alpha", "relay-n"), 404)
      << "the platform's nodes are not theirs to see";
}

TEST_F(Owners, AloneApproveTheHostsOfTheirOrganization) {
  const std::string enrolment = host_of_alpha();
  EXPECT_EQ(told("join_token.created")["target"]["name"], "branch");
  EXPECT_EQ(told("enrolment.requested")["target"]["name"], "branch");
  ASSERT_EQ(delegate("root", "approve_nodes", {}, "").status, 201);
  for (const char* who : {"keeper", "root"}) {
    EXPECT_EQ(decide(who, enrolment).code(), "forbidden") << who;
    EXPECT_EQ(decide(who, enrolment, "alpha").code(), "forbidden") << who;
  }
  EXPECT_EQ(decide("admin@alpha", enrolment, "alpha").code(), "forbidden");
  EXPECT_EQ(decide("owner@beta", enrolment, "beta").code(), "enrolment_not_found");
  EXPECT_EQ(decide("owner@alpha", seed().pending_enrolment, "alpha").code(), "enrolment_not_found");

  const json shown =
      in(w.as("admin@alpha", "GET", "organizations/alpha/enrolments?state=pending"), "items");
  ASSERT_EQ(shown.size(), 1U) << shown;
  EXPECT_EQ(shown[0]["node_name"], "branch");
  EXPECT_EQ(shown[0]["certificate_names"][0], "branch.test");
  EXPECT_TRUE(in(w.as("owner@beta", "GET", "organizations/beta/enrolments"), "items").empty());

  const Answered approved = decide("owner@alpha", enrolment, "alpha");
  ASSERT_EQ(approved.status, 200) << approved.text;
  EXPECT_EQ(approved.body["organization"], "alpha");
  EXPECT_EQ(told("enrolment.approved")["actor"]["name"], "owner@alpha.test");
  const json of_platform = in(w.as("keeper", "GET", "audit?limit=1"), "items")[0];
  EXPECT_EQ(of_platform["action"], "enrolment.approved") << "the platform reads it too";
}

TEST_F(Owners, KeepAHostThatServesThemFromChangingHands) {
  const auto invite_for = [&](const json& organization) {
    json body = {{"node_name", "branch"}};
    if (organization.is_string()) body["organization"] = organization;
    return w.as("keeper", "POST", "join-tokens", body);
  };
  ASSERT_EQ(invite_for("alpha").status, 201);
  ASSERT_EQ(put_node("owner@alpha", "branch"), 204);
  for (const json& other : {json("beta"), json()}) {
    const Answered refused = invite_for(other);
    EXPECT_EQ(refused.code(), "conflict") << refused.text;
    EXPECT_NE(refused.text.find("remove-node alpha pool-alpha branch"), std::string::npos);
  }
  EXPECT_EQ(invite_for("alpha").status, 201) << "it stays theirs";
  ASSERT_EQ(
      w.as("owner@alpha", "DELETE", "organizations/alpha/egress-pools/pool-alpha/nodes/branch")
          .status,
      204);
  EXPECT_EQ(invite_for("beta").status, 201);
  for (const char* told_too : {"alpha", "beta"}) {
    EXPECT_EQ(told("node.changed_hands", told_too)["target"]["name"], "branch");
  }
  ASSERT_EQ(w.as("root", "PUT", "nodes/branch/roles", {{"roles", {"egress"}}}).status, 200);
  ASSERT_EQ(invite_for(json()).status, 201);
  ASSERT_EQ(w.as("root", "PUT", "nodes/branch/roles", {{"roles", {"entry"}}}).status, 200);
  EXPECT_EQ(invite_for("alpha").code(), "conflict") << "an organization's host is an egress";
}

// Programs that go by the host alone would take the one for the other.
TEST_F(Owners, ApproveNoHostWhereSomebodyElsesNodeIsReached) {
  int n = 0;
  const auto asks_as = [&](const std::string& host, const json& more) {
    json body = {{"node_name", "host-" + std::to_string(++n)}};
    if (more.is_object()) body.update(more);
    const Answered token = w.as("keeper", "POST", "join-tokens", body);
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
    return w.as("", "POST", "enrolments",
                ControlPlane::enrolment(token.body["join_token"], key, host));
  };
  const json alpha = {{"organization", "alpha"}};
  const json beta = {{"organization", "beta"}};
  for (const char* host : {"relay-n.test", "RELAY-N.test"}) {
    const Answered refused = asks_as(host, alpha);
    EXPECT_EQ(refused.code(), "names_not_allowed") << refused.text;
    EXPECT_NE(refused.text.find("configs set node_names"), std::string::npos);
  }
  EXPECT_EQ(asks_as("relay-n.test", json()).status, 202) << "the platform's own machine";

  const std::string early = asks_as("site.test", beta).body.value("id", "");
  ASSERT_EQ(decide("owner@alpha", asks_as("site.test", alpha).body.value("id", ""), "alpha").status,
            200);
  EXPECT_EQ(decide("owner@beta", early, "beta").code(), "names_not_allowed") << "judged again";
  EXPECT_EQ(asks_as("site.test", alpha).status, 202) << "two of theirs on one machine";
  EXPECT_EQ(asks_as("site.test", json()).code(), "names_not_allowed") << "nor the platform";

  const auto allow = [&](const json& names) {
    ASSERT_EQ(w.as("root", "PUT", "configs/node_names", {{"value", {{"allow", names}}}}).status,
              200);
  };
  allow({"*.test"});
  EXPECT_EQ(decide("owner@beta", early, "beta").code(), "names_not_allowed")
      << "one of many is not meant";
  allow({"*.test", "Site.test"});
  EXPECT_EQ(decide("owner@beta", early, "beta").status, 200);
}

TEST_F(Owners, TurnTheirHostsAwayAndSoMayThePlatform) {
  EXPECT_EQ(decide("owner@alpha", host_of_alpha(), "alpha", "deny").status, 200);
  EXPECT_EQ(decide("keeper", host_of_alpha(), "", "deny").status, 200);
  EXPECT_EQ(told("enrolment.denied")["actor"]["name"], kKeeper);
}

TEST_F(Owners, DelegateTheApprovalOfTheirHosts) {
  const std::string enrolment = host_of_alpha();
  ASSERT_EQ(delegate("owner@alpha", "approve_nodes").status, 201);
  EXPECT_EQ(decide("keeper", enrolment, "alpha").status, 200);
  EXPECT_EQ(told("enrolment.approved")["actor"]["name"], kKeeper);
}

TEST_F(Owners, HaveNodesThatServeThemAlone) {
  ASSERT_EQ(decide("owner@alpha", host_of_alpha(), "alpha").status, 200);
  json branch;
  for (const json& n : in(w.as("keeper", "GET", "nodes"), "items")) {
    if (n["name"] == "branch") branch = n;
  }
  EXPECT_EQ(branch["roles"], json({"egress"})) << "it needs no administrator for that";
  EXPECT_EQ(branch["organization"], "alpha");
  for (const char* role : {"relay", "entry"}) {
    EXPECT_EQ(w.as("root", "PUT", "nodes/branch/roles", {{"roles", {"egress", role}}}).code(),
              "node_of_organization");
  }
  EXPECT_EQ(put_node("root", "branch", "beta"), 409);
  EXPECT_EQ(put_node("owner@beta", "branch", "beta"), 404);
  EXPECT_EQ(put_node("admin@alpha", "branch"), 403);
  EXPECT_EQ(put_node("owner@alpha", "branch"), 204);
  for (const char* who : {"owner@alpha", "admin@alpha"}) {
    const json pool = in(w.as(who, "GET", "organizations/alpha/egress-pools"), "items")[0];
    ASSERT_EQ(pool["nodes"].size(), 1U) << who;
    EXPECT_EQ(pool["nodes"][0]["name"], "branch") << "a host of their own";
    EXPECT_EQ(pool["platform_nodes"], 1);
  }
  EXPECT_EQ(told("egress_pool.node_added")["detail"]["nodes"], 2);
  EXPECT_EQ(
      w.as("owner@alpha", "DELETE", "organizations/alpha/egress-pools/pool-alpha/nodes/branch")
          .status,
      204);
  EXPECT_EQ(w.as("keeper", "POST", "nodes/branch/disable").status, 200);
  EXPECT_EQ(told("node.disabled")["actor"]["name"], kKeeper) << "it is told what becomes of them";
}

TEST_F(Owners, TakeOutTheirHostsAndLetThemTakePartAgain) {
  ASSERT_EQ(decide("owner@alpha", host_of_alpha(), "alpha").status, 200);
  EXPECT_EQ(own_node("admin@alpha", "disable").code(), "forbidden");
  EXPECT_EQ(own_node("root", "disable").code(), "forbidden") << "they have a way of their own";
  const Answered disabled = own_node("owner@alpha", "disable");
  ASSERT_EQ(disabled.status, 200) << disabled.text;
  EXPECT_EQ(disabled.body["state"], "disabled");
  EXPECT_EQ(disabled.body["disabled_by"], json({"organization"}));
  EXPECT_FALSE(disabled.body.contains("observations")) << "what it sees of peers is the platform's";
  EXPECT_EQ(told("node.disabled")["actor"]["name"], "owner@alpha.test");
  const json listed = in(w.as("admin@alpha", "GET", "organizations/alpha/nodes"), "items");
  ASSERT_EQ(listed.size(), 1U) << listed;
  EXPECT_EQ(listed[0]["state"], "disabled");
  EXPECT_EQ(own_node("owner@alpha", "enable").body["state"], "approved");
  EXPECT_EQ(own_node("owner@alpha", "revoke").body["state"], "revoked");
  EXPECT_EQ(told("node.revoked")["actor"]["name"], "owner@alpha.test");
  EXPECT_EQ(own_node("owner@alpha", "enable").code(), "node_revoked");
}

TEST_F(Owners, TouchNoHostButTheirOwn) {
  ASSERT_EQ(decide("owner@alpha", host_of_alpha(), "alpha").status, 200);
  for (const std::string what : {"disable", "enable", "revoke"}) {
    EXPECT_EQ(own_node("owner@alpha", what, "egress-n").code(), "node_not_found")
        << "it serves alpha, and beta too";
    EXPECT_EQ(own_node("owner@alpha", what, seed().egress).code(), "node_not_found");
    EXPECT_EQ(own_node("owner@beta", what, "branch", "beta").code(), "node_not_found");
  }
  EXPECT_TRUE(in(w.as("owner@beta", "GET", "organizations/beta/nodes"), "items").empty());
}

// What one side shut, the other does not open.
TEST_F(Owners, AndThePlatformEachTakeBackWhatTheyDidThemselves) {
  ASSERT_EQ(decide("owner@alpha", host_of_alpha(), "alpha").status, 200);
  ASSERT_EQ(own_node("owner@alpha", "disable").status, 200);
  for (const char* who : {"keeper", "root"}) {
    EXPECT_EQ(w.as(who, "POST", "nodes/branch/enable").code(), "forbidden") << who;
  }
  ASSERT_EQ(w.as("keeper", "POST", "nodes/branch/disable").status, 200);
  EXPECT_EQ(own_node("owner@alpha", "enable").body["disabled_by"], json({"platform"}));
  EXPECT_EQ(own_node("owner@alpha", "enable").code(), "forbidden");
  ASSERT_EQ(own_node("owner@alpha", "disable").status, 200);
  EXPECT_EQ(w.as("keeper", "POST", "nodes/branch/enable").body["state"], "disabled");
  const Answered enabled = own_node("owner@alpha", "enable");
  EXPECT_EQ(enabled.body["state"], "approved");
  EXPECT_FALSE(enabled.body.contains("disabled_by"));
  EXPECT_EQ(told("node.enabled")["detail"]["takes_part"], true);
}

// The database keeps it, too, whatever a program asks of it.
TEST_F(Owners, HaveNodesThatTheDatabaseKeepsFromOthers) {
  ASSERT_EQ(decide("owner@alpha", host_of_alpha(), "alpha").status, 200);
  auto db = TestCluster::open(w.conninfo, "postgres");
  EXPECT_FALSE(
      db.script("INSERT INTO egress_pool_nodes (cluster_id, organization_id, pool_id, node_id) "
                "SELECT p.cluster_id, p.organization_id, p.id, n.id FROM egress_pools p, nodes n "
                "WHERE p.name = 'pool-beta' AND n.name = 'branch'"));
  EXPECT_FALSE(
      db.script("INSERT INTO node_roles (cluster_id, node_id, role) SELECT cluster_id, id, 'relay' "
                "FROM nodes WHERE name = 'branch'"));
}

TEST_F(Owners, OfThePlatformApproveNodesOrDelegateIt) {
  EXPECT_EQ(decide("keeper", asks("fresh")).code(), "forbidden");
  ASSERT_EQ(delegate("root", "approve_nodes", {{"ttl_s", 60}}, "").status, 201);
  EXPECT_EQ(decide("keeper", asks("fresh-2")).status, 200);
  EXPECT_EQ(in(w.as("keeper", "GET", "delegations"), "items")[0]["email"], kKeeper);
  w.control->now += 60s;
  EXPECT_EQ(decide("keeper", asks("fresh-3")).code(), "forbidden");
  delegate("root", "approve_nodes", {}, "");
  EXPECT_EQ(w.as("root", "DELETE", "delegations/" + std::string(kKeeper) + "/approve_nodes").status,
            204);
  EXPECT_EQ(decide("keeper", asks("fresh-4")).code(), "forbidden");
}

// A host that takes the place of a node comes into the path of whom that node serves.
TEST_F(Owners, DecideWhichHostTakesThePlaceOfANodeInTheirPath) {
  ASSERT_EQ(delegate("root", "approve_nodes", {}, "").status, 201);
  const std::string enrolment =
      enrol(w.as("keeper", "POST", "nodes/egress-n/readmit", {{"ttl_s", 600}}), "egress-n");
  const Answered refused = decide("keeper", enrolment);
  EXPECT_EQ(refused.code(), "forbidden");
  EXPECT_NE(refused.text.find("'pool-alpha'"), std::string::npos) << refused.text;
  ASSERT_EQ(delegate("owner@alpha", "approve_nodes").status, 201);
  EXPECT_EQ(decide("keeper", enrolment).code(), "forbidden") << "it serves beta too";
  ASSERT_EQ(delegate("owner@beta", "approve_nodes", {}, "beta").status, 201);
  EXPECT_EQ(decide("keeper", enrolment).status, 200);
  for (const char* organization : {"alpha", "beta"}) {
    EXPECT_EQ(told("egress_pool.node_readmitted", organization)["actor"]["name"], kKeeper);
  }
}

TEST_F(Owners, OfANodeAreNotDeletedBeforeIt) {
  w.as("root", "POST", "organizations", {{"name", "gamma"}});
  asks("lone", {{"organization", "gamma"}});
  const Answered refused = w.as("root", "DELETE", "organizations/gamma");
  EXPECT_EQ(refused.code(), "organization_in_use");
  EXPECT_NE(refused.text.find("1 nodes of its own"), std::string::npos) << refused.text;
  EXPECT_EQ(w.as("root", "POST", "nodes/lone/revoke", {{"severity", "close"}}).status, 200);
  EXPECT_EQ(w.as("root", "DELETE", "organizations/gamma").status, 204);
}

}  // namespace
}  // namespace rap::store
