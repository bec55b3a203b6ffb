// Devices: what a bearer is worth without the key it was signed in with, and how devices are shut
// out, let in and approved.
#include <gtest/gtest.h>

#include <thread>

#include "crypto/tokens/data_plane_token.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using control::DevicePolicy;
using namespace std::chrono_literals;

class Devices : public ::testing::Test {
 protected:
  SeededWorld w;
  ControlPlane& c = *w.control;
  const crypto::PrivateKey laptop = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  const crypto::PrivateKey thief = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  const std::string laptop_id = crypto::device_id_of(laptop.public_key()).str();

  Answered sign_in(const crypto::PrivateKey& key, const std::string& email = "user@alpha.test") {
    return c.call_from(
        key, "POST", "/api/v1/auth/login",
        {{"email", email}, {"password", ControlPlane::kPassword}, {"device_name", "laptop"}});
  }
  std::string token(const crypto::PrivateKey& key) {
    const Answered a = sign_in(key);
    EXPECT_EQ(a.status, 200) << a.text;
    return a.body.value("token", "");
  }
  Answered start(const crypto::PrivateKey& key, const std::string& bearer) {
    return c.call_from(key, "POST", "/api/v1/sessions", session_wanted("secret-alpha"), bearer);
  }
  Answered change(const std::string& what, const std::string& id, const json& body = {}) {
    return w.as("keeper", "POST", "devices/" + id + "/" + what, body);
  }
  crypto::DataPlaneToken token_in(const Answered& started) {
    const auto& key = ControlPlane::authority().token_key;
    const auto read = crypto::verify_token(in(started, "candidates")[0]["token"].get<std::string>(),
                                           {{key.kid, key.key.public_key()}},
                                           ControlPlane::authority().cluster, c.now);
    EXPECT_TRUE(read);
    return read.value_or(crypto::DataPlaneToken{});
  }
};

TEST_F(Devices, AStolenBearerIsWorthNothingWithoutTheKey) {
  const std::string bearer = token(laptop);
  EXPECT_EQ(c.call_from(laptop, "GET", "/api/v1/me", {}, bearer).body["device"], laptop_id);
  // It is good for no request at all, whatever it may do.
  for (const auto& [method, path] :
       std::vector<std::pair<std::string, std::string>>{{"GET", "/api/v1/me"},
                                                        {"POST", "/api/v1/sessions"},
                                                        {"PUT", "/api/v1/me/password"},
                                                        {"POST", "/api/v1/auth/logout"}}) {
    EXPECT_EQ(c.bare_call(method, path, {}, bearer).code(), "device_proof_wrong") << path;
    EXPECT_EQ(c.call_from(thief, method, path, {}, bearer).code(), "device_proof_wrong") << path;
  }
  EXPECT_EQ(start(laptop, bearer).status, 201);
}

TEST_F(Devices, AProofIsOfOneRequestAndIsGoodOnce) {
  const std::string bearer = token(laptop);
  auto request = ControlPlane::request_of("GET", "/api/v1/me", {});
  request.headers.emplace_back("authorization", "Bearer " + bearer);
  const auto proven = c.proven(request, laptop);
  EXPECT_EQ(c.request(proven).status, 200);
  EXPECT_EQ(c.request(proven).code(), "device_proof_stale") << "it was used";

  auto other_path = c.proven(request, laptop);
  other_path.path = "/api/v1/me/devices";
  EXPECT_EQ(c.request(other_path).code(), "device_proof_wrong");
  auto other_query = c.proven(request, laptop);
  other_query.query = "a=1";
  EXPECT_EQ(c.request(other_query).code(), "device_proof_wrong");
  auto other_bearer = c.proven(request, laptop);
  other_bearer.headers.front().second = "Bearer " + token(laptop);
  EXPECT_EQ(c.request(other_bearer).code(), "device_proof_wrong");
  auto changed = ControlPlane::request_of("POST", "/api/v1/sessions", {{"resource", "other"}});
  changed.headers = request.headers;
  changed = c.proven(changed, laptop);
  changed.body = json{{"resource", "secret-alpha"}}.dump();
  EXPECT_EQ(c.request(changed).code(), "device_proof_wrong");
  EXPECT_EQ(c.request(c.proven(request, laptop)).status, 200);
}

