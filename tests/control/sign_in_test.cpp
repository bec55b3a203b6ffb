#include <gtest/gtest.h>

#include "control/people/bearer.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

class SignIn : public ::testing::Test {
 protected:
  Answered login(const std::string& email, const std::string& password = ControlPlane::kPassword) {
    return w.as("", "POST", "auth/login", {{"email", email}, {"password", password}});
  }
  Answered me(const std::string& token) { return w.control->call("GET", "/api/v1/me", {}, token); }
  json newest_audit() { return w.as("root", "GET", "audit?limit=1").body["items"][0]; }

  SeededWorld w;
};

TEST_F(SignIn, GivesABearerForTwelveHours) {
  const Answered a = login("User@Alpha.test");
  ASSERT_EQ(a.status, 200) << a.text;
  EXPECT_EQ(a.body["expires_at"], to_unix(w.control->now) + 12 * 3600);
  const std::string token = a.body["token"];
  EXPECT_EQ(me(token).body["email"], "user@alpha.test");
  EXPECT_EQ(me(token).body["memberships"][0]["organization"]["name"], "alpha");
  w.control->now += std::chrono::hours{12} - std::chrono::seconds{1};
  EXPECT_EQ(me(token).status, 200);
  w.control->now += std::chrono::seconds{1};
  EXPECT_EQ(me(token).code(), "not_signed_in");
}

TEST_F(SignIn, EndsWithSigningOut) {
  const std::string token = login("user@alpha.test").body["token"];
  const std::string other = login("user@alpha.test").body["token"];
  EXPECT_EQ(w.control->call("POST", "/api/v1/auth/logout", {}, token).status, 204);
  EXPECT_EQ(me(token).status, 401);
  EXPECT_EQ(me(other).status, 200);
  EXPECT_EQ(newest_audit()["action"], "auth.sign_out");
}

TEST_F(SignIn, TreatsAWrongPasswordAndAnUnknownAccountAlikeAndRecordsBoth) {
  const Answered wrong = login("user@alpha.test", "guess");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.code(), "wrong_credentials");
  EXPECT_EQ(newest_audit()["outcome"], "denied");
  EXPECT_EQ(newest_audit()["target"]["name"], "user@alpha.test");
  const Answered unknown = login("who@alpha.test", "guess");
  EXPECT_EQ(unknown.text, wrong.text);
  EXPECT_EQ(newest_audit()["target"]["name"], "who@alpha.test");
  EXPECT_EQ(w.control->throttle.given_back, 0) << "a guess costs an attempt";
}

TEST_F(SignIn, CostsNothingWhenItSucceeds) {
  (void)login("user@alpha.test");
  EXPECT_EQ(w.control->throttle.given_back, 2) << "the account's and the source's";
}

TEST_F(SignIn, IsRefusedWithATimeToWaitWhenThereWereTooManyAttempts) {
  w.control->throttle.refusal = std::chrono::milliseconds{4200};
  const Answered a = login("user@alpha.test");
  EXPECT_EQ(a.status, 429);
  EXPECT_EQ(a.code(), "too_many_attempts");
  EXPECT_EQ(a.response.header("retry-after"), "5");
}

TEST_F(SignIn, IsPutOffWhenTooManyPasswordsAreBeingWeighed) {
  w.control->hasher.busy = true;
  const Answered a = login("user@alpha.test");
  EXPECT_EQ(a.status, 503);
  EXPECT_EQ(a.code(), "sign_in_busy");
  EXPECT_EQ(w.control->throttle.given_back, 2) << "it was no guess";
}

TEST_F(SignIn, KeepsOnlySoManyBearersOfAPerson) {
  const std::string first = login("nobody@nowhere.test").body["token"];
  for (int i = 0; i < 31; ++i) {
    w.control->now += std::chrono::seconds{1};
    (void)login("nobody@nowhere.test");
  }
  EXPECT_EQ(me(first).status, 200) << "32 bearers are the limit";
  w.control->now += std::chrono::seconds{1};
  (void)login("nobody@nowhere.test");
  EXPECT_EQ(me(first).status, 401);
  EXPECT_EQ(me(first).code(), "signed_out");
  EXPECT_NE(me(first).body["detail"].get<std::string>().find("signed in elsewhere too many times"),
            std::string::npos)
      << "who is thrown out is told why";
}

TEST_F(SignIn, RemembersWhyOnlySoManyOfAPersonEnded) {
  for (std::size_t i = 0; i < control::kMaxEndedBearersPerUser + 40; ++i) {
    w.control->now += std::chrono::seconds{1};
    (void)login("nobody@nowhere.test");
  }
  auto catalog = TestCluster::open(w.conninfo, kAppRole);
  ASSERT_TRUE(catalog.script("SELECT set_config('rap.scope', 'platform', false)"));
  const auto rows = catalog.query(
      "SELECT count(*) FROM bearer_sessions b JOIN users u ON u.id = b.user_id "
      "WHERE u.email = 'nobody@nowhere.test'",
      {});
  ASSERT_TRUE(rows);
  EXPECT_EQ((*rows)[0].integer(0), static_cast<std::int64_t>(control::kMaxEndedBearersPerUser +
                                                             control::kDefaultBearersPerUser));
}

TEST_F(SignIn, IsOverForAClosedAccount) {
  EXPECT_EQ(w.as("root", "DELETE", "users/user@alpha.test").status, 204);
  EXPECT_EQ(login("user@alpha.test").code(), "wrong_credentials");
  EXPECT_EQ(w.as("user@alpha", "GET", "me").status, 401);
  EXPECT_EQ(w.as("root", "DELETE", "users/user@alpha.test").code(), "user_not_found");
}

}  // namespace
}  // namespace rap::store
