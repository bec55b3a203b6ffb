// Invitations: what who manages an organization learns of an address, and what one gives.
#include <gtest/gtest.h>

#include "control/organizations/invitation.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;

constexpr const char* kNobody = "nobody@nowhere.test";  // has an account
constexpr const char* kGhost = "ghost@nowhere.test";    // has none

class Invitations : public ::testing::Test {
 protected:
  Answered invite(const std::string& who, const std::string& email,
                  const std::string& role = "organization_user",
                  const std::string& organization = "alpha") {
    return w.as(who, "POST", "organizations/" + organization + "/members",
                {{"email", email}, {"role", role}});
  }
  Answered answer(const std::string& who, const std::string& what,
                  const std::string& organization = "alpha") {
    return w.as(who, "POST", "me/invitations/" + organization + "/" + what);
  }
  Answered withdraw(const std::string& who, const std::string& email) {
    return w.as(who, "DELETE", "organizations/alpha/invitations/" + email);
  }
  json waiting(const std::string& who = "owner@alpha") {
    return in(w.as(who, "GET", "organizations/alpha/invitations"), "items");
  }
  json own(const std::string& who) { return in(w.as(who, "GET", "me/invitations"), "items"); }
  json members() { return in(w.as("owner@alpha", "GET", "organizations/alpha/members"), "items"); }
  // The newest entry of that action in an organization's own log.
  json told(const std::string& action, const std::string& organization = "alpha") {
    for (const json& e :
         in(w.as("root", "GET", "audit?organization=" + organization + "&limit=1000"), "items")) {
      if (e["action"] == action) return e;
    }
    return {};
  }

  SeededWorld w;
};

TEST_F(Invitations, AreAnsweredTheSameWhetherOrNotTheAddressHasAnAccount) {
  ASSERT_EQ(w.as("root", "POST", "users",
                 {{"email", "shut@nowhere.test"}, {"password", ControlPlane::kPassword}})
                .status,
            201);
  ASSERT_EQ(w.as("root", "POST", "users/shut@nowhere.test/disable").status, 200);
  const std::size_t before = members().size();
  for (const char* who : {"owner@alpha", "admin@alpha"}) {
    json first;
    for (const std::string email : {kGhost, kNobody, "shut@nowhere.test", "user@beta.test"}) {
      const Answered a = invite(who, email);
      EXPECT_EQ(a.status, 201) << email << a.text;
      EXPECT_EQ(a.body["state"], "invited");
      json same = a.body;
      EXPECT_EQ(same["email"], email);
      same.erase("email");
      if (first.is_null()) first = same;
      EXPECT_EQ(same, first) << email;
      json entry = told("member.invited");
      EXPECT_EQ(entry["target"], json({{"kind", "invitation"}, {"id", email}, {"name", email}}));
      EXPECT_EQ(w.as(who, "DELETE", "organizations/alpha/members/" + email).code(),
                "member_not_found");
    }
  }
  EXPECT_EQ(waiting().size(), 4U);
  EXPECT_EQ(members().size(), before);
}

TEST_F(Invitations, GiveNothingUntilTheyAreAccepted) {
  ASSERT_EQ(invite("admin@alpha", kNobody).status, 201);
  const Answered me = w.as("nobody", "GET", "me");
  EXPECT_EQ(me.body["invitations"], json({"alpha"}));
  EXPECT_TRUE(me.body["memberships"].empty());
  EXPECT_TRUE(in(w.as("nobody", "GET", "organizations"), "items").empty());
  EXPECT_EQ(w.as("nobody", "GET", "organizations/alpha/resources").code(),
            "organization_not_found");
  const auto grant = [&] {
    return w.as("admin@alpha", "POST", "organizations/alpha/resources/secret-alpha/grants",
                {{"email", kNobody}});
  };
  EXPECT_EQ(grant().code(), "member_not_found");

  const json mine = own("nobody");
  ASSERT_EQ(mine.size(), 1U);
  EXPECT_EQ(mine[0]["organization"], "alpha");
  EXPECT_EQ(mine[0]["created_by"], "admin@alpha.test");
  const Answered accepted = answer("nobody", "accept");
  ASSERT_EQ(accepted.status, 200) << accepted.text;
  EXPECT_EQ(accepted.body["role"], "organization_user");
  EXPECT_EQ(w.as("nobody", "GET", "organizations/alpha/resources").status, 200);
  EXPECT_EQ(grant().status, 201);
  const json entry = told("member.added");
  EXPECT_EQ(entry["actor"]["name"], kNobody);
  EXPECT_EQ(entry["detail"]["invited_by"], "admin@alpha.test");
  EXPECT_TRUE(waiting().empty());
  EXPECT_FALSE(w.as("nobody", "GET", "me").body.contains("invitations"));
  EXPECT_EQ(answer("nobody", "accept").code(), "invitation_not_found");
}

