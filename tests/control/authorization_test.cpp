// Role × route × tenant: every row of the route table, called by everybody, against organization
// alpha. What each may do is written down here by hand; a route that is not, fails.
#include <gtest/gtest.h>

#include <set>

#include "test_world.hpp"

namespace rap::store {
namespace {

using control::Route;

// Who calls, in the order of the letters below.
const std::vector<std::string> kCallers = {
    "",           "nobody",     "user@alpha", "admin@alpha", "owner@alpha", "user@beta",
    "admin@beta", "owner@beta", "keeper",     "root",        "scraper"};

// a: let in   u: 401   f: 403   h: 404, like what does not exist
constexpr const char* kAnyone = "aaaaaaaaaaa";
constexpr const char* kMetrics = "ufffffffaaa";  // the one route that a metrics token opens
constexpr const char* kSignedIn = "uaaaaaaaaau";
constexpr const char* kPlatform = "ufffffffaau";
constexpr const char* kManager = "uhfaahhhfau";
constexpr const char* kOwner = "uhffahhhffu";  // of the organization alone
constexpr const char* kMember = "uhaaahhhfau";
constexpr const char* kGranted = "uhahhhhhhhu";

const std::map<std::string, std::string> kExpected = {
    {"signIn", kAnyone},
    {"signOut", kSignedIn},
    {"getMe", kSignedIn},
    {"changePassword", kSignedIn},
    {"resetUserPassword", kPlatform},
    {"updateUser", "uffffffffau"},
    {"disableUser", kPlatform},
    {"enableUser", kPlatform},
    {"listUsers", kPlatform},
    {"createUser", kPlatform},
    {"removeUser", kPlatform},
    {"signOutUser", kPlatform},
    {"listOwnDevices", kSignedIn},
    {"removeOwnDevice", kSignedIn},
    {"listDevices", kPlatform},
    {"disableDevice", kPlatform},
    {"enableDevice", kPlatform},
    {"approveDevice", kPlatform},
    {"listBlocklist", kPlatform},
    {"addToBlocklist", kPlatform},
    {"removeFromBlocklist", kPlatform},
    {"listOrganizations", kSignedIn},
    {"createOrganization", kPlatform},
    {"renameOrganization", kPlatform},
    {"disableOrganization", "uffffffffau"},
    {"enableOrganization", "uffffffffau"},
    {"removeOrganization", "uffffffffau"},
    {"listMembers", kManager},
    {"putMember", kManager},
    {"disableMember", kManager},
    {"enableMember", kManager},
    {"removeMember", kManager},
    {"listInvitations", kManager},
    {"withdrawInvitation", kManager},
    {"listOwnInvitations", kSignedIn},
    {"acceptInvitation", kSignedIn},
    {"declineInvitation", kSignedIn},
    {"listDelegations", kPlatform},
    {"addDelegation", "uffffffffau"},
    {"removeDelegation", "uffffffffau"},
    {"listOrganizationDelegations", kManager},
    {"addOrganizationDelegation", kOwner},
    {"removeOrganizationDelegation", kOwner},
    {"listMetricsTokens", kPlatform},
    {"createMetricsToken", kPlatform},
    {"disableMetricsToken", kPlatform},
    {"enableMetricsToken", kPlatform},
    {"removeMetricsToken", kPlatform},
    {"listEgressPools", kManager},
    {"createEgressPool", kManager},
    {"addEgressPoolNode", "uhffahhhfau"},
    {"removeEgressPoolNode", "uhffahhhaau"},
    {"renameEgressPool", kManager},
    {"disableEgressPool", kManager},
    {"enableEgressPool", kManager},
    {"removeEgressPool", kManager},
    {"listResources", kMember},
    {"listOpenResources", kSignedIn},
    {"createResource", kManager},
    {"updateResource", kManager},
    {"disableResource", kManager},
    {"enableResource", kManager},
    {"removeResource", kManager},
    {"listGrants", kManager},
    {"addGrant", kManager},
    {"disableGrant", kManager},
    {"enableGrant", kManager},
    {"removeGrant", kManager},
    {"listJoinTokens", kPlatform},
    {"createJoinToken", kPlatform},
    {"withdrawJoinToken", kPlatform},
    {"enrol", kAnyone},
    {"getEnrolmentStatus", kAnyone},
    {"listEnrolments", kPlatform},
    {"approveEnrolment", "uffffffffau"},
    {"listOrganizationEnrolments", kManager},
    {"approveOrganizationEnrolment", kOwner},
    {"denyOrganizationEnrolment", kOwner},
    {"denyEnrolment", kPlatform},
    {"listNodes", kPlatform},
    {"setNodeRoles", kPlatform},
    {"renameNode", kPlatform},
    {"removeNode", kPlatform},
    {"disableNode", kPlatform},
    {"enableNode", kPlatform},
    {"readmitNode", kPlatform},
    {"drainNode", kPlatform},
    {"undrainNode", kPlatform},
    {"requireCurrentRoutes", kPlatform},
    {"revokeNode", kPlatform},
    {"listOrganizationNodes", kManager},
    {"disableOrganizationNode", kOwner},
    {"enableOrganizationNode", kOwner},
    {"revokeOrganizationNode", kOwner},
    {"listCertificates", kPlatform},
    {"revokeCertificate", kPlatform},
    {"getTrust", kPlatform},
    {"rotateTrust", "uffffffffau"},
    {"listChannels", kPlatform},
    {"listConfigs", kPlatform},
    {"getConfigStatus", kPlatform},
    {"setConfig", kPlatform},
    {"unsetConfig", kPlatform},
    {"listOrganizationConfigs", kManager},
    {"setOrganizationConfig", kManager},
    {"unsetOrganizationConfig", kManager},
    {"getVariables", kMember},
    {"createSession", kGranted},
    {"createAttachment", kGranted},
    {"getTokenKey", kPlatform},
    {"rotateTokenKey", "uffffffffau"},
    {"reportFallbacks", kGranted},
    {"getDenyList", kSignedIn},
    {"listSessions", kSignedIn},
    {"listSessions?organization=alpha", kManager},
    {"terminateSession", "uhaaahhhhau"},
    {"listAudit", kPlatform},
    {"listAudit?organization=alpha", kManager},
    {"verifyAudit", kPlatform},
    {"getHealth", kAnyone},
    {"getReadiness", kAnyone},
    {"getApiReadiness", kAnyone},
    {"getTrustBundle", kAnyone},
    {"getDescription", kAnyone},
    {"getMetrics", kMetrics},
};

const std::map<std::string, json> kBodies = {
    {"signIn", {{"email", "nobody@nowhere.test"}, {"password", ControlPlane::kPassword}}},
    {"changePassword",
     {{"password", ControlPlane::kPassword}, {"new_password", "another long password"}}},
    {"updateUser", {{"platform_role", "platform_admin"}}},
    {"createUser", {{"email", "new@example.test"}, {"password", "a long enough password"}}},
    {"createOrganization", {{"name", "gamma"}}},
    {"createMetricsToken", {{"name", "another"}}},
    {"addDelegation", {{"email", "keeper@platform.test"}, {"right", "approve_nodes"}}},
    {"addOrganizationDelegation", {{"email", "keeper@platform.test"}, {"right", "manage"}}},
    {"putMember", {{"email", "nobody@nowhere.test"}, {"role", "organization_user"}}},
    {"renameOrganization", {{"name", "delta"}}},
    {"createEgressPool", {{"name", "another"}}},
    {"renameEgressPool", {{"name", "another"}}},
    {"updateResource", {{"port", 2222}}},
    {"renameNode", {{"name", "relay-renamed"}}},
    {"readmitNode", {{"ttl_s", 60}}},
    {"createResource",
     {{"name", "another"},
      {"protocol", "tcp"},
      {"host", "10.0.0.1"},
      {"port", 80},
      {"egress_pool", "pool-alpha"}}},
    {"addGrant", {{"email", "admin@alpha.test"}}},
    {"createJoinToken", {{"node_name", "another"}}},
    {"enrol",
     {{"node_id", "0f8fad5b-d9cb-469f-a165-70867728950e"},
      {"secret", "guess"},
      {"csr", "none"},
      {"poll_secret_hash", std::string(64, '0')},
      {"seal_key", to_base64(Bytes(32, 1))},
      {"data_plane_advertise", "h.test:1"},
      {"fabric_advertise", "h.test:2"},
      {"metadata", json::object()}}},
    {"getEnrolmentStatus", {{"poll_secret", "guess"}}},
    {"setNodeRoles", {{"roles", {"relay"}}}},
    {"drainNode", {{"deadline_s", 600}}},
    {"revokeNode", {{"severity", "drain"}}},
    {"revokeOrganizationNode", {{"severity", "drain"}}},
    {"revokeCertificate", {{"key", true}}},
    {"rotateTrust", {{"force", true}}},
    {"rotateTokenKey", {{"force", true}}},
    {"disableDevice", {{"reason", "stolen"}}},
    {"approveDevice", {{"user", "nobody@nowhere.test"}}},
    {"addToBlocklist", {{"kind", "ip"}, {"value", "203.0.113.0/24"}, {"reason", "scans"}}},
    {"createAttachment", attachment_wanted()},
    {"reportFallbacks", {{"items", {{{"entry", "h.test:1"}, {"cause", "unknown_ca"}}}}}},
    {"createSession", session_wanted("secret-alpha", {{"organization", "alpha"}})},
    {"setConfig", {{"value", {{"max_clients", 100}}}, {"layer", "cluster"}}},
    {"setOrganizationConfig", {{"value", {{"protocols", {"ssh"}}}}}},
};

std::string path_of(const Route& route) {
  const bool enrolment = route.path.find("/enrolments/") != route.path.npos;
  std::string path(route.path);
  const std::map<std::string, std::string> values = {
      {"{org}", "alpha"},
      {"{organization}", "alpha"},
      {"{pool}", "pool-alpha"},
      {"{node}", "relay-n"},
      {"{resource}", "secret-alpha"},
      {"{email}", "user@alpha.test"},
      {"{right}", "manage"},
      {"{name}", "prometheus"},
      {"{user}", "nobody@nowhere.test"},
      {"{kind}", "ip"},
      {"{device}", "0f8fad5b-d9cb-869f-a165-70867728950e"},
      {"{value}", "203.0.113.7"},
      {"{type}",
       route.path.find("{org}") == route.path.npos ? "server_runtime_settings" : "app_policy"},
      {"{id}", enrolment ? seed().pending_enrolment : seed().session}};
  for (const auto& [name, value] : values) {
    if (const auto at = path.find(name); at != path.npos) path.replace(at, name.size(), value);
  }
  return path;
}

char letter_of(const Answered& a) {
  static const std::set<std::string> kHidden = {"organization_not_found", "session_not_found",
                                                "resource_not_found"};
  if (a.status == 401 && a.code() == "not_signed_in") return 'u';
  if (a.status == 403 && a.code() == "forbidden") return 'f';
  return a.status == 404 && kHidden.contains(a.code()) ? 'h' : 'a';
}

// Texts that would tell of alpha; `sent` is what the caller said and may be told back.
std::vector<std::string> leaks(const std::string& answer, const std::string& sent) {
  std::vector<std::string> found;
  for (const std::string& mark :
       {std::string("alpha"), std::string("secret-alpha"), std::string("alpha.internal"),
        std::string("pool-alpha"), std::string("@alpha.test"), seed().session}) {
    if (answer.find(mark) != answer.npos && sent.find(mark) == sent.npos) found.push_back(mark);
  }
  return found;
}

// An entry's certificate says which worker it is, so a client is told whom to expect; and one that
// seals its own flows chooses among the egresses.
std::vector<std::string> topology(std::string answer, const std::string& sent) {
  if (json body = json::parse(answer, nullptr, false);
      body.is_object() && body.contains("resume")) {
    body["resume"].erase("egresses");
    answer = body.dump();
  }
  const std::string worker = "\"tls_worker\":\"" + seed().entry + "\"";
  for (auto at = answer.find(worker); at != answer.npos; at = answer.find(worker)) {
    answer.erase(at, worker.size());
  }
  std::vector<std::string> found;
  for (const std::string& mark :
       {seed().relay, seed().egress, seed().entry, std::string("relay-n"), std::string("egress-n"),
        std::string("entry-n.test:4444"), std::string("newcomer")}) {
    if (answer.find(mark) != answer.npos && sent.find(mark) == sent.npos) found.push_back(mark);
  }
  return found;
}

class Authorization : public ::testing::Test {
 protected:
  SeededWorld world_;

