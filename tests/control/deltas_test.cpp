// The delta channel (CP-4) over a real PostgreSQL: what administrators change and nodes pull.
#include <thread>

#include "control/access/blocklist.hpp"
#include "control/link/pulls/security_changes.hpp"
#include "crypto/tokens/data_plane_token.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using snapshot::kMaxDeltasAPull;

struct Deltas : testing::Test {
  Answered pull(const json& since) {
    Answered a = w.control->node_call(seed().entry, "deltas/pull", since);
    EXPECT_EQ(a.status, 200) << a.text;
    return a;
  }
  Answered blocklist(const std::string& kind, const std::string& value, const json& more = {}) {
    json body = {{"kind", kind}, {"value", value}};
    if (more.is_object()) body.update(more);
    return w.as("keeper", "POST", "blocklist", body);
  }
  Answered start_session(const json& more = json::object()) {
    return w.as("user@alpha", "POST", "sessions", session_wanted("secret-alpha", more));
  }
  crypto::DataPlaneToken token_of(const Answered& session) {
    const control::Authority& a = ControlPlane::authority();
    const auto read = crypto::verify_token(
        session.body["candidates"][0]["token"].get<std::string>(),
        {{a.token_key.kid, a.token_key.key.public_key()}}, a.cluster, w.control->now);
    EXPECT_TRUE(read);
    return read.value_or(crypto::DataPlaneToken{});
  }
  std::string user_id(const std::string& who) {
    return w.as(who, "GET", "me").body["id"].get<std::string>();
  }
  // Numbered as the trigger would, which takes longer with each change of one transaction.
  void list_addresses(std::size_t count) {
    Connection c = TestCluster::open(w.conninfo, kOwnerRole);
    c.set_patience(std::chrono::minutes{10});  // sixty thousand rows, and the machine may be busy
    const std::string n = std::to_string(count);
    ASSERT_TRUE(c.script(
        "BEGIN; SET LOCAL statement_timeout = 0; SELECT set_config('rap.scope', 'platform', true), "
        "set_config('rap.cluster_id', '" +
        ControlPlane::authority().cluster.str() +
        "', true); "
        "ALTER TABLE server_blocklist_changes DISABLE TRIGGER number; "
        "INSERT INTO server_blocklist_changes (kind, value, action, changed_at, seq) "
        "SELECT 'ip', host('10.0.0.0'::inet + n), 'add', 1, n FROM generate_series(1, " +
        n + ") AS n; UPDATE delta_counters SET seq = " + n +
        "; COMMIT; ALTER TABLE server_blocklist_changes ENABLE TRIGGER number"));
  }
  void keep_house_after(std::chrono::seconds time) {
    const auto done = control::transact(w.control->database,
                                        control::Scope::cluster(ControlPlane::authority().cluster),
                                        [&](control::Transaction& tx) -> control::Outcome<void> {
                                          tx.security_changes().forget_old(w.control->now + time);
                                          return {};
                                        });
    ASSERT_TRUE(done);
  }

  static std::string database_of(const std::string& conninfo) {
    return conninfo.substr(conninfo.find("dbname=") + 7);
  }

  SeededWorld w;
  const std::string device = "0f8fad5b-d9cb-469f-a165-70867728950e";
};

TEST_F(Deltas, AreGivenOnceFromACursorOnAndOnlyTheStreamThatIsAskedFor) {
  EXPECT_EQ(blocklist("ip", "203.0.113.0/24").status, 201);
  EXPECT_EQ(blocklist("device", device, {{"expires_in_s", 60}}).status, 201);
  const Answered all = pull({{"blocklist_since", 0}});
  ASSERT_EQ(in(all, "blocklist").size(), 2U);
  EXPECT_TRUE(in(all, "epochs").empty());
  EXPECT_EQ(all.body["blocklist"][0]["value"], "203.0.113.0/24");
  EXPECT_EQ(all.body["blocklist"][0]["action"], "add");
  EXPECT_EQ(all.body["blocklist"][1]["expires_at"], to_unix(w.control->now) + 60);
  EXPECT_EQ(all.body["more"], false);
  EXPECT_EQ(all.body["blocklist_since"], 0);
  EXPECT_FALSE(all.body.contains("epochs_since"));
  const auto last = all.body["blocklist"][1]["seq"].get<std::uint64_t>();
  EXPECT_TRUE(in(pull({{"blocklist_since", last}}), "blocklist").empty());
}