TEST_F(Devices, ASignInIsProvenToo) {
  auto request = ControlPlane::request_of(
      "POST", "/api/v1/auth/login",
      {{"email", "user@alpha.test"}, {"password", ControlPlane::kPassword}});
  auto proven = c.proven(request, laptop);
  EXPECT_EQ(c.request(proven).status, 200);
  EXPECT_EQ(c.request(proven).code(), "device_proof_stale");
  proven = c.proven(request, laptop);
  proven.body = json{{"email", "root@platform.test"}, {"password", ControlPlane::kPassword}}.dump();
  EXPECT_EQ(c.request(proven).code(), "device_proof_wrong") << "of another person";
  // A wrong password uses no proof up and takes no place.
  auto wrong = ControlPlane::request_of("POST", "/api/v1/auth/login",
                                        {{"email", "user@alpha.test"}, {"password", "wrong"}});
  wrong = c.proven(wrong, laptop);
  EXPECT_EQ(c.request(wrong).code(), "wrong_credentials");
  EXPECT_EQ(c.request(wrong).code(), "wrong_credentials");
}

TEST_F(Devices, ABareSignInStartsNoSessionUnlessThePolicySaysSo) {
  const json login = {{"email", "user@alpha.test"}, {"password", ControlPlane::kPassword}};
  const std::string bare = c.bare_call("POST", "/api/v1/auth/login", login).body.value("token", "");
  EXPECT_EQ(c.bare_call("GET", "/api/v1/me", {}, bare).status, 200);
  const json wanted = session_wanted("secret-alpha");
  EXPECT_EQ(c.bare_call("POST", "/api/v1/sessions", wanted, bare).code(), "device_required");
  EXPECT_EQ(start(laptop, bare).code(), "device_required") << "it is bare for good";
  EXPECT_EQ(c.bare_call("POST", "/api/v1/sessions/" + seed().session + "/attachments",
                        attachment_wanted(), bare)
                .code(),
            "device_required");

  ControlPlane lax(w.conninfo, DevicePolicy::any);
  EXPECT_EQ(lax.bare_call("POST", "/api/v1/sessions", wanted, bare).status, 201);
}

TEST_F(Devices, TokensOfTheDataPlaneCarryTheProvenDevice) {
  EXPECT_EQ(token_in(start(laptop, token(laptop))).device.str(), laptop_id);
  const Answered said =
      c.call_from(laptop, "POST", "/api/v1/sessions",
                  session_wanted("secret-alpha", {{"device", laptop_id}}), token(laptop));
  EXPECT_EQ(said.code(), "invalid_member") << "nobody says which device they are";
}

TEST_F(Devices, ADisabledDeviceIsSignedOutAndSignsInNoMore) {
  const std::string bearer = token(laptop);
  const Answered done = change("disable", laptop_id, {{"reason", "stolen"}});
  ASSERT_EQ(done.status, 200) << done.text;
  EXPECT_EQ(in(done, "items")[0]["blocked"], true);
  EXPECT_EQ(in(done, "items")[0]["name"], "laptop");
  EXPECT_EQ(in(w.as("keeper", "GET", "blocklist"), "items")[0]["value"], laptop_id)
      << "which nodes enforce";

  const Answered out = c.call_from(laptop, "GET", "/api/v1/me", {}, bearer);
  EXPECT_EQ(out.code(), "signed_out");
  EXPECT_NE(out.body["detail"].get<std::string>().find("disabled this device"), std::string::npos);
  EXPECT_EQ(sign_in(laptop).code(), "blocklisted");
  EXPECT_EQ(sign_in(laptop, "admin@alpha.test").code(), "blocklisted") << "whoever signs in on it";
  EXPECT_EQ(sign_in(thief).status, 200) << "another key is another device";

  EXPECT_EQ(change("enable", laptop_id).status, 200);
  EXPECT_EQ(start(laptop, token(laptop)).status, 201);
  EXPECT_EQ(
      change("disable", crypto::device_id_of(ControlPlane::device().public_key()).str()).code(),
      "yourself");
  EXPECT_EQ(change("disable", "0f8fad5b-d9cb-469f-a165-70867728950e").code(), "device_not_found");
  EXPECT_EQ(change("disable", "laptop").code(), "device_not_found");
}

TEST_F(Devices, TheBlocklistEndsSignInsOfADeviceToo) {
  const std::string bearer = token(laptop);
  EXPECT_EQ(w.as("keeper", "POST", "blocklist",
                 {{"kind", "device"}, {"value", laptop_id}, {"expires_in_s", 60}})
                .status,
            201);
  EXPECT_EQ(c.call_from(laptop, "GET", "/api/v1/me", {}, bearer).code(), "signed_out");
  EXPECT_EQ(sign_in(laptop).code(), "blocklisted");
  c.now += 61s;
  EXPECT_EQ(sign_in(laptop).status, 200);
}

