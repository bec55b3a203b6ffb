// Organizations' own: pools, resources, grants, members.
#include <gtest/gtest.h>

#include "test_world.hpp"

namespace rap::store {
namespace {

class Resources : public ::testing::Test {
 protected:
  Answered create(const json& changes) {
    json body = {{"name", "office"},
                 {"protocol", "ssh"},
                 {"host", "sshd.internal"},
                 {"port", 22},
                 {"egress_pool", "pool-alpha"}};
    body.update(changes);
    return w.as("admin@alpha", "POST", "organizations/alpha/resources", body);
  }
  json list(const std::string& who, const std::string& what) {
    return in(w.as(who, "GET", "organizations/alpha/" + what), "items");
  }

  SeededWorld w;
};

TEST_F(Resources, AreShownToPeopleWhoMayUseThemAndByNameOnly) {
  ASSERT_EQ(create(json::object()).status, 201);
  const json seen = list("user@alpha", "resources");
  ASSERT_EQ(seen.size(), 1U) << "the other one was not granted";
  EXPECT_EQ(seen[0].size(), 4U);
  EXPECT_EQ(seen[0]["name"], "secret-alpha");
  EXPECT_EQ(seen[0]["protocol"], "ssh");
  const json all = list("admin@alpha", "resources");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["host"], "sshd.internal");
  EXPECT_EQ(all[0]["egress_pool"]["name"], "pool-alpha");
}

TEST_F(Resources, AreFoundByTheirClientsWithWhatThoseNeed) {
  const std::string key =
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPGfbiDf+P4WHRfS2z0Bq7hX8cNkFTZkgIY3GFrBmy7n";
  ASSERT_EQ(create({{"ssh_host_key", key}}).status, 201);
  const auto open = [&](const std::string& query) {
    return in(w.as("user@alpha", "GET", "resources" + query), "items");
  };
  ASSERT_EQ(open("").size(), 1U) << "the other one was not granted";
  EXPECT_EQ(open("?resource=office").size(), 0U);
  ASSERT_EQ(w.as("admin@alpha", "POST", "organizations/alpha/resources/office/grants",
                 {{"email", "user@alpha.test"}})
                .status,
            201);
  const json all = open("");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["name"], "office");
  EXPECT_EQ(all[0]["organization"]["name"], "alpha");
  EXPECT_EQ(all[0]["ssh_host_key"], key);
  EXPECT_FALSE(all[0].contains("host")) << "what lies behind is nobody's business";
  EXPECT_EQ(open("?resource=OFFICE"), json::array({all[0]}));
  EXPECT_EQ(open("?resource=" + all[0]["id"].get<std::string>()), json::array({all[0]}));
  EXPECT_EQ(open("?resource=office&organization=alpha").size(), 1U);
  EXPECT_EQ(open("?resource=office&organization=beta").size(), 0U);
  EXPECT_EQ(in(w.as("user@beta", "GET", "resources?resource=office"), "items").size(), 0U);
}

TEST_F(Resources, HaveNamesOfTheirOwnWithinTheirOrganization) {
  EXPECT_EQ(create({{"name", "SECRET-alpha"}}).code(), "resource_exists");
  EXPECT_EQ(create({{"name", "secret-beta"}}).status, 201) << "beta's names are no concern";
}

TEST_F(Resources, NeedAPoolOfTheirOrganization) {
  EXPECT_EQ(create({{"egress_pool", "pool-beta"}}).code(), "egress_pool_not_found");
  const json pools = in(w.as("admin@beta", "GET", "organizations/beta/egress-pools"), "items");
  EXPECT_EQ(create({{"egress_pool", pools[0]["id"]}}).code(), "egress_pool_not_found");
}

TEST_F(Resources, AreRefusedWhenTheyWouldPointWhereNobodyShould) {
  for (const char* host : {"169.254.169.254", "0.0.0.0", "::", "not a host", "", "127.0.0.1", "::1",
                           "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "fd00:ec2::254", "224.0.0.1",
                           "0xA9FEA9FE", "127.1", "2130706433", "0177.0.0.1"}) {
    const Answered a = create({{"host", host}});
    EXPECT_EQ(a.code(), "invalid_member") << host;
    EXPECT_NE(a.body["detail"].get<std::string>().find("'host'"), std::string::npos);
  }
  EXPECT_EQ(create({{"protocol", "gopher"}}).code(), "invalid_member");
  EXPECT_EQ(create({{"port", 0}}).code(), "invalid_member");
}