TEST_F(Deltas, OfOneKeyAreOneRowWithTheNewestNumberAndARemovalIsOneToo) {
  EXPECT_EQ(blocklist("ip", "203.0.113.7/32").status, 201);
  EXPECT_EQ(blocklist("ip", "203.0.113.7").status, 201);
  const auto first = pull({{"blocklist_since", 0}}).body["blocklist"];
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(w.as("root", "DELETE", "blocklist/ip/203.0.113.7").status, 204);
  EXPECT_EQ(w.as("root", "DELETE", "blocklist/ip/203.0.113.7").code(), "blocklist_entry_not_found");
  const auto then = pull({{"blocklist_since", 0}}).body["blocklist"];
  ASSERT_EQ(then.size(), 1U);
  EXPECT_EQ(then[0]["action"], "remove");
  EXPECT_GT(then[0]["seq"], first[0]["seq"]);
  EXPECT_TRUE(in(w.as("root", "GET", "blocklist"), "items").empty());
}

TEST_F(Deltas, NothingNewIsSaidWithoutATransactionAtMostAMomentLate) {
  const json cursors = {{"epochs_since", 0}, {"blocklist_since", 0}};
  const Answered first = pull(cursors);
  w.control->clock.stand_still();
  EXPECT_EQ(pull(cursors).body, first.body);
  const auto statements = w.control->statements();
  EXPECT_EQ(pull(cursors).body, first.body);
  EXPECT_EQ(w.control->statements(), statements);
  EXPECT_EQ(pull({{"blocklist_since", 0}}).body["blocklist_since"], 0) << "another question";
  EXPECT_GT(w.control->statements(), statements);

  EXPECT_EQ(blocklist("ip", "203.0.113.7").status, 201);
  EXPECT_TRUE(in(pull(cursors), "blocklist").empty()) << "it was not announced yet";
  w.control->admission_cache.forget();
  EXPECT_EQ(in(pull(cursors), "blocklist").size(), 1U);
  const auto asked = w.control->statements();
  EXPECT_EQ(in(pull(cursors), "blocklist").size(), 1U) << "as whoever asked before";
  EXPECT_EQ(w.control->statements(), asked);

  w.as("root", "POST", "nodes/entry-n/disable");
  w.control->clock.advance(2 * kVersionsAge);
  EXPECT_EQ(w.control->node_call(seed().entry, "deltas/pull", {{"blocklist_since", 0}}).code(),
            "node_disabled");
}

TEST_F(Deltas, ComeInBatches) {
  list_addresses(kMaxDeltasAPull + 1);
  const Answered first = pull({{"blocklist_since", 0}});
  ASSERT_EQ(in(first, "blocklist").size(), kMaxDeltasAPull);
  EXPECT_EQ(first.body["more"], true);
  const Answered rest = pull({{"blocklist_since", first.body["blocklist"].back()["seq"]}});
  EXPECT_EQ(in(rest, "blocklist").size(), 1U);
  EXPECT_EQ(rest.body["more"], false);
}

// Two transactions number their changes; the one that was first to be numbered commits last. With a
// bare sequence a node that pulls in between would pass it by.
TEST_F(Deltas, AreNumberedInTheOrderOfTheirCommits) {
  Connection slow = TestCluster::open(w.conninfo, kAppRole);
  ASSERT_TRUE(slow.script(
      "BEGIN; SELECT set_config('rap.scope', 'platform', true); INSERT INTO "
      "server_blocklist_changes (cluster_id, kind, value, action, changed_at) SELECT id, 'ip', "
      "'192.0.2.1', 'add', 1 FROM clusters"));
  std::jthread quick([&] { EXPECT_EQ(blocklist("ip", "192.0.2.2").status, 201); });
  EXPECT_TRUE(in(pull({{"blocklist_since", 0}}), "blocklist").empty());
  ASSERT_TRUE(slow.script("COMMIT"));
  quick.join();
  const auto all = pull({{"blocklist_since", 0}}).body["blocklist"];
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["value"], "192.0.2.1");
  EXPECT_EQ(all[1]["value"], "192.0.2.2");
}