TEST_F(Devices, PeopleSeeAndRemoveTheirOwn) {
  const std::string bearer = token(laptop);
  const auto mine = in(c.call_from(laptop, "GET", "/api/v1/me/devices", {}, bearer), "items");
  ASSERT_EQ(mine.size(), 2U) << "this one, and the seed's";
  EXPECT_EQ(mine[0]["user"], "user@alpha.test");
  const std::string path = "me/devices/" + laptop_id;
  EXPECT_EQ(w.as("user@beta", "DELETE", path).code(), "device_not_found") << "it is none of theirs";
  EXPECT_EQ(w.as("user@alpha", "DELETE", path).status, 204);
  EXPECT_EQ(c.call_from(laptop, "GET", "/api/v1/me", {}, bearer).code(), "signed_out");
  EXPECT_EQ(in(w.as("user@alpha", "GET", "me/devices"), "items").size(), 1U);
  EXPECT_EQ(sign_in(laptop).status, 200) << "it is a new device then";
}

TEST_F(Devices, AdministratorsSeeThoseOfAPerson) {
  token(laptop);
  EXPECT_EQ(in(w.as("keeper", "GET", "devices?user=user@alpha.test"), "items").size(), 2U);
  EXPECT_GE(in(w.as("keeper", "GET", "devices"), "items").size(), 8U);
  EXPECT_EQ(w.as("keeper", "GET", "devices?user=nobody@alpha.test").code(), "user_not_found");
}

TEST_F(Devices, AFirstSignInIsInTheAuditLog) {
  token(laptop);
  token(laptop);
  int added = 0;
  for (const json& entry : in(w.as("keeper", "GET", "audit?limit=50"), "items")) {
    if (entry["action"] == "device.added" && entry["detail"]["device"] == laptop_id) ++added;
  }
  EXPECT_EQ(added, 1);
}

TEST_F(Devices, WhereUnknownOnesAreRefusedAnAdministratorApprovesThem) {
  const std::string known = token(laptop);  // before the policy
  ControlPlane strict(w.conninfo, DevicePolicy::approved);
  const json login = {{"email", "user@alpha.test"}, {"password", ControlPlane::kPassword}};
  const auto from = [&](const crypto::PrivateKey& key) {
    return strict.call_from(key, "POST", "/api/v1/auth/login", login);
  };
  EXPECT_EQ(from(laptop).status, 200) << "what is known already";
  const Answered refused = from(thief);
  EXPECT_EQ(refused.code(), "device_not_approved");
  EXPECT_EQ(from(thief).code(), "device_not_approved");
  const std::string id = crypto::device_id_of(thief.public_key()).str();
  EXPECT_NE(refused.body["detail"].get<std::string>().find(id), std::string::npos);
  EXPECT_NE(refused.body["detail"].get<std::string>().find("approve " + id + " user@alpha.test"),
            std::string::npos)
      << "it says what to ask for";
  EXPECT_EQ(strict.bare_call("POST", "/api/v1/auth/login", login).code(), "device_required");

  EXPECT_EQ(change("approve", id).code(), "malformed_request") << "for whom?";
  EXPECT_EQ(change("approve", id, {{"user", "user@beta.test"}}).code(), "device_not_found");
  EXPECT_EQ(change("approve", id, {{"user", "nobody@beta.test"}}).code(), "device_not_found");
  EXPECT_EQ(in(change("approve", id, {{"user", "user@alpha.test"}}), "items")[0]["approved"], true);
  EXPECT_EQ(from(thief).status, 200);
}

TEST_F(Devices, AreApprovedForOnePersonAndNotForAllWhoWaitOnTheKey) {
  ControlPlane strict(w.conninfo, DevicePolicy::approved);
  const auto from_shared = [&](const std::string& email) {
    return strict.call_from(thief, "POST", "/api/v1/auth/login",
                            {{"email", email}, {"password", ControlPlane::kPassword}});
  };
  for (const char* email : {"user@alpha.test", "admin@alpha.test"}) {
    EXPECT_EQ(from_shared(email).code(), "device_not_approved");
  }
  const std::string id = crypto::device_id_of(thief.public_key()).str();
  const auto approved = in(change("approve", id, {{"user", "user@alpha.test"}}), "items");
  ASSERT_EQ(approved.size(), 2U) << "who else waits is shown";
  for (const json& of : approved) EXPECT_EQ(of["approved"], of["user"] == "user@alpha.test");
  EXPECT_EQ(from_shared("user@alpha.test").status, 200);
  EXPECT_EQ(from_shared("admin@alpha.test").code(), "device_not_approved");
}

