#include <gtest/gtest.h>

#include <set>

#include "control/housekeeping/housekeeping.hpp"
#include "crypto/tokens/data_plane_token.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;

class Sessions : public ::testing::Test {
 protected:
  Answered create(const std::string& resource = "secret-alpha", const json& more = json::object()) {
    return w.as("user@alpha", "POST", "sessions", session_wanted(resource, more));
  }
  std::string state_of(const std::string& id) {
    for (const json& s : in(w.as("user@alpha", "GET", "sessions?state=all"), "items")) {
      if (s["id"] == id) return s["state"];
    }
    return "gone";
  }
  json session(const std::string& id) {
    for (const json& s : in(w.as("user@alpha", "GET", "sessions?state=all"), "items")) {
      if (s["id"] == id) return s;
    }
    return {};
  }
  // The node reports this many flows of the session; 0 reports it without, nullopt not at all.
  json check_in(const std::string& node, std::optional<int> flows, const std::string& id) {
    json sessions = json::array();
    if (flows) sessions.push_back({{"session_id", id}, {"flows", *flows}, {"bytes_up", 1}});
    return w.control
        ->node_call(node, "checkin",
                    {{"versions", json::object()}, {"observations", {{"sessions", sessions}}}})
        .body;
  }
  // The sessions the node was told to end after command number `since`.
  std::vector<std::string> commanded(const std::string& node, int since = 0) {
    std::vector<std::string> out;
    const Answered a = w.control->node_call(node, "commands/pull?since=" + std::to_string(since));
    EXPECT_EQ(a.status, 200) << a.text;
    for (const json& c : in(a, "commands")) {
      EXPECT_EQ(c["type"], "session.terminate");
      out.push_back(c["payload"]["session_id"]);
    }
    return out;
  }
  bool keep_house() { return control::keep_house(w.control->house(), w.control->now).has_value(); }
  void expect_ended(const std::string& why) {
    EXPECT_EQ(state_of(seed().session), "terminated");
    EXPECT_EQ(session(seed().session)["ended_because"], why);
    for (const std::string& node : {seed().entry, seed().egress}) {
      EXPECT_EQ(commanded(node), std::vector{seed().session});
    }
    EXPECT_TRUE(commanded(seed().relay).empty()) << "relays know no sessions";
  }

  SeededWorld w;
};

// What the entry says with its check-in of the public certificate that people are shown.
TEST_F(Sessions, NameTheKeysOfAnEntryWithAPublicCertificate) {
  const std::string key(64, 'a');
  const std::string next(64, 'b');
  const auto candidate_after = [&](const json& shown) {
    json metadata = json::object();
    if (!shown.is_null()) metadata["public_certificate"] = shown;
    EXPECT_EQ(w.control
                  ->node_call(seed().entry, "checkin",
                              {{"versions", json::object()}, {"metadata", metadata}})
                  .status,
              200);
    return create().body["candidates"][0];
  };
  const json shown = {{"keys", {key, next}}, {"not_before", 1}, {"not_after", 2}};
  const json is_public = candidate_after(shown);
  EXPECT_EQ(is_public["tls_trust_mode"], "public_ca");
  EXPECT_EQ(is_public["tls_ca_ref"], "system");
  EXPECT_EQ(is_public["tls_keys"], (json{key, next}));
  EXPECT_EQ(is_public["production_trusted"], true);
  EXPECT_EQ(is_public["smoke_only"], false);
  EXPECT_EQ(is_public["tls_worker"], seed().entry);
  for (const json& nonsense :
       {json(), json("x"), json{{"keys", json::array()}, {"not_before", 1}, {"not_after", 2}},
        json{{"keys", {"ab"}}, {"not_before", 1}, {"not_after", 2}},
        json{{"keys", {std::string(64, 'g')}}, {"not_before", 1}, {"not_after", 2}},
        json{{"keys", {key, key, key}}, {"not_before", 1}, {"not_after", 2}},
        json{{"keys", {key}}}}) {
    const json platforms = candidate_after(nonsense);
    EXPECT_EQ(platforms["tls_trust_mode"], "platform_ca") << nonsense;
    EXPECT_EQ(platforms["tls_keys"], json::array()) << nonsense;
    EXPECT_EQ(platforms["tls_ca_ref"], ControlPlane::authority().ca_ref());
  }
}