  // Calls the route as everybody, leaving nothing behind.
  void call_as_everybody(const Route& route, const std::string& query,
                         const std::string& expected) {
    const auto body = kBodies.contains(std::string(route.operation))
                          ? kBodies.at(std::string(route.operation))
                          : json{};
    ASSERT_EQ(route.body.empty(), body.is_null()) << route.operation << " needs a body in kBodies";
    const std::string path = path_of(route) + query;
    for (std::size_t i = 0; i < kCallers.size(); ++i) {
      const std::string& who = kCallers[i];
      const Answered a = world_.control->call(std::string(route.method), path, body,
                                              who.empty() ? "" : seed().tokens.at(who));
      const std::string what = std::string(route.operation) + query + " as '" + who + "'";
      EXPECT_EQ(letter_of(a), expected[i]) << what << ": " << a.status << " " << a.text;
      EXPECT_LT(a.status, 500) << what << ": " << a.text;
      check_answer(route, a, what);
      const std::string sent = path + body.dump();
      const bool of_alpha = who.ends_with("@alpha");
      const bool of_platform = who == "root" || who == "keeper";
      if (!of_alpha && !of_platform) {
        EXPECT_EQ(leaks(a.text, sent), std::vector<std::string>{}) << what;
      }
      if (!of_platform) {
        EXPECT_EQ(topology(a.text, sent), std::vector<std::string>{}) << what;
      }
    }
  }

