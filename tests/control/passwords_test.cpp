// Changing and resetting passwords, and accounts that are disabled, enabled and removed.
#include <gtest/gtest.h>

#include <algorithm>

#include "control/people/user.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

constexpr const char* kOld = ControlPlane::kPassword;
constexpr const char* kNew = "another long password";

class Passwords : public ::testing::Test {
 protected:
  Answered login(const std::string& email, const std::string& password = kOld) {
    return w.control->call_from(ControlPlane::device(), "POST", "/api/v1/auth/login",
                                {{"email", email}, {"password", password}});
  }
  Answered with(const std::string& token, const std::string& method, const std::string& path,
                const json& body = {}) {
    return w.control->call(method, "/api/v1/" + path, body, token);
  }
  Answered change(const std::string& token, const std::string& old, const std::string& next) {
    return with(token, "PUT", "me/password", {{"password", old}, {"new_password", next}});
  }
  std::uint64_t epoch_of(const std::string& email) {
    return w.as("root", "POST", "users/" + email + "/sign-out").body["auth_epoch"];
  }
  json newest_audit(const std::string& query = "") {
    return w.as("root", "GET", "audit?limit=1" + query).body["items"][0];
  }

  SeededWorld w;
};

TEST_F(Passwords, AreChangedByWhoKnowsTheOldOneAndOtherSignInsEnd) {
  const std::string here = login("user@alpha.test").body["token"];
  const std::string there = login("user@alpha.test").body["token"];
  const int given_back = w.control->throttle.given_back;
  EXPECT_EQ(change(here, "a wrong old password", kNew).code(), "wrong_credentials");
  EXPECT_EQ(newest_audit()["action"], "auth.password_changed");
  EXPECT_EQ(newest_audit()["outcome"], "denied");
  EXPECT_EQ(w.control->throttle.given_back, given_back) << "a guess costs an attempt here too";
  EXPECT_EQ(change(here, kOld, "short").code(), "invalid_member");
  EXPECT_EQ(change(here, kOld, kOld).code(), "invalid_member");
  const Answered done = change(here, kOld, kNew);
  ASSERT_EQ(done.status, 200) << done.text;
  EXPECT_EQ(done.body["ended_sign_ins"], 2) << "the one there, and the seed's";
  EXPECT_EQ(with(here, "GET", "me").status, 200);
  const Answered out = with(there, "GET", "me");
  EXPECT_EQ(out.status, 401);
  EXPECT_EQ(out.code(), "signed_out");
  EXPECT_NE(out.body["detail"].get<std::string>().find("password of this account was changed"),
            std::string::npos);
  EXPECT_EQ(login("user@alpha.test").code(), "wrong_credentials");
  EXPECT_EQ(login("user@alpha.test", kNew).status, 200);
}

TEST_F(Passwords, ThatAnAdministratorSetsAreGoodForChoosingAnotherOnly) {
  const Answered reset = w.as("root", "POST", "users/user@alpha.test/reset-password");
  ASSERT_EQ(reset.status, 200) << reset.text;
  EXPECT_EQ(newest_audit()["action"], "user.password_reset");
  EXPECT_EQ(newest_audit("&organization=alpha")["action"], "user.password_reset")
      << "the person's organization is told";
  EXPECT_EQ(w.as("user@alpha", "GET", "me").code(), "signed_out");
  EXPECT_EQ(epoch_of("user@alpha.test"), 2) << "live flows ended with the reset";
  const std::string temporary = reset.body["password"];
  const Answered in = login("user@alpha.test", temporary);
  ASSERT_EQ(in.status, 200) << in.text;
  EXPECT_EQ(in.body["password_expires_at"], reset.body["expires_at"]);
  const std::string token = in.body["token"];
  EXPECT_EQ(with(token, "GET", "me").status, 200);
  for (const auto& [method, path] :
       {std::pair{"GET", "resources"}, {"GET", "sessions"}, {"GET", "deny-list"}}) {
    EXPECT_EQ(with(token, method, path).code(), "password_change_required") << path;
  }
  EXPECT_EQ(with(token, "POST", "sessions", session_wanted("secret-alpha")).code(),
            "password_change_required");
  ASSERT_EQ(change(token, temporary, kNew).status, 200);
  EXPECT_EQ(with(token, "POST", "sessions", session_wanted("secret-alpha")).status, 201);
  EXPECT_EQ(login("user@alpha.test", temporary).code(), "wrong_credentials") << "it is used up";
}

TEST_F(Passwords, ThatAnAdministratorSetsExpire) {
  const std::string temporary =
      w.as("root", "POST", "users/user@alpha.test/reset-password").body["password"];
  w.control->now += std::chrono::hours{24} - std::chrono::seconds{1};
  const std::string token = login("user@alpha.test", temporary).body["token"];
  w.control->now += std::chrono::seconds{1};
  EXPECT_EQ(login("user@alpha.test", temporary).code(), "wrong_credentials");
  EXPECT_EQ(change(token, temporary, kNew).code(), "wrong_credentials");
}

TEST_F(Passwords, OfPlatformPeopleAreAPlatformOwnersToReset) {
  EXPECT_EQ(w.as("keeper", "POST", "users/root@platform.test/reset-password").status, 403);
  EXPECT_EQ(w.as("root", "POST", "users/root@platform.test/reset-password").code(), "yourself")
      << "a stolen bearer is not enough for one's own";
  EXPECT_EQ(w.as("root", "POST", "users/keeper@platform.test/reset-password").status, 200);
  EXPECT_EQ(w.as("root", "POST", "users/who@nowhere.test/reset-password").code(), "user_not_found");
}