TEST_F(Sessions, ComeWithATokenThatSaysExactlyWhatItIsFor) {
  const Answered a = create("secret-alpha", {{"organization", "alpha"}});
  ASSERT_EQ(a.status, 201) << a.text;
  ASSERT_EQ(a.body["candidates"].size(), 1U);
  const json& candidate = a.body["candidates"][0];
  EXPECT_EQ(candidate["url"], "wss://entry-n.test:4443/rap/v1/data-plane");
  EXPECT_EQ(candidate["tls_ca_ref"], ControlPlane::authority().ca_ref());
  const auto& key = ControlPlane::authority().token_key;
  const auto token =
      crypto::verify_token(candidate["token"].get<std::string>(), {{key.kid, key.key.public_key()}},
                           ControlPlane::authority().cluster, w.control->now);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->session.str(), a.body["session"]["id"].get<std::string>());
  EXPECT_EQ(token->attachment.str(), a.body["attachment_id"].get<std::string>());
  EXPECT_EQ(token->resource.str(), a.body["session"]["resource"]["id"].get<std::string>());
  EXPECT_EQ(token->organization.str(), a.body["session"]["organization"]["id"].get<std::string>());
  EXPECT_EQ(token->entry.str(), seed().entry);
  EXPECT_EQ(token->session_began, w.control->now);
  EXPECT_EQ(token->expires_at - token->issued_at, 60s);
  EXPECT_EQ(token->classes,
            (wire::TrafficClassSet{wire::TrafficClass::input, wire::TrafficClass::file_transfer}));
  EXPECT_EQ(a.body["classes"], json({"input", "file_transfer"}));
}

TEST_F(Sessions, WithUnknownAndUnauthorizedResourcesAreRefusedInTheSameWords) {
  const auto refusal = [&](const std::string& resource, const std::string& organization) {
    Answered a = create(resource, {{"organization", organization}});
    EXPECT_EQ(a.code(), "resource_not_found");
    std::string text = a.body["detail"];
    text.replace(text.find(resource), resource.size(), "X");
    return text;
  };
  const std::string unknown = refusal("nothing", "alpha");
  EXPECT_EQ(refusal("secret-beta", "beta"), unknown);
  EXPECT_EQ(refusal("secret-beta", "alpha"), unknown);
  EXPECT_EQ(refusal("secret-alpha", "nowhere"), unknown);
}

TEST_F(Sessions, AskForTheOrganizationWhenTheNameIsNotEnough) {
  const auto root = [&](const std::string& path, const json& body) {
    EXPECT_EQ(w.as("root", "POST", "organizations/beta/" + path, body).status, 201);
  };
  root("members", {{"email", "user@alpha.test"}, {"role", "organization_user"}});
  root("resources", {{"name", "secret-alpha"},
                     {"protocol", "tcp"},
                     {"host", "10.0.0.1"},
                     {"port", 80},
                     {"egress_pool", "pool-beta"}});
  root("resources/secret-alpha/grants", {{"email", "user@alpha.test"}});
  EXPECT_EQ(create().code(), "organization_required");
  EXPECT_EQ(create("secret-alpha", {{"organization", "beta"}}).status, 201);
}

TEST_F(Sessions, AreActiveWhileANodeCarriesThemAndDetachedAfter) {
  const std::string id = seed().session;
  EXPECT_EQ(state_of(id), "pending");
  check_in(seed().entry, 2, id);
  EXPECT_EQ(state_of(id), "active");
  check_in(seed().egress, 2, id);
  check_in(seed().entry, std::nullopt, id);
  EXPECT_EQ(state_of(id), "active") << "the egress still carries it";
  check_in(seed().egress, 0, id);
  EXPECT_EQ(state_of(id), "detached");
  check_in(seed().entry, 1, id);
  EXPECT_EQ(state_of(id), "active") << "a client came back";
}