  // What is answered is what the table, and so the OpenAPI document, says.
  void check_answer(const Route& route, const Answered& a, const std::string& what) {
    if (a.status >= 400) {
      EXPECT_EQ(a.response.content_type, "application/problem+json") << what;
      EXPECT_FALSE(a.body.value("detail", "").empty()) << what;
      return;
    }
    EXPECT_EQ(a.status, route.answer.status) << what;
    EXPECT_EQ(a.response.header("cache-control"), "no-store");
    if (route.answer.members.empty()) return;
    const auto fault = control::find_fault(a.body, route.answer.members);
    EXPECT_FALSE(fault) << what << ": the answer's " << *fault << "\n" << a.text;
  }
};

TEST_F(Authorization, OfEveryRouteIsWrittenDownHere) {
  std::set<std::string> known;
  for (const Route& route : world_.control->api().routes()) {
    known.insert(std::string(route.operation));
    EXPECT_TRUE(kExpected.contains(std::string(route.operation))) << route.operation;
  }
  for (const auto& [operation, expected] : kExpected) {
    EXPECT_TRUE(known.contains(operation.substr(0, operation.find('?')))) << operation;
    EXPECT_EQ(expected.size(), kCallers.size()) << operation;
  }
}

TEST_F(Authorization, HoldsForEveryRouteRoleAndTenant) {
  world_.control->database.dry = true;
  for (const Route& route : world_.control->api().routes()) {
    for (const std::string query : {"", "?organization=alpha"}) {
      const auto expected = kExpected.find(std::string(route.operation) + query);
      if (expected != kExpected.end()) call_as_everybody(route, query, expected->second);
    }
  }
}

TEST_F(Authorization, AsksForABearerEverywhereButOnThePublicRoutes) {
  const std::set<std::string> kPublic = {"signIn",         "enrol",         "getEnrolmentStatus",
                                         "getHealth",      "getReadiness",  "getApiReadiness",
                                         "getTrustBundle", "getDescription"};
  for (const Route& route : world_.control->api().routes()) {
    if (kPublic.contains(std::string(route.operation))) continue;
    for (const std::string& token :
         {std::string(), std::string("rapst_short"), std::string("wrong"),
          "rapst_" + std::string(43, 'A'), "rapmt_" + std::string(43, 'A')}) {
      const Answered a = world_.control->call(std::string(route.method), path_of(route), {}, token);
      EXPECT_EQ(a.status, 401) << route.operation << " with '" << token << "'";
      EXPECT_EQ(a.code(), "not_signed_in");
      EXPECT_EQ(a.response.header("www-authenticate"), "Bearer");
    }
  }
}

TEST_F(Authorization, RolesOfThePlatformAreAPlatformOwnersToGiveAndTake) {
  SeededWorld& w = world_;
  const json admin = {{"email", "second@platform.test"},
                      {"password", "a long enough password"},
                      {"platform_role", "platform_owner"}};
  EXPECT_EQ(w.as("keeper", "POST", "users", admin).status, 403);
  EXPECT_EQ(w.as("keeper", "DELETE", "users/root@platform.test").status, 403);
  EXPECT_EQ(w.as("root", "DELETE", "users/root@platform.test").code(), "last_platform_owner");
  EXPECT_EQ(w.as("root", "POST", "users", admin).status, 201);
  EXPECT_EQ(w.as("root", "DELETE", "users/root@platform.test").status, 204);
  EXPECT_EQ(w.as("root", "GET", "me").status, 401) << "a closed account is signed out everywhere";
}

TEST_F(Authorization, OnlyOwnersOfAnOrganizationManageItsManagers) {
  SeededWorld& w = world_;
  const auto put = [&](const std::string& who, const std::string& email, const std::string& role) {
    return w.as(who, "POST", "organizations/alpha/members", {{"email", email}, {"role", role}})
        .status;
  };
  EXPECT_EQ(put("admin@alpha", "nobody@nowhere.test", "organization_admin"), 403);
  EXPECT_EQ(put("admin@alpha", "owner@alpha.test", "organization_user"), 403);
  EXPECT_EQ(put("admin@alpha", "nobody@nowhere.test", "organization_user"), 201);
  EXPECT_EQ(put("owner@alpha", "nobody@nowhere.test", "organization_admin"), 201);
  EXPECT_EQ(w.as("admin@alpha", "DELETE", "organizations/alpha/members/owner@alpha.test").status,
            403);
  EXPECT_EQ(w.as("owner@alpha", "DELETE", "organizations/alpha/members/admin@alpha.test").status,
            204);
  EXPECT_EQ(w.as("admin@alpha", "GET", "organizations/alpha/members").code(),
            "organization_not_found")
      << "a removed role is gone with the next request";
}

}  // namespace
}  // namespace rap::store