TEST_F(Invitations, AreForThePersonOfTheAddressAlone) {
  ASSERT_EQ(invite("owner@alpha", kGhost).status, 201);
  for (const char* who : {"nobody", "user@beta", "keeper", "root"}) {
    EXPECT_EQ(answer(who, "accept").code(), "invitation_not_found") << who;
    EXPECT_EQ(answer(who, "decline").code(), "invitation_not_found") << who;
    EXPECT_TRUE(own(who).empty()) << who;
  }
  // One that was never sent, and an organization that there is none of, are answered the same.
  const auto detail = [&](const char* organization) {
    std::string text = answer("nobody", "accept", organization).body.value("detail", "");
    if (const auto at = text.find(organization); at != text.npos) {
      text.erase(at, std::string(organization).size());
    }
    return text;
  };
  EXPECT_EQ(detail("alpha"), detail("nowhere"));
  // Whoever gets an account with the address later finds it.
  ASSERT_EQ(
      w.as("root", "POST", "users", {{"email", kGhost}, {"password", ControlPlane::kPassword}})
          .status,
      201);
  EXPECT_EQ(
      w.control->call("POST", "/api/v1/me/invitations/alpha/accept", {}, w.control->sign_in(kGhost))
          .status,
      200);
}

TEST_F(Invitations, AreDeclinedOrWithdrawn) {
  ASSERT_EQ(invite("owner@alpha", kNobody).status, 201);
  EXPECT_EQ(answer("nobody", "decline").status, 204);
  EXPECT_EQ(told("invitation.declined")["actor"]["name"], kNobody);
  EXPECT_EQ(answer("nobody", "accept").code(), "invitation_not_found");
  ASSERT_EQ(invite("owner@alpha", kNobody).status, 201);
  EXPECT_EQ(withdraw("admin@alpha", kNobody).status, 204);
  EXPECT_EQ(told("invitation.withdrawn")["actor"]["name"], "admin@alpha.test");
  EXPECT_EQ(withdraw("admin@alpha", kNobody).code(), "invitation_not_found");
  EXPECT_EQ(answer("nobody", "accept").code(), "invitation_not_found");
}

TEST_F(Invitations, End) {
  ASSERT_EQ(invite("owner@alpha", kNobody).status, 201);
  const auto at = [&](Duration later) {
    w.control->now = ControlPlane::kStart + std::chrono::duration_cast<std::chrono::seconds>(later);
    return in(w.control->call("GET", "/api/v1/me/invitations", {}, w.control->sign_in(kNobody)),
              "items")
        .size();
  };
  EXPECT_EQ(at(control::kInvitationLifetime - 1s), 1U);
  EXPECT_EQ(at(control::kInvitationLifetime), 0U);
  EXPECT_EQ(
      w.control
          ->call("POST", "/api/v1/me/invitations/alpha/accept", {}, w.control->sign_in(kNobody))
          .code(),
      "invitation_not_found");
}

TEST_F(Invitations, OfAnOrganizationAreBounded) {
  const auto address = [](std::size_t i) { return "p" + std::to_string(i) + "@nowhere.test"; };
  for (std::size_t i = 0; i < control::kMaxInvitationsOfOrganization; ++i) {
    ASSERT_EQ(invite("owner@alpha", address(i)).status, 201) << i;
  }
  const Answered refused = invite("owner@alpha", kNobody);
  EXPECT_EQ(refused.code(), "too_many_invitations");
  EXPECT_EQ(invite("owner@alpha", kGhost).status, refused.status);
  EXPECT_EQ(invite("owner@alpha", address(7), "organization_admin").status, 201) << "it has one";
  EXPECT_EQ(withdraw("owner@alpha", address(7)).status, 204);
  EXPECT_EQ(invite("owner@alpha", kNobody).status, 201);
  EXPECT_EQ(invite("owner@beta", kNobody, "organization_user", "beta").status, 201);
}