TEST_F(Sessions, ThatAreUsedByShortRequestsLiveOn) {
  const std::string id = seed().session;
  // No check-in ever meets an open flow; the entry says that there were some since the last one.
  for (int minutes = 0; minutes < 12; ++minutes) {
    check_in(seed().entry, 0, id);
    w.control->now += 20s;
    check_in(seed().entry, std::nullopt, id);
    w.control->now += 40s;
    ASSERT_TRUE(keep_house());
    ASSERT_EQ(state_of(id), "detached") << "after " << minutes << " minutes";
  }
  // A day after the first use, but not a day after the last.
  for (int hours = 0; hours < 30; ++hours) {
    w.control->now += 1h;
    check_in(seed().entry, 0, id);
    ASSERT_TRUE(keep_house());
  }
  const auto shown = [&] {
    const std::string token = w.control->sign_in("user@alpha.test");  // the others have expired
    return in(w.control->call("GET", "/api/v1/sessions?state=all", {}, token), "items")[0];
  };
  EXPECT_EQ(shown()["state"], "detached");
  w.control->now += 25h;
  ASSERT_TRUE(keep_house());
  EXPECT_EQ(shown()["ended_because"], "detached_too_long");
}

TEST_F(Sessions, ToWhichSomebodyKeepsAttachingAreNotForgotten) {
  const std::string path = "sessions/" + seed().session + "/attachments";
  for (int i = 0; i < 4; ++i) {
    w.control->now += 9min;
    ASSERT_EQ(
        w.control
            ->call("POST", "/api/v1/" + path, attachment_wanted(), seed().tokens.at("user@alpha"))
            .status,
        201);
    ASSERT_TRUE(keep_house());
    EXPECT_EQ(state_of(seed().session), "pending");
  }
  w.control->now += 10min + 1s;
  ASSERT_TRUE(keep_house());
  expect_ended("never_attached");
}

TEST_F(Sessions, GiveTokensForAsManyFlowsAsAreWantedAtOnce) {
  const std::string path = "sessions/" + seed().session + "/attachments";
  constexpr int kFlows = 128;
  const Answered many = w.as("user@alpha", "POST", path, attachment_wanted({{"flows", kFlows}}));
  ASSERT_EQ(many.status, 201) << many.text;
  const json& candidate = many.body["candidates"][0];
  std::set<std::string> tokens = {candidate["token"]};
  for (const json& more : candidate["more_tokens"]) tokens.insert(more["token"]);
  EXPECT_EQ(tokens.size(), std::size_t{kFlows}) << "each is used once";
  EXPECT_EQ(w.as("user@alpha", "POST", path, attachment_wanted({{"flows", kFlows + 1}})).code(),
            "invalid_member");
  EXPECT_EQ(w.as("user@alpha", "POST", path, attachment_wanted({{"flows", 0}})).code(),
            "invalid_member");
  const Answered one = w.as("user@alpha", "POST", path, attachment_wanted());
  EXPECT_EQ(one.body["candidates"][0]["more_tokens"].size(), 0U);
}

TEST_F(Sessions, ThatEndedAreNotListedAmongTheLiving) {
  w.as("user@alpha", "DELETE", "sessions/" + seed().session);
  EXPECT_EQ(in(w.as("user@alpha", "GET", "sessions"), "items").size(), 0U);
  EXPECT_EQ(in(w.as("user@alpha", "GET", "sessions?state=ended"), "items").size(), 1U);
  const std::string living = create().body["session"]["id"];
  for (const std::string query : {"sessions", "sessions?state=living"}) {
    const json listed = in(w.as("user@alpha", "GET", query), "items");
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0]["id"], living);
  }
  EXPECT_EQ(in(w.as("owner@alpha", "GET", "sessions?organization=alpha"), "items").size(), 1U);
  EXPECT_EQ(in(w.as("user@alpha", "GET", "sessions?state=all"), "items").size(), 2U);
  EXPECT_EQ(w.as("user@alpha", "GET", "sessions?state=dead").code(), "invalid_member");
}