TEST_F(Resources, MayPointWhereThePlatformSaysThatEgressesMayGo) {
  const auto set = [&](const json& value, const char* layer) {
    return w
        .as("keeper", "PUT", "configs/egress_target_ranges", {{"value", value}, {"layer", layer}})
        .status;
  };
  const std::string pool =
      in(w.as("admin@alpha", "GET", "organizations/alpha/egress-pools"), "items")[0]["id"];
  EXPECT_EQ(set({{"deny", {"10.0.0.0/8"}}}, "platform"), 200);
  EXPECT_EQ(create({{"name", "ten"}, {"host", "10.0.0.1"}}).code(), "invalid_member");
  EXPECT_EQ(set({{"pools", {{pool, {{"allow", {"10.0.0.0/8", "127.0.0.1"}}}}}}}, "cluster"), 200);
  EXPECT_EQ(create({{"name", "ten"}, {"host", "10.0.0.1"}}).status, 201);
  EXPECT_EQ(create({{"name", "own"}, {"host", "127.0.0.1"}}).status, 201);
  EXPECT_EQ(create({{"name", "two"}, {"host", "127.0.0.2"}}).code(), "invalid_member");
}

TEST_F(Resources, PinTheHostKeyOfAnSshServer) {
  const std::string key =
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPGfbiDf+P4WHRfS2z0Bq7hX8cNkFTZkgIY3GFrBmy7n";
  EXPECT_EQ(create({{"protocol", "tcp"}, {"ssh_host_key", key}}).code(), "invalid_member");
  EXPECT_EQ(create({{"ssh_host_key", "ssh-ed25519 nonsense"}}).code(), "invalid_member");
  ASSERT_EQ(create({{"ssh_host_key", key}}).status, 201);
  ASSERT_EQ(w.as("admin@alpha", "POST", "organizations/alpha/resources/office/grants",
                 {{"email", "user@alpha.test"}})
                .status,
            201);
  const Answered session = w.as("user@alpha", "POST", "sessions", session_wanted("office"));
  EXPECT_EQ(session.body["session"]["resource"]["ssh_host_key"], key);
}

TEST_F(Resources, AreGrantedToMembersOnlyAndByNameOrId) {
  const std::string grants = "organizations/alpha/resources/secret-alpha/grants";
  EXPECT_EQ(w.as("admin@alpha", "POST", grants, {{"email", "user@beta.test"}}).code(),
            "member_not_found");
  EXPECT_EQ(w.as("admin@alpha", "POST", grants, {{"email", "Admin@Alpha.test"}}).status, 201);
  EXPECT_EQ(w.as("admin@alpha", "POST", grants, {{"email", "admin@alpha.test"}}).status, 201)
      << "granting twice is harmless";
  const std::string id = list("admin@alpha", "resources")[0]["id"];
  EXPECT_EQ(list("admin@alpha", "resources/" + id + "/grants").size(), 2U);
  EXPECT_EQ(w.as("admin@alpha", "DELETE", grants + "/admin%40alpha.test").status, 204);
  EXPECT_EQ(w.as("admin@alpha", "DELETE", grants + "/admin@alpha.test").code(), "grant_not_found");
}

TEST_F(Resources, GoWithTheirGrants) {
  EXPECT_EQ(w.as("admin@alpha", "DELETE", "organizations/alpha/resources/secret-alpha").status,
            204);
  EXPECT_EQ(w.as("admin@alpha", "DELETE", "organizations/alpha/resources/secret-alpha").code(),
            "resource_not_found");
  EXPECT_TRUE(list("user@alpha", "resources").empty());
  EXPECT_EQ(create({{"name", "secret-alpha"}}).status, 201) << "the name is free again";
  EXPECT_TRUE(list("user@alpha", "resources").empty()) << "and its grants are not inherited";
}

TEST_F(Resources, NameTheNodesOfAPoolToThePlatformAndCountThemForAnOrganization) {
  const json known = list("root", "egress-pools")[0];
  EXPECT_EQ(known["nodes"][0]["name"], "egress-n");
  EXPECT_FALSE(known.contains("platform_nodes"));
  const json told = list("owner@alpha", "egress-pools")[0];
  EXPECT_EQ(told["nodes"], json::array()) << "topology is the platform's";
  EXPECT_EQ(told["platform_nodes"], 1);
  EXPECT_EQ(w.as("root", "PUT", "organizations/alpha/egress-pools/pool-alpha/nodes/nothing").code(),
            "node_not_found");
  EXPECT_EQ(
      w.as("root", "PUT", "organizations/alpha/egress-pools/pool-alpha/nodes/egress-n").status, 204)
      << "twice is harmless";
  const auto gone =
      w.as("root", "DELETE", "organizations/alpha/egress-pools/pool-alpha/nodes/nothing");
  EXPECT_EQ(gone.code(), "node_not_found");
  EXPECT_NE(gone.text.find("rap admin pools list alpha"), std::string::npos) << gone.text;
}

TEST_F(Resources, OfOrganizationsWithTheSameNameCannotExist) {
  EXPECT_EQ(w.as("root", "POST", "organizations", {{"name", "ALPHA"}}).code(),
            "organization_exists");
  EXPECT_EQ(w.as("root", "POST", "users",
                 {{"email", "User@Alpha.test"}, {"password", "a long enough password"}})
                .code(),
            "user_exists");
}

}  // namespace
}  // namespace rap::store
