// Devices: what a bearer is worth without the key it was signed in with, and how devices are shut
// out, let in and approved.
#include <gtest/gtest.h>

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
    return c.call_from(key, "POST", "/api/v1/sessions", {{"resource", "secret-alpha"}}, bearer);
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
  // For no request at all, whatever it may do.
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
  const json wanted = {{"resource", "secret-alpha"}};
  EXPECT_EQ(c.bare_call("POST", "/api/v1/sessions", wanted, bare).code(), "device_required");
  EXPECT_EQ(start(laptop, bare).code(), "device_required") << "it is bare for good";
  EXPECT_EQ(
      c.bare_call("POST", "/api/v1/sessions/" + seed().session + "/attachments", {}, bare).code(),
      "device_required");

  ControlPlane lax(w.conninfo, DevicePolicy::any);
  EXPECT_EQ(lax.bare_call("POST", "/api/v1/sessions", wanted, bare).status, 201);
}

TEST_F(Devices, TokensOfTheDataPlaneCarryTheProvenDevice) {
  EXPECT_EQ(token_in(start(laptop, token(laptop))).device.str(), laptop_id);
  const Answered said =
      c.call_from(laptop, "POST", "/api/v1/sessions",
                  {{"resource", "secret-alpha"}, {"device", laptop_id}}, token(laptop));
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
  EXPECT_EQ(strict.bare_call("POST", "/api/v1/auth/login", login).code(), "device_required");

  EXPECT_EQ(in(change("approve", id), "items")[0]["approved"], true);
  EXPECT_EQ(from(thief).status, 200);
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

}  // namespace
}  // namespace rap::store