TEST_F(Sessions, ThatLiveAreAllListedPageByPageHoweverManyThereAre) {
  auto database = TestCluster::open(w.conninfo, kAppRole);
  ASSERT_TRUE(database.script("SELECT set_config('rap.scope', 'platform', false)"));
  // 2,400 younger than the seed's, in clumps of the same second.
  ASSERT_TRUE(database.script(
      "INSERT INTO sessions (cluster_id, organization_id, id, user_id, resource_id, resource_name, "
      "protocol, egress_pool_id, state, created_at, changed_at) "
      "SELECT s.cluster_id, s.organization_id, gen_random_uuid(), s.user_id, s.resource_id, "
      "s.resource_name, s.protocol, s.egress_pool_id, 'pending', s.created_at + n / 700, "
      "s.created_at FROM sessions s, generate_series(1, 2400) n"));
  std::set<std::string> seen;
  std::string query = "sessions";
  for (int pages = 0; pages < 4; ++pages) {
    const Answered page = w.as("user@alpha", "GET", query);
    ASSERT_EQ(page.status, 200) << page.text;
    EXPECT_LE(page.body["items"].size(), 1000U);
    for (const json& s : page.body["items"]) {
      EXPECT_TRUE(seen.insert(s["id"]).second) << "none comes twice";
    }
    if (!page.body.contains("next")) break;
    query = "sessions?after=" + page.body["next"].get<std::string>();
  }
  EXPECT_EQ(seen.size(), 2401U);
  EXPECT_TRUE(seen.contains(seed().session)) << "the oldest is there too";
  for (const std::string& after : {std::string("x"), std::string("12"), std::string("12.x"),
                                   std::string("."), "-1." + seed().session}) {
    EXPECT_EQ(w.as("user@alpha", "GET", "sessions?after=" + after).code(), "invalid_member");
  }
}

TEST_F(Sessions, AreForgottenAWhileAfterTheirEndButNotByTheAuditLog) {
  const std::string path = "sessions/" + seed().session;
  EXPECT_EQ(w.as("user@alpha", "POST", path + "/attachments", attachment_wanted()).status, 201);
  w.as("user@alpha", "DELETE", path);
  w.control->now += std::chrono::days{30};
  ASSERT_TRUE(keep_house());
  const std::string token = w.control->sign_in("user@alpha.test");
  const auto ended = [&] {
    return in(w.control->call("GET", "/api/v1/sessions?state=ended", {}, token), "items").size();
  };
  EXPECT_EQ(ended(), 1U);
  w.control->now += 1s;
  ASSERT_TRUE(keep_house());
  EXPECT_EQ(ended(), 0U);
  auto database = TestCluster::open(w.conninfo, kAppRole);
  ASSERT_TRUE(database.script("SELECT set_config('rap.scope', 'platform', false)"));
  const auto left = database.query(
      "SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM attachments)", {});
  EXPECT_EQ((*left)[0].integer(0), 0);
  const std::string owner = w.control->sign_in("owner@alpha.test");
  std::set<std::string> actions;
  for (const json& e :
       in(w.control->call("GET", "/api/v1/audit?organization=alpha", {}, owner), "items")) {
    actions.insert(e["action"]);
  }
  EXPECT_TRUE(actions.contains("session.created"));
  EXPECT_TRUE(actions.contains("session.terminated"));
}

TEST_F(Sessions, AreDetachedWhenTheirNodesFallSilent) {
  check_in(seed().entry, 1, seed().session);
  w.control->now += 29s;
  ASSERT_TRUE(keep_house());
  EXPECT_EQ(state_of(seed().session), "active");
  w.control->now += 2s;
  ASSERT_TRUE(keep_house());
  EXPECT_EQ(state_of(seed().session), "detached");
}

TEST_F(Sessions, EndByThemselvesWhenNobodyEverCameOrComesBack) {
  w.control->now += 10min;
  ASSERT_TRUE(keep_house());
  EXPECT_EQ(state_of(seed().session), "pending");
  w.control->now += 1s;
  ASSERT_TRUE(keep_house());
  expect_ended("never_attached");
}

TEST_F(Sessions, EndOnRequestAndRefuseFurtherAttachments) {
  const std::string path = "sessions/" + seed().session;
  EXPECT_EQ(w.as("user@alpha", "POST", path + "/attachments", attachment_wanted()).status, 201);
  EXPECT_EQ(w.as("user@alpha", "DELETE", path).status, 204);
  expect_ended("terminated_by_user");
  EXPECT_EQ(w.as("user@alpha", "POST", path + "/attachments", attachment_wanted()).code(),
            "session_terminated");
  EXPECT_EQ(w.as("user@alpha", "DELETE", path).status, 204) << "ending it twice is harmless";
  EXPECT_EQ(commanded(seed().entry).size(), 1U);
}

