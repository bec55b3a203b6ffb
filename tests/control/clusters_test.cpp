// Two clusters on one platform: the same people and organizations, and nothing else of each other.
// There is no way to make a second cluster yet; here its row is written by hand, and the control
// plane is given its authority.
#include "test_world.hpp"

namespace rap::store {
namespace {

struct Clusters : testing::Test {
  Clusters() : second(ControlPlane::authority()) {
    second.cluster = *ClusterId::parse("0f8fad5b-d9cb-469f-a165-70867728950e");
    Connection app = TestCluster::open(w.conninfo, kAppRole);
    EXPECT_TRUE(
        app.script("BEGIN; SELECT set_config('rap.scope', 'platform', true); "
                   "INSERT INTO clusters (id, created_at) VALUES ('" +
                   second.cluster.str() + "', 1); COMMIT"));
  }
  void serve_first() { w.control->current.set(ControlPlane::authority()); }
  void serve_second() { w.control->current.set(second); }
  std::size_t listed(const std::string& path) {
    const Answered answer = w.as("root", "GET", path);
    EXPECT_EQ(answer.status, 200) << path << ": " << answer.text;
    return in(answer, "items").size();
  }
  std::uint64_t count(const std::string& question) {
    Connection c = TestCluster::open(w.conninfo, "postgres");
    return (*c.query("SELECT count(*) FROM " + question, {}))[0].count(0);
  }

  SeededWorld w;
  control::Authority second;
};

TEST_F(Clusters, ShareThePeopleAndNothingThatIsAClusters) {
  const std::size_t users = listed("users");
  const std::size_t organizations = listed("organizations");
  serve_second();
  EXPECT_EQ(listed("users"), users);
  EXPECT_EQ(listed("organizations"), organizations);
  for (const char* path : {"nodes", "join-tokens", "enrolments", "certificates", "blocklist"}) {
    EXPECT_EQ(listed(path), 0U) << path;
  }
}

TEST_F(Clusters, GiveNodesTheSameNames) {
  serve_second();
  EXPECT_EQ(w.as("root", "POST", "join-tokens", {{"node_name", "relay-n"}}).status, 201);
  EXPECT_EQ(listed("nodes"), 1U);
  EXPECT_EQ(w.as("root", "POST", "nodes/entry-n/revoke", json::object()).status, 404);
  serve_first();
  EXPECT_EQ(listed("nodes"), 3U + 1U) << "with the one that waits";
}

TEST_F(Clusters, HaveBlocklistsOfTheirOwn) {
  serve_second();
  EXPECT_EQ(w.as("root", "POST", "blocklist", {{"kind", "ip"}, {"value", "192.0.2.7"}}).status,
            201);
  serve_first();
  EXPECT_EQ(listed("blocklist"), 0U);
  EXPECT_EQ(w.as("user@alpha", "POST", "sessions", session_wanted("secret-alpha")).status, 201)
      << "the address is blocked in the other one";
}

TEST_F(Clusters, CarrySessionsOfTheirOwnResourcesOnly) {
  serve_second();
  EXPECT_EQ(w.as("user@alpha", "POST", "sessions", session_wanted("secret-alpha")).code(),
            "resource_not_found");
  EXPECT_EQ(
      w.as("user@alpha", "POST", "sessions/" + seed().session + "/attachments", attachment_wanted())
          .status,
      404);
}

TEST_F(Clusters, DoNotAnswerEachOthersNodes) {
  serve_second();
  EXPECT_EQ(w.control->node_call(seed().entry, "checkin", {{"versions", json::object()}}).code(),
            "wrong_cluster");
}

TEST_F(Clusters, GiveAnOrganizationPoolsWhereTheyServeIt) {
  serve_second();
  EXPECT_GE(
      w.as("admin@alpha", "POST", "organizations/alpha/egress-pools", {{"name", "far"}}).status,
      400);
  EXPECT_EQ(w.as("root", "POST", "organizations", {{"name", "gamma"}}).status, 201);
  EXPECT_EQ(w.as("root", "POST", "organizations/gamma/egress-pools", {{"name", "far"}}).status,
            201);
  EXPECT_EQ(count("egress_pools WHERE cluster_id = '" + second.cluster.str() + "'"), 1U);
}

TEST_F(Clusters, EndASessionWhereItIsCarried) {
  serve_second();
  EXPECT_EQ(w.as("user@alpha", "DELETE", "sessions/" + seed().session).status, 204);
  EXPECT_EQ(
      count("node_commands WHERE cluster_id = '" + ControlPlane::authority().cluster.str() + "'"),
      2U)
      << "its entry and its egress";
  EXPECT_EQ(count("node_commands"), 2U);
}

TEST_F(Clusters, CountTheirConfigurationsApart) {
  const std::string first =
      "clusters WHERE config_version > 1 AND id = '" + second.cluster.str() + "'";
  EXPECT_EQ(w.as("root", "PUT", "nodes/relay-n/roles", {{"roles", {"relay", "entry"}}}).status,
            200);
  EXPECT_EQ(count(first), 0U);
  serve_second();
  EXPECT_EQ(w.as("root", "POST", "join-tokens", {{"node_name", "relay-n"}}).status, 201);
  EXPECT_EQ(count(first), 1U);
}

}  // namespace
}  // namespace rap::store