TEST_F(Devices, OfEarlierSignInsAreHeldToANewPolicyToo) {
  const json login = {{"email", "user@alpha.test"}, {"password", ControlPlane::kPassword}};
  ControlPlane strict(w.conninfo, DevicePolicy::approved);
  strict.call_from(thief, "POST", "/api/v1/auth/login", login);  // it waits
  const std::string waiting = token(thief);  // where nobody asks for an approval
  const std::string known = token(laptop);
  EXPECT_EQ(strict.call_from(laptop, "GET", "/api/v1/me", {}, known).status, 200);
  EXPECT_EQ(strict.call_from(thief, "GET", "/api/v1/me", {}, waiting).code(),
            "device_not_approved");
  EXPECT_EQ(c.call_from(thief, "GET", "/api/v1/me", {}, waiting).status, 200);
}

TEST_F(Devices, WhereTheyAreApprovedABareBearerOpensTheMetricsAndNothingElse) {
  const json login = {{"email", "root@platform.test"}, {"password", ControlPlane::kPassword}};
  const std::string before = c.bare_call("POST", "/api/v1/auth/login", login).body["token"];
  ControlPlane strict(w.conninfo, DevicePolicy::approved);
  const std::string after = strict.bare_call("POST", "/api/v1/auth/login", login).body["token"];
  for (const std::string& bare : {before, after}) {
    EXPECT_EQ(strict.bare_call("GET", "/metrics", {}, bare).status, 200);
    for (const control::Route& route : strict.api().routes()) {
      if (route.access == policy::Access::anyone || route.operation == "getMetrics") continue;
      std::string path(route.path);
      for (std::size_t at = 0; (at = path.find('{')) != path.npos;) {
        path.replace(at, path.find('}') + 1 - at, "x");
      }
      EXPECT_EQ(strict.bare_call(std::string(route.method), path, {}, bare).code(),
                "device_required")
          << route.operation;
    }
  }
  EXPECT_EQ(c.bare_call("GET", "/api/v1/me", {}, after).status, 200) << "as with other policies";
}

TEST_F(Devices, ThatAreGoneOrBlockedAreRefusedWhateverIsWrittenOfTheirSignIns) {
  // What a sign-in leaves that meets the removal or the blocking of its device.
  const std::string bearer = token(laptop);
  Connection owner = TestCluster::open(w.conninfo, kAppRole);
  ASSERT_TRUE(owner.script("SELECT set_config('rap.scope', 'platform', false)"));
  const auto me = [&] { return c.call_from(laptop, "GET", "/api/v1/me", {}, bearer); };
  ASSERT_TRUE(owner.script(
      "SELECT set_config('rap.cluster_id', '" + ControlPlane::authority().cluster.str() +
      "', false); INSERT INTO server_blocklist_changes (kind, value, action, changed_at) "
      "VALUES ('device', '" +
      laptop_id + "', 'add', 1)"));
  EXPECT_EQ(me().code(), "blocklisted");
  EXPECT_EQ(start(laptop, bearer).code(), "blocklisted");
  ASSERT_TRUE(owner.script("UPDATE server_blocklist_changes SET action = 'remove' WHERE value = '" +
                           laptop_id + "'"));
  EXPECT_EQ(me().status, 200);
  ASSERT_TRUE(owner.script("DELETE FROM devices WHERE id = '" + laptop_id + "'"));
  EXPECT_EQ(me().code(), "signed_out");
  EXPECT_NE(me().body["detail"].get<std::string>().find("device was removed"), std::string::npos);
  token(laptop);
  EXPECT_EQ(me().code(), "signed_out") << "signing in again revives nothing";
}

TEST_F(Devices, AreSeenAndSignedInInOneTransaction) {
  const int before = c.database.transactions;
  token(laptop);
  EXPECT_EQ(c.database.transactions - before, 2) << "one finds the password";
}