TEST_F(Sessions, StayTerminatedWhateverANodeReportsAndAreCommandedAwayAgain) {
  w.as("user@alpha", "DELETE", "sessions/" + seed().session);
  EXPECT_EQ(check_in(seed().entry, 1, seed().session)["commands_seq"], 1);
  EXPECT_EQ(state_of(seed().session), "terminated");
  w.control->now += 11s;
  EXPECT_EQ(check_in(seed().entry, 1, seed().session)["commands_seq"], 2);
  EXPECT_EQ(commanded(seed().entry, 1), std::vector{seed().session});
  const std::string unknown = "0f8fad5b-d9cb-469f-a165-70867728950e";
  check_in(seed().entry, 1, unknown);
  EXPECT_EQ(commanded(seed().entry, 2), std::vector{unknown}) << "nobody knows this session";
}

TEST_F(Sessions, EndWithTheGrant) {
  EXPECT_EQ(w.as("admin@alpha", "DELETE",
                 "organizations/alpha/resources/secret-alpha/grants/user@alpha.test")
                .status,
            204);
  expect_ended("grant_removed");
  EXPECT_EQ(create().code(), "resource_not_found");
}

TEST_F(Sessions, EndWithTheMembership) {
  EXPECT_EQ(w.as("admin@alpha", "DELETE", "organizations/alpha/members/user@alpha.test").status,
            204);
  expect_ended("membership_removed");
  EXPECT_EQ(create().code(), "resource_not_found");
}

TEST_F(Sessions, EndWithTheResource) {
  EXPECT_EQ(w.as("admin@alpha", "DELETE", "organizations/alpha/resources/secret-alpha").status,
            204);
  expect_ended("resource_removed");
}

TEST_F(Sessions, EndWithTheAccount) {
  EXPECT_EQ(w.as("root", "DELETE", "users/user@alpha.test").status, 204);
  for (const std::string& node : {seed().entry, seed().egress}) {
    EXPECT_EQ(commanded(node), std::vector{seed().session});
  }
}

TEST_F(Sessions, EndWithTheNodeThatCarriesThem) {
  check_in(seed().egress, 1, seed().session);
  EXPECT_EQ(w.as("root", "POST", "nodes/egress-n/disable").status, 200);
  EXPECT_EQ(state_of(seed().session), "terminated");
  EXPECT_EQ(commanded(seed().entry), std::vector{seed().session});
  EXPECT_EQ(create().code(), "egress_pool_empty");
  EXPECT_EQ(w.as("root", "POST", "nodes/entry-n/disable").status, 200);
}

TEST_F(Sessions, NeedAnEntry) {
  EXPECT_EQ(w.as("root", "PUT", "nodes/entry-n/roles", {{"roles", json::array()}}).status, 200);
  EXPECT_EQ(create().code(), "no_entry_node");
}

TEST_F(Sessions, OfOthersCannotBeAttachedToEvenByWhoMayEndThem) {
  const std::string path = "sessions/" + seed().session;
  EXPECT_EQ(w.as("owner@alpha", "POST", path + "/attachments", attachment_wanted()).code(),
            "session_not_found");
  EXPECT_EQ(w.as("owner@alpha", "DELETE", path).status, 204);
}

TEST_F(Sessions, EveryStepIsInTheAuditLogAndTheChainHolds) {
  w.as("user@alpha", "DELETE", "sessions/" + seed().session);
  std::set<std::string> actions;
  for (const json& e : in(w.as("owner@alpha", "GET", "audit?organization=alpha"), "items")) {
    actions.insert(e["action"]);
  }
  for (const char* action :
       {"organization.created", "member.added", "egress_pool.created", "resource.created",
        "grant.added", "session.created", "session.attached", "session.terminated"}) {
    EXPECT_TRUE(actions.contains(action)) << action;
  }
  EXPECT_EQ(w.as("root", "GET", "audit/verify").body["ok"], true);
}

}  // namespace
}  // namespace rap::store