TEST_F(Deltas, ACursorThatMeansNothingHereStartsAgain) {
  EXPECT_EQ(in(pull({{"blocklist_since", 99}, {"epochs_since", 99}}), "restart").size(), 2U);
  EXPECT_EQ(blocklist("ip", "192.0.2.1").status, 201);
  EXPECT_EQ(w.as("root", "DELETE", "blocklist/ip/192.0.2.1").status, 204);
  EXPECT_EQ(blocklist("ip", "192.0.2.2").status, 201);
  const auto last = pull({{"blocklist_since", 0}}).body["blocklist"].back()["seq"];
  keep_house_after(control::kRemovalMemory);
  EXPECT_EQ(in(pull({{"blocklist_since", 1}}), "restart"), json({"blocklist"}));
  EXPECT_TRUE(in(pull({{"blocklist_since", last}}), "restart").empty());
  EXPECT_EQ(in(pull({{"blocklist_since", 0}}), "blocklist").size(), 1U) << "the removal is gone";
}

TEST_F(Deltas, WhoIsStillBeginningIsNotSentBackByAnOldRemoval) {
  list_addresses(kMaxDeltasAPull + 1);
  EXPECT_EQ(w.as("root", "DELETE", "blocklist/ip/10.0.0.1").status, 204);
  keep_house_after(control::kRemovalMemory);
  const Answered first = pull({{"blocklist_since", 0}});
  ASSERT_EQ(first.body["more"], true);
  const json last = first.body["blocklist"].back()["seq"];
  const json newest = first.body["blocklist_newest"];
  EXPECT_GT(newest, last);
  EXPECT_EQ(in(pull({{"blocklist_since", last}}), "restart").size(), 1U)
      << "it may have been there before";
  EXPECT_TRUE(
      in(pull({{"blocklist_since", last}, {"blocklist_began", newest}}), "restart").empty());
  EXPECT_EQ(in(pull({{"blocklist_since", last}, {"blocklist_began", 1}}), "restart").size(), 1U);
}

TEST_F(Deltas, ARestoredDatabaseNumbersBeyondTheHistoryThatWasLost) {
  EXPECT_EQ(blocklist("ip", "192.0.2.1").status, 201);
  const auto before = pull({{"blocklist_since", 0}}).body["blocklist"].back()["seq"];
  w.control.reset();  // a copy needs the original for itself
  const std::string backup = TestCluster::get().copy(database_of(w.conninfo));
  w.control = std::make_unique<ControlPlane>(w.conninfo);
  w.control->serials = seed().serials;
  EXPECT_EQ(blocklist("ip", "192.0.2.2").status, 201);  // which will be lost
  const auto lost = pull({{"blocklist_since", before}}).body["blocklist"].back()["seq"];
  EXPECT_LT(lost, 1000) << "nothing was restored so far";

  w.control = std::make_unique<ControlPlane>(backup);
  w.control->serials = seed().serials;
  EXPECT_EQ(in(pull({{"blocklist_since", lost}}), "restart").size(), 1U) << "from the lost future";
  for (const char* address : {"192.0.2.3", "192.0.2.4", "192.0.2.5"}) {
    EXPECT_EQ(blocklist("ip", address).status, 201);
  }
  EXPECT_EQ(in(pull({{"blocklist_since", lost}}), "restart").size(), 1U)
      << "new numbers have not passed it by";
  EXPECT_EQ(in(pull({{"blocklist_since", before}}), "restart").size(), 1U);
  const Answered anew = pull({{"blocklist_since", 0}});
  ASSERT_EQ(in(anew, "blocklist").size(), 4U);
  EXPECT_TRUE(in(pull({{"blocklist_since", anew.body["blocklist"][0]["seq"]},
                       {"blocklist_began", anew.body["blocklist_newest"]}}),
                 "restart")
                  .empty())
      << "who begins in the new history is of it";

  const auto seq = anew.body["blocklist"].back()["seq"];
  EXPECT_TRUE(in(pull({{"blocklist_since", seq}}), "restart").empty());
  Connection owner = TestCluster::open(backup, kOwnerRole);
  ASSERT_TRUE(owner.script("BEGIN; SELECT rap_begin_lineage(); COMMIT"));  // by hand
  w.control->admission_cache.forget();
  EXPECT_EQ(in(pull({{"blocklist_since", seq}}), "restart").size(), 1U);
}