TEST_F(Passwords, OfMembersAreAPlatformOwnersToReset) {
  EXPECT_EQ(w.as("keeper", "POST", "users/user@alpha.test/reset-password").status, 403)
      << "who runs nodes is not let into tenants";
  EXPECT_EQ(w.as("owner@alpha", "POST", "users/user@alpha.test/reset-password").status, 403)
      << "nor is whoever made a person a member, unasked";
  EXPECT_EQ(w.as("root", "POST", "users/user@alpha.test/reset-password").status, 200);
  EXPECT_EQ(newest_audit("&organization=alpha")["action"], "user.password_reset");
}

TEST_F(Passwords, ThatAreChangedWhileSomebodySignsInOpenNothing) {
  // The bearer is opened after the password was weighed: with a hash that is not the account's any
  // more there is none.
  const auto opened =
      control::transact(w.control->database, control::Scope::platform(),
                        [&](control::Transaction& tx) -> control::Outcome<bool> {
                          const auto user = tx.users().find("user@alpha.test");
                          return tx.users().lock_password(user->id, "plain:" + std::string(kNew));
                        });
  ASSERT_TRUE(opened);
  EXPECT_FALSE(*opened);
}

TEST_F(Passwords, OfADisabledAccountOpenNothingUntilItIsEnabled) {
  const std::string token = login("user@alpha.test").body["token"];
  EXPECT_EQ(w.as("keeper", "POST", "users/root@platform.test/disable").status, 403);
  EXPECT_EQ(w.as("root", "POST", "users/root@platform.test/disable").code(), "yourself");
  const Answered disabled = w.as("keeper", "POST", "users/user@alpha.test/disable");
  ASSERT_EQ(disabled.status, 200) << disabled.text;
  EXPECT_EQ(disabled.body["disabled"], true);
  EXPECT_EQ(login("user@alpha.test").code(), "wrong_credentials");
  const Answered out = with(token, "GET", "me");
  EXPECT_EQ(out.code(), "signed_out");
  EXPECT_NE(out.body["detail"].get<std::string>().find("disabled"), std::string::npos);
  EXPECT_EQ(w.control->node_call(seed().entry, "commands/pull?since=0").body["commands"].size(), 1U)
      << "live flows end";
  EXPECT_EQ(newest_audit("&organization=alpha")["action"], "user.disabled");
  EXPECT_EQ(w.as("keeper", "POST", "users/user@alpha.test/enable").body["disabled"], false);
  const std::string again = login("user@alpha.test").body["token"];
  EXPECT_EQ(with(again, "POST", "sessions", session_wanted("secret-alpha")).status, 201)
      << "memberships and grants waited";
  EXPECT_EQ(with(token, "GET", "me").code(), "signed_out") << "but the sign-ins are over";
}

TEST_F(Passwords, OfARemovedAccountAreGoneAndItsEmailIsFree) {
  EXPECT_EQ(w.as("root", "DELETE", "users/user@alpha.test").status, 204);
  const json told = in(w.as("owner@alpha", "GET", "audit?organization=alpha"), "items");
  EXPECT_TRUE(
      std::ranges::any_of(told, [](const json& e) { return e["action"] == "user.removed"; }));
  EXPECT_EQ(w.as("user@alpha", "GET", "me").code(), "signed_out");
  EXPECT_EQ(w.as("root", "DELETE", "users/user@alpha.test").code(), "user_not_found");
  for (const json& user : in(w.as("root", "GET", "users"), "items")) {
    EXPECT_NE(user["email"], "user@alpha.test");
  }
  const Answered again =
      w.as("root", "POST", "users", {{"email", "user@alpha.test"}, {"password", kNew}});
  ASSERT_EQ(again.status, 201) << again.text;
  const std::string token = login("user@alpha.test", kNew).body["token"];
  EXPECT_EQ(with(token, "GET", "me").body["memberships"].size(), 0U) << "nothing is inherited";
  EXPECT_EQ(with(token, "GET", "sessions").body["items"].size(), 0U);
  EXPECT_EQ(
      w.as("root", "POST", "users", {{"email", "user@alpha.test"}, {"password", kNew}}).code(),
      "user_exists");
}

TEST_F(Passwords, AndRolesOfThePlatformAreAPlatformOwnersToChange) {
  const json admin = {{"platform_role", "platform_admin"}};
  EXPECT_EQ(w.as("keeper", "PATCH", "users/nobody@nowhere.test", admin).status, 403);
  EXPECT_EQ(w.as("root", "PATCH", "users/root@platform.test", admin).code(), "last_platform_owner");
  ASSERT_EQ(w.as("root", "PATCH", "users/nobody@nowhere.test", admin).status, 200);
  EXPECT_EQ(w.as("nobody", "GET", "users").status, 200);
  EXPECT_EQ(newest_audit()["detail"]["before"], "none");
  EXPECT_EQ(w.as("root", "PATCH", "users/nobody@nowhere.test", {{"platform_role", "none"}}).status,
            200);
  EXPECT_EQ(w.as("nobody", "GET", "users").status, 403) << "with the next request";
}

TEST_F(Passwords, OfTheOwnerAreSafeFromAnAdministratorWhoSignsThemOut) {
  EXPECT_EQ(w.as("keeper", "POST", "users/root@platform.test/sign-out").status, 403);
  EXPECT_EQ(w.as("root", "GET", "me").status, 200);
  EXPECT_EQ(w.as("root", "POST", "users/keeper@platform.test/sign-out").status, 200);
  EXPECT_EQ(w.as("keeper", "GET", "me").code(), "signed_out");
}

}  // namespace
}  // namespace rap::store
