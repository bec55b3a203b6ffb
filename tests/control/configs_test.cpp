// Configuration by registered type, as people edit it and as it takes effect in the control plane.
#include <gtest/gtest.h>

#include "control/housekeeping/housekeeping.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;

class Configs : public ::testing::Test {
 protected:
  Answered set(const std::string& type, const json& value, const json& more = json::object()) {
    json body = {{"value", value}};
    body.update(more);
    return w.as("keeper", "PUT", "configs/" + type, body);
  }
  Answered set_alpha(const std::string& type, const json& value,
                     const json& more = json::object()) {
    json body = {{"value", value}};
    body.update(more);
    return w.as("admin@alpha", "PUT", "organizations/alpha/configs/" + type, body);
  }
  std::uint64_t config_version() {
    return w.control->node_call(seed().relay, "checkin", {{"versions", json::object()}})
        .body["config_version"];
  }
  Answered session() {
    return w.as("user@alpha", "POST", "sessions", session_wanted("secret-alpha"));
  }

  SeededWorld w;
};

TEST_F(Configs, AreKeptByTypeAndLayerWithGrowingVersions) {
  const Answered first = set("cp_agent_runtime", {{"checkin_interval_ms", 2000}});
  ASSERT_EQ(first.status, 200) << first.text;
  EXPECT_EQ(first.body["layer"], "platform");
  EXPECT_EQ(first.body["changed_by"], "keeper@platform.test");
  const Answered cluster =
      set("cp_agent_runtime", {{"checkin_interval_ms", 1000}}, {{"layer", "cluster"}});
  const Answered again = set("cp_agent_runtime", {{"checkin_interval_ms", 3000}});
  EXPECT_GT(cluster.body["version"], first.body["version"]);
  EXPECT_GT(again.body["version"], cluster.body["version"]);
  EXPECT_EQ(in(w.as("root", "GET", "configs"), "items").size(), 2U);
  EXPECT_EQ(w.as("root", "DELETE", "configs/cp_agent_runtime?layer=cluster").status, 204);
  EXPECT_EQ(w.as("root", "DELETE", "configs/cp_agent_runtime?layer=cluster").code(),
            "config_not_found");
  const json left = in(w.as("root", "GET", "configs"), "items");
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0]["value"]["checkin_interval_ms"], 3000);
  EXPECT_GT(set("cp_agent_runtime", json::object(), {{"layer", "cluster"}}).body["version"],
            again.body["version"])
      << "a value that comes back is a new one";
}

TEST_F(Configs, AreCheckedWhenTheyAreEdited) {
  const Answered wrong = set("cp_agent_runtime", {{"checkin_interval_ms", 1}});
  EXPECT_EQ(wrong.code(), "invalid_member");
  EXPECT_NE(wrong.text.find("checkin_interval_ms"), std::string::npos) << wrong.text;
  EXPECT_EQ(set("nonsense", json::object()).code(), "config_type_unknown");
  EXPECT_EQ(set("app_policy", json::object()).code(), "invalid_member")
      << "a policy is an organization's";
  EXPECT_EQ(set_alpha("cp_agent_runtime", json::object()).code(), "invalid_member");
  EXPECT_EQ(set_alpha("app_policy", json::object(), {{"resource", "secret-alpha"}}).code(),
            "invalid_member");
  EXPECT_EQ(
      set_alpha("app_mtls_trust_bundle", json::object(), {{"resource", "secret-beta"}}).code(),
      "resource_not_found");
}

TEST_F(Configs, OfWhichNodesAreToldChangeTheirConfigurationsVersion) {
  const auto before = config_version();
  EXPECT_EQ(set("node_names", {{"deny", {"gw.example"}}}).status, 200);
  EXPECT_EQ(config_version(), before) << "no node is given it";
  EXPECT_EQ(set("server_runtime_settings", {{"max_clients", 7}}).status, 200);
  EXPECT_EQ(config_version(), before + 1);
  EXPECT_EQ(w.as("root", "DELETE", "configs/server_runtime_settings").status, 204);
  EXPECT_EQ(config_version(), before + 2);
}

TEST_F(Configs, OfAnOrganizationAreItsOwn) {
  EXPECT_EQ(set_alpha("app_variables", {{"REGION", "secret region"}}).status, 200);
  EXPECT_EQ(in(w.as("admin@beta", "GET", "organizations/beta/configs"), "items").size(), 0U);
  EXPECT_EQ(w.as("admin@beta", "GET", "organizations/alpha/configs").code(),
            "organization_not_found");
  EXPECT_EQ(w.as("user@alpha", "GET", "organizations/alpha/variables").body["variables"]["REGION"],
            "secret region");
  EXPECT_EQ(w.as("user@beta", "GET", "organizations/alpha/variables").code(),
            "organization_not_found");
  EXPECT_EQ(w.as("user@beta", "GET", "organizations/beta/variables").body,
            json({{"version", 0}, {"variables", json::object()}}));
  const std::string audit = w.as("owner@alpha", "GET", "audit?organization=alpha").text;
  EXPECT_NE(audit.find("config.set"), std::string::npos);
  EXPECT_EQ(audit.find("secret region"), std::string::npos) << "values are not in the audit";
}

TEST_F(Configs, GoWithTheResourceTheyAreOf) {
  const std::string pem = ControlPlane::authority().roots.front().pem();
  EXPECT_EQ(
      set_alpha("app_mtls_trust_bundle", {{"pem", pem}}, {{"resource", "secret-alpha"}}).status,
      200);
  EXPECT_EQ(in(w.as("admin@alpha", "GET", "organizations/alpha/configs"), "items")[0]["resource"],
            "secret-alpha");
  EXPECT_EQ(w.as("admin@alpha", "DELETE", "organizations/alpha/resources/secret-alpha").status,
            204);
  EXPECT_TRUE(in(w.as("admin@alpha", "GET", "organizations/alpha/configs"), "items").empty());
}