TEST_F(Deltas, AnEpochsChangeIsForgottenWhenNothingOfALowerOneCanBeLeft) {
  EXPECT_EQ(w.as("root", "POST", "users/user@alpha.test/sign-out").body["auth_epoch"], 1);
  keep_house_after(snapshot::kEpochMemory - std::chrono::seconds(1));
  ASSERT_EQ(in(pull({{"epochs_since", 0}}), "epochs").size(), 1U);
  const json seq = pull({{"epochs_since", 0}}).body["epochs"][0]["seq"];
  keep_house_after(snapshot::kEpochMemory);
  w.control->admission_cache.forget();
  // Asked in other words: what was answered already is harmless, and may be answered again.
  EXPECT_TRUE(in(pull({{"epochs_since", 0}, {"blocklist_since", 0}}), "epochs").empty());
  EXPECT_TRUE(in(pull({{"epochs_since", seq}}), "restart").empty()) << "nobody starts again";
  EXPECT_EQ(w.as("root", "POST", "users/user@alpha.test/sign-out").body["auth_epoch"], 2)
      << "the user's epoch goes on from where it was";
}

TEST_F(Deltas, WhatHasExpiredIsForgottenAndNobodyHasToStartAgain) {
  EXPECT_EQ(blocklist("ip", "192.0.2.1", {{"expires_in_s", 60}}).status, 201);
  w.control->now += std::chrono::seconds(60);
  EXPECT_TRUE(in(w.as("root", "GET", "blocklist"), "items").empty());
  keep_house_after(control::kExpiredMemory);
  const Answered a = pull({{"blocklist_since", 1}});
  EXPECT_TRUE(in(a, "restart").empty());
  EXPECT_TRUE(in(pull({{"blocklist_since", 0}}), "blocklist").empty());
}

TEST_F(Deltas, AFullBlocklistTakesNoMore) {
  list_addresses(control::kMaxBlocklisted);
  EXPECT_EQ(blocklist("ip", "192.0.2.1").code(), "blocklist_full");
  EXPECT_EQ(blocklist("ip", "10.0.0.1", {{"reason", "again"}}).status, 201) << "is one of them";
  EXPECT_EQ(w.as("root", "DELETE", "blocklist/ip/10.0.0.2").status, 204);
  EXPECT_EQ(blocklist("ip", "192.0.2.1").status, 201);
}

TEST_F(Deltas, SigningAPersonOutEndsTheirBearersAndRaisesTheirEpoch) {
  const std::string user = user_id("user@alpha");
  const Answered a = w.as("root", "POST", "users/user@alpha.test/sign-out");
  EXPECT_EQ(a.body["auth_epoch"], 1) << a.text;
  EXPECT_EQ(w.as("user@alpha", "GET", "me").status, 401);
  EXPECT_EQ(w.as("root", "POST", "users/user@alpha.test/sign-out").body["auth_epoch"], 2);
  const auto epochs = pull({{"epochs_since", 0}}).body["epochs"];
  ASSERT_EQ(epochs.size(), 1U);
  EXPECT_EQ(epochs[0]["user"], user);
  EXPECT_EQ(epochs[0]["epoch"], 2);
  EXPECT_FALSE(w.control->sign_in("user@alpha.test").empty()) << "they may come again";
}

