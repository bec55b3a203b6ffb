#include "client/admin/admin_commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "client/testing/command_test.hpp"
#include "wire/max_listed.hpp"

namespace rap::client {
namespace {

using nlohmann::json;

class AdminCommands : public CommandTest {
 protected:
  AdminCommands() : CommandTest(add_admin_commands) {}

  void sign_in() { shell_.sign_in(); }
  bool nothing_changed() {
    return std::ranges::all_of(network().sent,
                               [](const Sent& s) { return s.request.method == "GET"; });
  }
};

TEST_F(AdminCommands, AsksForAsManyEntriesAsTheServerListsAndForNoMore) {
  sign_in();
  const std::string most = std::to_string(wire::kMaxListed);
  network().answer("GET audit?limit=" + most, {{"items", json::array()}});
  EXPECT_EQ(run({"admin", "audit", "list", "--limit", most}), kOk) << err();
  EXPECT_EQ(run({"admin", "audit", "list", "--limit", std::to_string(wire::kMaxListed + 1)}),
            kUsage);
}

TEST_F(AdminCommands, ShutAResourceAndOpenItAgain) {
  sign_in();
  network().answer("GET sessions?organization=acme", {{"items", json::array()}});
  network().answer("POST organizations/acme/resources/db/disable", {{"id", "i"}});
  EXPECT_EQ(run({"admin", "resources", "disable", "acme", "db", "--yes"}), kOk) << err();
  EXPECT_NE(out().find("enable' takes it back"), std::string::npos);
  network().answer("POST organizations/acme/resources/db/enable", {{"id", "i"}});
  EXPECT_EQ(run({"admin", "resources", "enable", "acme", "db"}), kOk) << err();
}

TEST_F(AdminCommands, SayWhatADisabledPoolMembershipOrGrantEndsAndTakeItBack) {
  sign_in();
  const json pool = {{"id", "p"}, {"name", "edge"}};
  const auto resource = [&](const char* id) {
    return json{{"id", id}, {"name", id}, {"egress_pool", pool}};
  };
  const auto session = [](const char* id, const char* email) {
    return json{{"resource", {{"id", id}, {"name", id}}}, {"user", {{"email", email}}}};
  };
  network().answer("GET organizations/acme/egress-pools", {{"items", {pool}}});
  network().answer("GET organizations/acme/resources",
                   {{"items", {resource("db"), resource("web")}}});
  network().answer("GET sessions?organization=acme",
                   {{"items", {session("db", "a@b.test"), session("elsewhere", "a@b.test")}}});
  network().answer("POST organizations/acme/egress-pools/edge/disable", json::object());
  EXPECT_EQ(run({"admin", "pools", "disable", "acme", "edge"}), kOk) << err();
  EXPECT_NE(err().find("2 resources wait, and 1 session ends."), std::string::npos) << err();
  EXPECT_NE(out().find("enable' takes it back"), std::string::npos);
  network().answer("POST organizations/acme/egress-pools/edge/enable", json::object());
  EXPECT_EQ(run({"admin", "pools", "enable", "acme", "edge"}), kOk) << err();
  EXPECT_EQ(run({"admin", "pools", "disable", "acme", "none"}), kNotFound);

  network().answer("GET organizations/acme/members",
                   {{"items", {{{"email", "a@b.test"}, {"user_id", "u"}}}}});
  network().answer("POST organizations/acme/members/a%40b.test/disable", json::object());
  EXPECT_EQ(run({"admin", "members", "disable", "acme", "a@b.test"}), kOk) << err();
  EXPECT_NE(err().find("2 sessions end. Their role and grants wait"), std::string::npos) << err();
  network().answer("POST organizations/acme/members/a%40b.test/enable", json::object());
  EXPECT_EQ(run({"admin", "members", "enable", "acme", "a@b.test"}), kOk) << err();

  network().answer("GET organizations/acme/resources/db/grants",
                   {{"items", {{{"email", "a@b.test"}, {"user_id", "u"}}}}});
  network().answer("POST organizations/acme/resources/db/grants/a%40b.test/disable",
                   json::object());
  EXPECT_EQ(run({"admin", "grants", "disable", "acme", "db", "a@b.test"}), kOk) << err();
  EXPECT_NE(err().find("1 session ends."), std::string::npos) << err();
  network().answer("POST organizations/acme/resources/db/grants/a%40b.test/enable", json::object());
  EXPECT_EQ(run({"admin", "grants", "enable", "acme", "db", "a@b.test"}), kOk) << err();
}

TEST_F(AdminCommands, AMetricsTokenIsShutForAWhile) {
  sign_in();
  network().answer("GET metrics-tokens", {{"items", {{{"name", "prometheus"}}}}});
  network().answer("POST metrics-tokens/prometheus/disable", json::object());
  EXPECT_EQ(run({"admin", "metrics-tokens", "disable", "prometheus"}), kOk) << err();
  EXPECT_NE(err().find("is refused from now on"), std::string::npos) << err();
  EXPECT_EQ(run({"admin", "metrics-tokens", "disable", "none"}), kNotFound);
  network().answer("POST metrics-tokens/prometheus/enable", json::object());
  EXPECT_EQ(run({"admin", "metrics-tokens", "enable", "prometheus"}), kOk) << err();
}

TEST_F(AdminCommands, AnEnrolmentIsApprovedByTheNameOfItsNodeOnlyWhenThatIsUnambiguous) {
  sign_in();
  const json one = {{"id", "7c9e6679-7425-40de-944b-e07fc1f90ae7"}, {"node_name", "entry-1"}};
  network().answer("GET enrolments?state=pending", {{"items", {one}}});
  network().answer("POST enrolments/7c9e6679-7425-40de-944b-e07fc1f90ae7/approve", json::object());
  EXPECT_EQ(run({"admin", "enrolments", "approve", "entry-1"}), kOk) << err();
  EXPECT_EQ(run({"admin", "enrolments", "approve", "7c9e6679-7425-40de-944b-e07fc1f90ae7"}), kOk);
  EXPECT_EQ(run({"admin", "enrolments", "approve", "entry-2"}), kNotFound);
  network().answer("GET enrolments?state=pending", {{"items", {one, one}}});
  EXPECT_EQ(run({"admin", "enrolments", "approve", "entry-1"}), kFailed);
}

TEST_F(AdminCommands, AHostOfAnOrganizationIsDecidedByItsOwner) {
  sign_in();
  const json one = {{"id", "7c9e6679-7425-40de-944b-e07fc1f90ae7"}, {"node_name", "branch"}};
  network().answer("GET organizations/acme/enrolments?state=pending", {{"items", {one}}});
  network().answer(
      "POST organizations/acme/enrolments/7c9e6679-7425-40de-944b-e07fc1f90ae7/approve",
      json::object());
  EXPECT_EQ(run({"admin", "enrolments", "approve", "branch", "--organization", "acme"}), kOk)
      << err();
}

TEST_F(AdminCommands, ADelegationSaysWhatItMeansAndForHowLong) {
  sign_in();
  network().answer("POST organizations/acme/delegations", json::object(), 201);
  EXPECT_EQ(run({"admin", "delegations", "add", "k@p.test", "manage", "--organization", "acme",
                 "--for", "8h"}),
            kOk)
      << err();
  EXPECT_EQ(network().sent.back().body(),
            (json{{"email", "k@p.test"}, {"right", "manage"}, {"ttl_s", 8 * 3600}}));
  EXPECT_NE(err().find("what an organization_admin may"), std::string::npos) << err();
  network().answer("POST delegations", json::object(), 201);
  EXPECT_EQ(run({"admin", "delegations", "add", "k@p.test", "approve_nodes"}), kOk) << err();
  EXPECT_EQ(network().sent.back().body(),
            (json{{"email", "k@p.test"}, {"right", "approve_nodes"}}));
  EXPECT_EQ(run({"admin", "delegations", "add", "k@p.test", "manage"}), kUsage) << "of which?";
  EXPECT_EQ(run({"admin", "delegations", "add", "k@p.test", "approve_nodes", "--for", "soon"}),
            kUsage);
}

TEST_F(AdminCommands, AMetricsTokenIsPrintedBareForAFile) {
  sign_in();
  const json made = {{"name", "prometheus"}, {"metrics_token", "rapmt_x"}, {"expires_at", 1}};
  network().answer("POST metrics-tokens", made, 201);
  EXPECT_EQ(run({"admin", "metrics-tokens", "create", "prometheus", "--for", "365d"}), kOk)
      << err();
  EXPECT_EQ(network().sent.back().body(),
            (json{{"name", "prometheus"}, {"ttl_s", 365 * 24 * 3600}}));
  EXPECT_EQ(out(), "rapmt_x\n");
  network().answer("POST metrics-tokens", made, 201);
  EXPECT_EQ(run({"admin", "metrics-tokens", "create", "prometheus"}), kOk) << err();
  EXPECT_EQ(network().sent.back().body(), (json{{"name", "prometheus"}}));
  EXPECT_EQ(run({"admin", "metrics-tokens", "create", "prometheus", "--for", "ever"}), kUsage);
}

TEST_F(AdminCommands, ARefusalNamesWhatWasTyped) {
  sign_in();
  const auto refuse = [&](const std::string& call, const std::string& member) {
    network().answer(
        call, {{"code", "invalid_member"}, {"detail", "'" + member + "' must be less."}}, 422);
  };
  refuse("POST metrics-tokens", "ttl_s");
  EXPECT_EQ(run({"admin", "metrics-tokens", "create", "p", "--for", "400d"}), kFailed);
  EXPECT_EQ(err(), "rap: --for (in seconds) must be less.\n");
  refuse("POST blocklist", "expires_in_s");
  EXPECT_EQ(run({"admin", "blocklist", "add", "user", "a@b.test", "--for", "9999d"}), kFailed);
  EXPECT_EQ(err(), "rap: --for (in seconds) must be less.\n");
  refuse("POST join-tokens", "ttl_s");
  EXPECT_EQ(run({"admin", "join-tokens", "create", "--node", "n", "--ttl", "1"}), kFailed);
  EXPECT_EQ(err(), "rap: --ttl must be less.\n");
}

TEST_F(AdminCommands, AMemberIsAddedOrInvitedAsTheServerSays) {
  sign_in();
  const auto said = [&](const char* state) {
    network().answer("POST organizations/acme/members", {{"state", state}}, 201);
    EXPECT_EQ(run({"admin", "members", "add", "acme", "a@b.test", "--role", "organization_user"}),
              kOk)
        << err();
    return out();
  };
  EXPECT_EQ(said("member"), "a@b.test is organization_user of acme.\n");
  EXPECT_NE(said("invited").find("rap invitations accept acme"), std::string::npos) << out();
  network().answer("DELETE organizations/acme/invitations/a%40b.test", nullptr, 204);
  EXPECT_EQ(run({"admin", "invitations", "withdraw", "acme", "a@b.test"}), kOk) << err();
}

TEST_F(AdminCommands, AdministrationSendsWhatWasTyped) {
  sign_in();
  network().answer("POST organizations/acme/resources", json::object(), 201);
  EXPECT_EQ(run({"admin", "resources", "create", "acme", "db", "--protocol", "tcp", "--host", "h",
                 "--port", "5432", "--pool", "Office"}),
            kOk)
      << err();
  EXPECT_EQ(network().sent.back().body(), (json{{"name", "db"},
                                                {"protocol", "tcp"},
                                                {"host", "h"},
                                                {"port", 5432},
                                                {"egress_pool", "Office"}}));
  EXPECT_EQ(run({"admin", "resources", "create", "acme", "box", "--protocol", "ssh", "--host", "h",
                 "--pool", "Office"}),
            kOk)
      << err();
  EXPECT_EQ(network().sent.back().body().at("port"), 22) << "the usual one of ssh";
  EXPECT_EQ(run({"admin", "resources", "create", "acme", "db", "--protocol", "tcp", "--host", "h",
                 "--pool", "Office"}),
            kUsage);
  network().answer("PUT nodes/entry-1/roles", json::object());
  EXPECT_EQ(run({"admin", "nodes", "roles", "entry-1", "entry", "relay"}), kOk) << err();
  EXPECT_EQ(network().sent.back().body(), (json{{"roles", {"entry", "relay"}}}));
  network().answer("PUT organizations/acme/egress-pools/Office/nodes/e", json::object());
  EXPECT_EQ(run({"admin", "pools", "add-node", "acme", "Office", "e"}), kOk) << err();
  network().answer("POST join-tokens", {{"join_token", "rapjt1.x"}}, 201);
  EXPECT_EQ(run({"admin", "join-tokens", "create", "--node", "n", "--ttl", "60"}), kOk);
  EXPECT_EQ(out(), "rapjt1.x\n");
  EXPECT_EQ(network().sent.back().body(), (json{{"node_name", "n"}, {"ttl_s", 60}}));
}

TEST_F(AdminCommands, ADeviceIsApprovedForSomebody) {
  sign_in();
  const std::string device = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
  EXPECT_EQ(run({"admin", "devices", "approve", device}), kUsage) << "for whom?";
  network().answer("POST devices/" + device + "/approve", {{"items", json::array()}});
  EXPECT_EQ(run({"admin", "devices", "approve", device, "a@b.test"}), kOk) << err();
  EXPECT_EQ(network().sent.back().body(), (json{{"user", "a@b.test"}}));
  EXPECT_EQ(out(), device + " is approved for a@b.test.\n");
}

TEST_F(AdminCommands, NoServerMovesTheCursorHoweverItsTextIsShown) {
  sign_in();
  const std::string text = "a\x1b[2J\u2028b\u202ec";
  network().answer("GET devices", {{"code", "forbidden"}, {"detail", text}}, 403);
  EXPECT_EQ(run({"admin", "devices", "list"}), kDenied);
  EXPECT_EQ(err(), "rap: a?[2J?b?c\n");
  EXPECT_EQ(run({"admin", "devices", "list", "--json"}), kDenied);
  EXPECT_EQ(json::parse(err())["error"]["text"], text);
  network().answer("GET devices", {{"items", {{{"name", text}}}}});
  for (const char* as_json : {"", "--json"}) {
    std::vector<std::string> words = {"admin", "devices", "list"};
    if (*as_json != '\0') words.emplace_back(as_json);
    EXPECT_EQ(run(words), kOk) << err();
    for (const char* mark : {"\x1b", "\u2028", "\u202e"}) {
      EXPECT_EQ(out().find(mark), std::string::npos) << out();
    }
  }
}

TEST_F(AdminCommands, WhatCannotBeTakenBackIsAskedOrSaidYesTo) {
  sign_in();
  network().answer("DELETE users/a%40b.test", nullptr, 204);
  const std::vector<std::string> words = {"admin", "users", "delete", "a@b.test"};
  EXPECT_EQ(run(words), kUsage);
  EXPECT_NE(err().find("grants, sign-ins, sessions"), std::string::npos) << err();
  EXPECT_TRUE(nothing_changed());
  shell_.terminal.present = true;
  shell_.terminal.typed = {"no"};
  EXPECT_EQ(run(words), kFailed);
  EXPECT_TRUE(nothing_changed());
  shell_.terminal.typed = {"yes"};
  EXPECT_EQ(run(words), kOk) << err();
  shell_.terminal.typed = {};
  EXPECT_EQ(run({"admin", "users", "delete", "a@b.test", "--yes"}), kOk);
}

TEST_F(AdminCommands, WhatEndsIsCountedBeforeItEnds) {
  sign_in();
  network().answer("GET organizations/acme/resources/db/grants",
                   {{"items", {{{"email", "a@b.test"}}, {{"email", "c@d.test"}}}}});
  const auto session = [](const char* resource) {
    return json{{"resource", {{"name", resource}}}};
  };
  network().answer("GET sessions?organization=acme",
                   {{"items", {session("DB"), session("other")}}});
  network().answer("DELETE organizations/acme/resources/db", nullptr, 204);
  EXPECT_EQ(run({"admin", "resources", "delete", "acme", "db"}), kOk) << err();
  EXPECT_NE(err().find("2 people lose their grant, and 1 session ends."), std::string::npos)
      << err();
}

TEST_F(AdminCommands, AnOwnerSeesTheirOwnHostsInAPoolAndHowManyOthersThereAre) {
  sign_in();
  const json host = {{"id", "7"}, {"name", "branch"}};
  const json pool = {{"name", "Office"}, {"nodes", json::array({host})}, {"platform_nodes", 2}};
  network().answer("GET organizations/acme/egress-pools", {{"items", json::array({pool})}});
  EXPECT_EQ(run({"admin", "pools", "list", "acme"}), kOk) << err();
  EXPECT_NE(out().find("branch,2 of the platform"), std::string::npos) << out();
  EXPECT_EQ(run({"admin", "pools", "list", "acme", "--json"}), kOk) << err();
  EXPECT_EQ(json::parse(out())["items"][0]["nodes"].size(), 1U);
}

TEST_F(AdminCommands, NothingIsAnnouncedOfWhatIsNotThere) {
  sign_in();
  const std::string acme = "GET organizations/acme/";
  const json named = {{"name", "other"}};
  const json of_user = {{"email", "other@b.test"}};
  const std::vector<std::pair<std::string, json>> lists = {
      {"GET users", of_user},
      {"GET organizations", named},
      {acme + "members", of_user},
      {acme + "resources", named},
      {acme + "resources/db/grants", of_user},
      {acme + "egress-pools", {{"name", "other"}, {"nodes", json::array()}}},
      {"GET nodes", named},
      {acme + "nodes", named},
      {"GET certificates", {{"serial", "0b"}}},
  };
  for (const auto& [listing, item] : lists) {
    network().answer(listing, {{"items", json::array({item})}});
  }
  shell_.terminal.present = true;
  const std::vector<std::vector<std::string>> commands = {
      {"users", "disable", "a@b.test"},
      {"users", "delete", "a@b.test"},
      {"users", "reset-password", "a@b.test"},
      {"organizations", "disable", "acme"},
      {"organizations", "delete", "acme"},
      {"members", "remove", "acme", "a@b.test"},
      {"resources", "disable", "acme", "db"},
      {"resources", "delete", "acme", "db"},
      {"resources", "update", "acme", "db", "--port", "1"},
      {"grants", "remove", "acme", "db", "a@b.test"},
      {"pools", "remove-node", "acme", "Office", "egress-1"},
      {"pools", "remove-node", "acme", "other", "nosuch"},
      {"nodes", "disable", "egress-1"},
      {"nodes", "revoke", "egress-1"},
      {"nodes", "revoke", "egress-1", "--organization", "acme"},
      {"nodes", "delete", "egress-1"},
      {"certificates", "revoke", "0a"},
  };
  for (std::vector<std::string> words : commands) {
    words.insert(words.begin(), "admin");
    EXPECT_EQ(run(words), kNotFound) << words[1] << " " << words[2] << ": " << err();
    EXPECT_EQ(err().find(" end"), std::string::npos) << err();
    EXPECT_NE(err().find("list"), std::string::npos) << "what there is instead: " << err();
  }
  EXPECT_TRUE(nothing_changed());
}

TEST_F(AdminCommands, WhatMayNotBeListedIsAskedForAllTheSame) {
  sign_in();
  network().answer("GET organizations/acme/resources", {{"code", "forbidden"}, {"detail", "No."}},
                   403);
  network().answer("DELETE organizations/acme/resources/db", nullptr, 204);
  EXPECT_EQ(run({"admin", "resources", "delete", "acme", "db"}), kOk) << err();
  network().answer("GET organizations/nosuch/resources",
                   {{"code", "organization_not_found"}, {"detail", "None of that name."}}, 404);
  EXPECT_EQ(run({"admin", "resources", "delete", "nosuch", "db"}), kNotFound);
  EXPECT_EQ(err(), "rap: None of that name.\n");
}

TEST_F(AdminCommands, OnesOwnAccountIsRefusedBeforeItIsSaidWhatEnds) {
  sign_in();
  const std::string self = parse_profile(home().files.at(std::string(kProfileFile)))->email;
  network().answer("GET users", {{"items", {{{"email", self}, {"id", "7"}}}}});
  for (const char* verb : {"reset-password", "disable"}) {
    for (const std::string& name : {self, std::string("7")}) {
      EXPECT_EQ(run({"admin", "users", verb, name}), kFailed) << verb;
      EXPECT_NE(err().find("your own account"), std::string::npos) << err();
      EXPECT_EQ(err().find(" end"), std::string::npos) << err();
    }
  }
  EXPECT_TRUE(nothing_changed());
}

TEST_F(AdminCommands, AResourceIsChangedInWhatIsNamedOnly) {
  sign_in();
  network().answer("PATCH organizations/acme/resources/db", json::object());
  EXPECT_EQ(run({"admin", "resources", "update", "acme", "db", "--port", "5433", "--yes",
                 "--no-ssh-host-key"}),
            kOk)
      << err();
  EXPECT_EQ(network().sent.back().body(), (json{{"port", 5433}, {"remove_ssh_host_key", true}}));
  EXPECT_EQ(run({"admin", "resources", "update", "acme", "db"}), kUsage);
  EXPECT_EQ(run({"admin", "resources", "update", "acme", "db", "--port", "0"}), kUsage);
}

TEST_F(AdminCommands, APasswordIsResetAndPrinted) {
  sign_in();
  network().answer("POST users/c%40d.test/reset-password", {{"password", "once"}});
  EXPECT_EQ(run({"admin", "users", "reset-password", "c@d.test"}), kOk) << err();
  EXPECT_EQ(out().substr(0, 5), "once\n");
}

TEST_F(AdminCommands, AnEntryOfTheAuditLogSaysWhatItIsAbout) {
  sign_in();
  const json detail = {{"notice", "disk_failing"},
                       {"text", std::string(80, 'x') + " is a sentence that the node's list has."},
                       {"changes_left_out", 3},
                       {"list", {1, 2}}};
  network().answer("GET audit",
                   {{"items", {{{"action", "node.notice_began"}, {"detail", detail}}}}});
  EXPECT_EQ(run({"admin", "audit", "list"}), kOk) << err();
  EXPECT_NE(out().find("node.notice_began changes_left_out=3 notice=disk_failing"),
            std::string::npos)
      << out();
  EXPECT_EQ(out().find("sentence"), std::string::npos) << out();
  EXPECT_EQ(run({"admin", "audit", "list", "--json"}), kOk) << err();
  EXPECT_EQ(json::parse(out())["items"][0]["action"], "node.notice_began");
}

TEST_F(AdminCommands, ABrokenAuditLogIsAFailure) {
  sign_in();
  network().answer("GET audit/verify", {{"ok", true}, {"entries", 3}, {"head", "ab"}});
  EXPECT_EQ(run({"admin", "audit", "verify"}), kOk);
  network().answer("GET audit/verify", {{"ok", false}, {"entries", 3}, {"head", "ab"}});
  EXPECT_EQ(run({"admin", "audit", "verify", "--json"}), kFailed);
  EXPECT_FALSE(json::parse(out())["ok"].get<bool>());
}

TEST_F(AdminCommands, ShowsARotationAndForcesItOn) {
  sign_in();
  shell_.network.answer("POST trust/rotate",
                        {{"phase", "distributing"}, {"late_nodes", {{{"name", "egress-1"}}}}});
  EXPECT_EQ(shell_.run({"admin", "trust", "rotate"}), 0);
  EXPECT_NE(shell_.out.str().find("distributing"), std::string::npos);
  EXPECT_NE(shell_.out.str().find("egress-1"), std::string::npos);
  EXPECT_EQ(shell_.run({"admin", "trust", "rotate", "--force"}), 0);
  EXPECT_EQ(shell_.network.sent.back().body(), (json{{"force", true}}));
}

}  // namespace
}  // namespace rap::client