TEST_F(Devices, DisablingOneLeavesNoSignInHoweverTheTwoMeet) {
  constexpr int kRounds = 10;
  token(laptop);
  for (int round = 0; round < kRounds; ++round) {
    std::jthread administrator([&] { EXPECT_EQ(change("disable", laptop_id).status, 200); });
    std::vector<std::string> bearers;
    for (int i = 0; i < 3; ++i) bearers.push_back(sign_in(laptop).body.value("token", ""));
    administrator.join();
    EXPECT_EQ(change("enable", laptop_id).status, 200);
    for (const std::string& bearer : bearers) {
      if (bearer.empty()) continue;
      EXPECT_EQ(c.call_from(laptop, "GET", "/api/v1/me", {}, bearer).code(), "signed_out");
    }
  }
}

TEST_F(Devices, OfOnePersonAreBounded) {
  ControlPlane strict(w.conninfo, DevicePolicy::approved);
  token(laptop);  // approved
  for (std::size_t i = 0; i < control::kMaxDevicesPerUser + 3; ++i) {
    ++strict.now;
    strict.call_from(crypto::PrivateKey::generate(crypto::KeyType::ed25519), "POST",
                     "/api/v1/auth/login",
                     {{"email", "user@alpha.test"}, {"password", ControlPlane::kPassword}});
  }
  const auto left = in(w.as("keeper", "GET", "devices?user=user@alpha.test"), "items");
  EXPECT_EQ(left.size(), control::kMaxDevicesPerUser);
  EXPECT_TRUE(std::ranges::any_of(left, [&](const json& d) { return d["id"] == laptop_id; }))
      << "strangers with a password drive out nothing that was approved";
}

TEST_F(Devices, ThatAreForgottenAreSignedOut) {
  // One that nobody approved goes first, however late it signed in where nobody asks for that.
  ControlPlane strict(w.conninfo, DevicePolicy::approved);
  strict.call_from(laptop, "POST", "/api/v1/auth/login",
                   {{"email", "user@alpha.test"}, {"password", ControlPlane::kPassword}});
  const auto another = [&] {
    c.now += 1s;
    token(crypto::PrivateKey::generate(crypto::KeyType::ed25519));
  };
  for (std::size_t known = 2; known < control::kMaxDevicesPerUser; ++known) another();
  const std::string bearer = token(laptop);
  const auto me = [&] { return c.call_from(laptop, "GET", "/api/v1/me", {}, bearer); };
  EXPECT_EQ(me().status, 200);
  another();
  EXPECT_EQ(me().code(), "signed_out");
  Connection owner = TestCluster::open(w.conninfo, kAppRole);
  ASSERT_TRUE(owner.script("SELECT set_config('rap.scope', 'platform', false)"));
  const auto living = owner.query(
      "SELECT count(*) FROM bearer_sessions b WHERE ended_because IS NULL AND device_id IS NOT "
      "NULL "
      "AND NOT EXISTS (SELECT FROM devices d WHERE d.id = b.device_id AND d.user_id = b.user_id)",
      {});
  ASSERT_TRUE(living);
  EXPECT_EQ((*living)[0].integer(0), 0) << "no sign-in is without its device";
  bool told = false;
  for (const json& entry : in(w.as("keeper", "GET", "audit?limit=50"), "items")) {
    told |= entry["action"] == "device.forgotten" && entry["detail"]["device"] == laptop_id;
  }
  EXPECT_TRUE(told);
}

TEST_F(Devices, ProofsOfStrangersAreLimitedBeforeTheyAreWeighed) {
  c.throttle.refusal = 4200ms;
  auto request = ControlPlane::request_of(
      "POST", "/api/v1/auth/login",
      {{"email", "user@alpha.test"}, {"password", ControlPlane::kPassword}});
  auto used = c.proven(request, laptop);
  EXPECT_EQ(c.request(used).code(), "too_many_attempts");
  used.headers.back().second = "no proof";
  EXPECT_EQ(c.request(used).code(), "too_many_attempts") << "nor is a signature verified";
  c.throttle.refusal.reset();
  c.throttle.given_back = 0;
  EXPECT_EQ(c.request(c.proven(request, laptop)).status, 200);
  EXPECT_EQ(c.throttle.given_back, 3) << "the proof's, the account's and the source's";
  c.throttle.given_back = 0;
  EXPECT_EQ(c.request(used).code(), "device_proof_wrong");
  request.body = json{{"email", "user@alpha.test"}, {"password", "guess"}}.dump();
  EXPECT_EQ(c.request(c.proven(request, laptop)).code(), "wrong_credentials");
  EXPECT_EQ(c.throttle.given_back, 0);
}

}  // namespace
}  // namespace rap::store