// A refusal would tell one organization of the others.
TEST_F(Invitations, OfAnAddressAreBoundedAndTheOldestMakesWay) {
  const auto name = [](std::size_t i) { return "o" + std::to_string(i); };
  for (std::size_t i = 0; i <= control::kMaxInvitationsOfAddress; ++i) {
    w.control->now += 1s;
    ASSERT_EQ(w.as("root", "POST", "organizations", {{"name", name(i)}}).status, 201);
    ASSERT_EQ(invite("root", "owner@alpha.test", "organization_owner", name(i)).status, 201);
    ASSERT_EQ(invite("owner@alpha", kNobody, "organization_user", name(i)).status, 201);
  }
  const json mine = own("nobody");
  EXPECT_EQ(mine.size(), control::kMaxInvitationsOfAddress);
  for (const json& i : mine) EXPECT_NE(i["organization"], name(0));
  const json entry = told("invitation.displaced", name(0));
  EXPECT_EQ(entry["target"]["name"], kNobody);
  EXPECT_EQ(entry["actor"]["kind"], "system") << "by whom is not theirs to know";
}

// Nobody leaves a way in behind.
TEST_F(Invitations, EndWithTheRightOfWhoMadeThem) {
  ASSERT_EQ(invite("admin@alpha", kNobody).status, 201);
  ASSERT_EQ(w.as("owner@alpha", "DELETE", "organizations/alpha/members/admin@alpha.test").status,
            204);
  EXPECT_TRUE(waiting().empty());
  EXPECT_TRUE(own("nobody").empty());
  EXPECT_EQ(answer("nobody", "accept").code(), "invitation_not_found");

  ASSERT_EQ(invite("owner@alpha", kNobody, "organization_owner").status, 201);
  ASSERT_EQ(invite("root", "owner@alpha.test", "organization_admin").status, 201);
  EXPECT_EQ(answer("nobody", "accept").code(), "invitation_not_found")
      << "an administrator makes nobody an owner";
}

TEST_F(Invitations, OfManagersAreAnOwnersToMakeChangeAndWithdraw) {
  EXPECT_EQ(invite("admin@alpha", kNobody, "organization_admin").code(), "forbidden");
  ASSERT_EQ(invite("owner@alpha", kNobody, "organization_admin").status, 201);
  EXPECT_EQ(invite("admin@alpha", kNobody).code(), "forbidden");
  EXPECT_EQ(withdraw("admin@alpha", kNobody).code(), "forbidden");
  EXPECT_EQ(answer("nobody", "accept").body["role"], "organization_admin");
}

// Whoever sees every account has nothing to learn.
TEST_F(Invitations, AreNotNeededByAdministratorsOfThePlatform) {
  ASSERT_EQ(invite("owner@alpha", kNobody, "organization_admin").status, 201);
  const Answered added = invite("root", kNobody);
  ASSERT_EQ(added.status, 201) << added.text;
  EXPECT_EQ(added.body["state"], "member");
  EXPECT_TRUE(waiting().empty()) << "what they are now, the invitation changes no more";
  EXPECT_EQ(answer("nobody", "accept").code(), "invitation_not_found");
  EXPECT_EQ(invite("root", kGhost).code(), "user_not_found");
}

TEST_F(Invitations, OfAnOrganizationThatIsShutAreNotAccepted) {
  ASSERT_EQ(invite("owner@alpha", kNobody).status, 201);
  ASSERT_EQ(w.as("root", "POST", "organizations/alpha/disable").status, 200);
  EXPECT_EQ(answer("nobody", "accept").code(), "organization_disabled");
  ASSERT_EQ(w.as("root", "POST", "organizations/alpha/enable").status, 200);
  EXPECT_EQ(answer("nobody", "accept").status, 200);
}

}  // namespace
}  // namespace rap::store