TEST_F(Configs, OfResourcesAreLimitedForAnOrganizationAndCanStillBeChanged) {
  const json value = {{"pem", ControlPlane::authority().roots.front().pem()}};
  const auto set_for = [&](const std::string& resource) {
    return set_alpha("app_mtls_trust_bundle", value, {{"resource", resource}});
  };
  ASSERT_EQ(set_for("secret-alpha").status, 200);
  // There are as many others as there may be; who sets them does not matter here.
  Connection owner = TestCluster::open(w.conninfo, "postgres");
  ASSERT_TRUE(owner.script(
      "INSERT INTO resources SELECT (jsonb_populate_record(r, jsonb_build_object('id', "
      "gen_random_uuid(), 'name', 'copy-' || n))).* FROM resources r, generate_series(1, 64) n "
      "WHERE r.name = 'secret-alpha'; "
      "INSERT INTO config_documents SELECT (jsonb_populate_record(d, jsonb_build_object('id', "
      "gen_random_uuid(), 'resource_id', r.id))).* FROM config_documents d, resources r "
      "WHERE r.name LIKE 'copy-%' AND r.name <> 'copy-64' AND d.layer = 'service'"));
  ASSERT_EQ(in(w.as("admin@alpha", "GET", "organizations/alpha/configs"), "items").size(), 64U);

  EXPECT_EQ(set_for("copy-1").status, 200) << "a value that is set may change at the limit";
  const Answered refused = set_for("copy-64");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.code(), "too_many_configs");
  EXPECT_NE(refused.text.find("64 values for single resources"), std::string::npos);
  EXPECT_EQ(in(w.as("admin@alpha", "GET", "organizations/alpha/configs"), "items").size(), 64U);
  EXPECT_EQ(w.as("admin@alpha", "DELETE",
                 "organizations/alpha/configs/app_mtls_trust_bundle?resource="
                 "copy-2")
                .status,
            204);
  EXPECT_EQ(set_for("copy-64").status, 200);
}

TEST_F(Configs, OfAllOrganizationsTogetherAreNoMoreThanANodeMayHold) {
  Connection owner = TestCluster::open(w.conninfo, "postgres");
  // Others that alpha cannot see, all but one.
  ASSERT_TRUE(owner.script(
      "INSERT INTO organizations SELECT gen_random_uuid(), 'other-' || n, 0 FROM "
      "generate_series(1, 959) n; "
      "INSERT INTO config_documents (type, layer, organization_id, version, value, for_nodes, "
      "changed_at, changed_by) SELECT 'app_policy', 'organization', o.id, "
      "nextval('config_documents_version'), '{}', true, 0, u.id FROM organizations o, users u "
      "WHERE o.name LIKE 'other-%' AND u.email = 'keeper@platform.test'"));
  EXPECT_EQ(set_alpha("app_policy", json::object()).status, 200);
  EXPECT_EQ(set_alpha("app_policy", {{"classes", {"input"}}}).status, 200) << "it is set already";
  const Answered refused = w.as("admin@beta", "PUT", "organizations/beta/configs/app_policy",
                                {{"value", json::object()}});
  EXPECT_EQ(refused.code(), "too_many_configs");
  EXPECT_NE(refused.text.find("960"), std::string::npos) << refused.text;
  EXPECT_EQ(set("server_runtime_settings", {{"max_clients", 7}}).status, 200)
      << "the platform has room of its own";
  EXPECT_EQ(w.as("admin@alpha", "DELETE", "organizations/alpha/configs/app_policy").status, 204);
  EXPECT_EQ(w.as("admin@beta", "PUT", "organizations/beta/configs/app_policy",
                 {{"value", json::object()}})
                .status,
            200);
}

TEST_F(Configs, APolicyNarrowsNewSessions) {
  ASSERT_EQ(session().status, 201);
  EXPECT_EQ(set_alpha("app_policy", {{"classes", {"input"}}}).status, 200);
  EXPECT_EQ(session().body["classes"], json({"input"}));
  EXPECT_EQ(set_alpha("app_policy", {{"protocols", {"tcp"}}}).status, 200);
  EXPECT_EQ(session().code(), "policy_denied");
  EXPECT_EQ(w.as("user@beta", "POST", "sessions", session_wanted("secret-beta")).status, 201)
      << "it is another organization's";
  EXPECT_EQ(w.as("admin@alpha", "DELETE", "organizations/alpha/configs/app_policy").status, 204);
  EXPECT_EQ(session().status, 201);
}

TEST_F(Configs, APolicyEndsSessionsThatLastTooLong) {
  const std::string id = session().body["session"]["id"];
  EXPECT_EQ(set_alpha("app_policy", {{"max_session_s", 60}}).status, 200);
  w.control->now += 59s;
  EXPECT_EQ(
      w.as("user@alpha", "POST", "sessions/" + id + "/attachments", attachment_wanted()).status,
      201);
  w.control->now += 1s;
  EXPECT_EQ(
      w.as("user@alpha", "POST", "sessions/" + id + "/attachments", attachment_wanted()).code(),
      "session_terminated");
  w.control->now += 1s;
  EXPECT_TRUE(control::keep_house(w.control->house(), w.control->now));
  for (const json& s : in(w.as("user@alpha", "GET", "sessions?state=all"), "items")) {
    EXPECT_EQ(s["state"], "terminated");
  }
}

}  // namespace
}  // namespace rap::store