TEST_F(Deltas, ADisabledUsersEpochIsOver) {
  const std::string user = user_id("user@alpha");
  EXPECT_EQ(w.as("root", "DELETE", "users/user@alpha.test").status, 204);
  const auto epochs = pull({{"epochs_since", 0}}).body["epochs"];
  ASSERT_EQ(epochs.size(), 1U);
  EXPECT_EQ(epochs[0]["user"], user);
}

TEST_F(Deltas, TheBlocklistedGetNoSession) {
  const auto listed = [&](const std::string& kind, const std::string& value) {
    EXPECT_EQ(blocklist(kind, value).status, 201);
    const std::string code = start_session().code();
    const std::string attach =
        w.as("user@alpha", "POST", "sessions/" + seed().session + "/attachments",
             attachment_wanted())
            .code();
    EXPECT_EQ(code, attach);
    EXPECT_EQ(
        w.as("root", "DELETE", "blocklist/" + kind + "/" + wire::percent_encode(value)).status,
        204);
    return code;
  };
  EXPECT_EQ(listed("user", user_id("user@alpha")), "blocklisted");
  EXPECT_EQ(listed("user", "user@alpha.test"), "blocklisted");
  EXPECT_EQ(listed("ip", "192.0.2.0/24"), "blocklisted");
  EXPECT_EQ(listed("ip", "192.0.3.0/24"), "");
  EXPECT_EQ(listed("user", "admin@alpha.test"), "");
  EXPECT_EQ(start_session().status, 201);
}

TEST_F(Deltas, TokensCarryTheEpochOfTheirUserAndTheDevice) {
  const auto claims = [&](const json& more) { return token_of(start_session(more)); };
  EXPECT_EQ(claims(json::object()).auth_epoch, 0U);
  EXPECT_EQ(claims(json::object()).device,
            crypto::device_id_of(ControlPlane::device().public_key()));
  EXPECT_EQ(w.as("root", "POST", "users/user@alpha.test/sign-out").status, 200);
  const std::string again = w.control->sign_in("user@alpha.test");
  const Answered session =
      w.control->call("POST", "/api/v1/sessions", session_wanted("secret-alpha"), again);
  EXPECT_EQ(token_of(session).auth_epoch, 1U);
}

TEST_F(Deltas, TokensSayWhenTheirSessionBeganHoweverLateTheyAre) {
  const Answered started = start_session(json::object());
  const WallTime then = w.control->now;
  EXPECT_EQ(token_of(started).session_began, then);
  w.control->now += std::chrono::seconds{100};
  const std::string id = started.body["session"]["id"];
  const Answered later =
      w.as("user@alpha", "POST", "sessions/" + id + "/attachments", attachment_wanted());
  EXPECT_EQ(token_of(later).session_began, then);
  EXPECT_EQ(token_of(later).issued_at, w.control->now);
}

TEST_F(Deltas, WhatWouldLockEverybodyOutIsRefused) {
  EXPECT_EQ(blocklist("ip", "0.0.0.0/0").code(), "invalid_member");
  EXPECT_EQ(blocklist("user", "nobody@else.test").code(), "user_not_found");
  EXPECT_EQ(blocklist("device", "my laptop").code(), "invalid_member");
}

TEST_F(Deltas, AreAudited) {
  EXPECT_EQ(blocklist("ip", "203.0.113.0/24", {{"reason", "scans"}}).status, 201);
  EXPECT_EQ(w.as("keeper", "DELETE", "blocklist/ip/203.0.113.0%2F24").status, 204);
  EXPECT_EQ(w.as("keeper", "POST", "users/user@alpha.test/sign-out").status, 200);
  const Answered log = w.as("root", "GET", "audit");
  std::vector<std::string> actions;
  for (const json& entry : in(log, "items")) actions.push_back(entry["action"]);
  actions.resize(4);
  EXPECT_EQ(actions, (std::vector<std::string>{"user.signed_out", "user.signed_out",
                                               "blocklist.removed", "blocklist.added"}))
      << "the person's organization is told as well";
}

}  // namespace
}  // namespace rap::store
