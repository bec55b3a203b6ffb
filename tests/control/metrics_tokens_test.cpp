// What programs that scrape show: a token that opens the metrics and nothing else.
#include <gtest/gtest.h>

#include <algorithm>

#include "control/people/metrics_token.hpp"
#include "control/store/postgres/sql_session.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;

class MetricsTokens : public ::testing::Test {
 protected:
  Answered create(const std::string& name, const json& more = {},
                  const std::string& who = "keeper") {
    json body = {{"name", name}};
    if (!more.is_null()) body.update(more);
    return w.as(who, "POST", "metrics-tokens", body);
  }
  std::string token_of(const std::string& name, const json& more = {}) {
    const Answered made = create(name, more);
    EXPECT_EQ(made.status, 201) << made.text;
    return made.body.value("metrics_token", "");
  }
  // Asks without a device, as a scraper comes.
  Answered scrape(const std::string& token) { return c.bare_call("GET", "/metrics", {}, token); }
  json listed(const std::string& name) {
    for (const json& token : in(w.as("keeper", "GET", "metrics-tokens"), "items")) {
      if (token["name"] == name) return token;
    }
    return {};
  }
  Answered remove(const std::string& name) {
    return w.as("keeper", "DELETE", "metrics-tokens/" + name);
  }
  int set_role_of_keeper(const std::string& role) {
    return w.as("root", "PATCH", "users/keeper@platform.test", {{"platform_role", role}}).status;
  }

  SeededWorld w;
  ControlPlane& c = *w.control;
};

TEST_F(MetricsTokens, OpenTheMetricsAndNothingElse) {
  const std::string token = token_of("grafana");
  EXPECT_EQ(scrape(token).status, 200);
  EXPECT_NE(scrape(token).text.find("rap_nodes{"), std::string::npos);
  EXPECT_EQ(c.bare_call("HEAD", "/metrics", {}, token).status, 200);
  for (const control::Route& route : c.api().routes()) {
    if (route.access == policy::Access::anyone || route.operation == "getMetrics") continue;
    std::string path(route.path);
    for (std::size_t at = 0; (at = path.find('{')) != path.npos;) {
      path.replace(at, path.find('}') + 1 - at, "x");
    }
    const Answered refused = c.bare_call(std::string(route.method), path, {}, token);
    EXPECT_EQ(refused.status, 401) << route.operation;
    EXPECT_EQ(refused.code(), "not_signed_in") << route.operation;
  }
}

TEST_F(MetricsTokens, ProveWhoHoldsAConnectionAndDifferFromPeople) {
  const std::string principal = scrape(token_of("grafana")).response.principal;
  EXPECT_EQ(principal, "metrics token grafana");
  EXPECT_TRUE(scrape("rapmt_" + std::string(43, 'A')).response.principal.empty());
}

TEST_F(MetricsTokens, NeedNoDeviceWhereDevicesAreApproved) {
  const std::string token = token_of("grafana");
  ControlPlane strict(w.conninfo, control::DevicePolicy::approved);
  EXPECT_EQ(strict.bare_call("GET", "/metrics", {}, token).status, 200);
}

TEST_F(MetricsTokens, AreKnownByTheirHashAlone) {
  const std::string token = token_of("grafana");
  Connection app = TestCluster::open(w.conninfo, kAppRole);
  app.begin();
  set_scope(app, control::Scope::platform());
  const auto rows = app.query(
      "SELECT encode(token_sha256, 'hex'), to_jsonb(t)::text FROM metrics_tokens t "
      "WHERE name = 'grafana'",
      {});
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1);
  EXPECT_EQ((*rows)[0].text(0), crypto::sha256_hex(as_bytes(token)));
  EXPECT_EQ((*rows)[0].text(1).find(token.substr(6)), std::string::npos);
  EXPECT_EQ(w.as("root", "GET", "metrics-tokens").text.find(token.substr(6)), std::string::npos);
  EXPECT_EQ(w.as("root", "GET", "audit").text.find(token.substr(6)), std::string::npos);
}

TEST_F(MetricsTokens, EndWhenTheirTimeIsOver) {
  const std::string token = token_of("grafana", {{"ttl_s", 3600}});
  c.now += 3599s;
  EXPECT_EQ(scrape(token).status, 200);
  EXPECT_EQ(listed("grafana")["state"], "good");
  c.now += 1s;
  EXPECT_EQ(scrape(token).code(), "not_signed_in");
  EXPECT_EQ(listed("grafana")["state"], "expired") << "so that one sees why a scraper is refused";
  EXPECT_EQ(create("grafana").status, 201) << "what has expired holds no name";
  EXPECT_EQ(scrape(token).status, 401);
  const json year = {{"ttl_s", 365 * 24 * 3600}};
  EXPECT_EQ(create("long", year).status, 201);
  EXPECT_EQ(create("longer", {{"ttl_s", 365 * 24 * 3600 + 1}}).status, 400);
}

TEST_F(MetricsTokens, EndAtOnceWhenTheyAreRemoved) {
  const std::string token = token_of("grafana");
  EXPECT_EQ(scrape(token).status, 200);
  EXPECT_EQ(remove("Grafana").status, 204);
  EXPECT_EQ(scrape(token).status, 401);
  EXPECT_TRUE(listed("grafana").is_null());
  EXPECT_EQ(remove("grafana").code(), "metrics_token_not_found");
}

TEST_F(MetricsTokens, AreWorthNothingOnceTheirMakerHasNoRole) {
  const std::string token = token_of("grafana");
  ASSERT_EQ(set_role_of_keeper("none"), 200);
  EXPECT_EQ(scrape(token).status, 401);
  const json items = in(w.as("root", "GET", "metrics-tokens"), "items");
  const auto of_keeper =
      std::ranges::find_if(items, [](const json& t) { return t["name"] == "grafana"; });
  ASSERT_NE(of_keeper, items.end());
  EXPECT_EQ((*of_keeper)["state"], "maker_has_no_role");
  EXPECT_EQ(scrape(seed().tokens.at("scraper")).status, 200) << "that one is another's";
  ASSERT_EQ(set_role_of_keeper("platform_admin"), 200);
  EXPECT_EQ(scrape(token).status, 200);
  ASSERT_EQ(w.as("root", "POST", "users/keeper@platform.test/disable").status, 200);
  EXPECT_EQ(scrape(token).status, 401);
}

TEST_F(MetricsTokens, ShowWhenTheyWereUsedLastToTheMinute) {
  const std::string token = token_of("grafana");
  EXPECT_FALSE(listed("grafana").contains("last_used_at"));
  const auto first = to_unix(c.now);
  scrape(token);
  EXPECT_EQ(listed("grafana")["last_used_at"], first);
  c.now += 59s;
  const int before = c.database.transactions;
  scrape(token);
  EXPECT_EQ(c.database.transactions - before, 2) << "nothing is written, a scrape comes so often";
  EXPECT_EQ(listed("grafana")["last_used_at"], first);
  c.now += 1s;
  scrape(token);
  EXPECT_EQ(listed("grafana")["last_used_at"], first + 60);
}

TEST_F(MetricsTokens, AreGoodWhileTheDatabaseTakesNoChanges) {
  const std::string token = token_of("grafana");
  Connection admin = TestCluster::open(w.conninfo, "postgres");
  ASSERT_TRUE(
      admin.script("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET "
                   "default_transaction_read_only = on', current_database()); END $$"));
  ControlPlane read_only(w.conninfo);
  EXPECT_EQ(read_only.bare_call("GET", "/metrics", {}, token).status, 200);
  EXPECT_FALSE(listed("grafana").contains("last_used_at"));
}

TEST_F(MetricsTokens, AreGoodForAWhileWhenTheDatabaseIsAway) {
  const std::string token = token_of("grafana");
  const std::string never_shown = token_of("other");
  EXPECT_EQ(scrape(token).status, 200);
  c.clock.stand_still();
  c.database.away = true;
  const Answered told = scrape(token);
  EXPECT_EQ(told.status, 200);
  EXPECT_EQ(told.response.principal, "metrics token grafana");
  EXPECT_NE(told.text.find("rap_control_requests_total{"), std::string::npos);
  EXPECT_EQ(told.text.find("rap_nodes{"), std::string::npos);
  EXPECT_EQ(scrape(never_shown).code(), "database_unavailable");
  EXPECT_EQ(scrape("rapmt_" + std::string(43, 'A')).code(), "database_unavailable");
  EXPECT_EQ(c.bare_call("GET", "/api/v1/nodes", {}, token).code(), "not_signed_in");
  c.clock.advance(control::kScraperRemembered);
  EXPECT_EQ(scrape(token).code(), "database_unavailable");
}

TEST_F(MetricsTokens, ThatAreFoundToBeRemovedAreGoodNoMoreWhenTheDatabaseIsAway) {
  const std::string token = token_of("grafana");
  EXPECT_EQ(scrape(token).status, 200);
  EXPECT_EQ(remove("grafana").status, 204);
  EXPECT_EQ(scrape(token).status, 401);
  c.database.away = true;
  EXPECT_EQ(scrape(token).status, 503);
}

TEST_F(MetricsTokens, ThatAreRemovedHereAreGoodNoMoreWhenTheDatabaseIsAway) {
  const std::string token = token_of("grafana");
  EXPECT_EQ(scrape(token).status, 200);
  EXPECT_EQ(remove("grafana").status, 204);
  c.database.away = true;
  EXPECT_EQ(scrape(token).status, 503);
}

TEST_F(MetricsTokens, OfWhomTheRoleWasTakenHereAreGoodNoMoreWhenTheDatabaseIsAway) {
  const std::string token = token_of("grafana");
  EXPECT_EQ(scrape(token).status, 200);
  ASSERT_EQ(set_role_of_keeper("none"), 200);
  c.database.away = true;
  EXPECT_EQ(scrape(token).status, 503);
}

TEST_F(MetricsTokens, ThatAreBelievedFromMemoryReadNothingOfADatabaseThatIsJustBack) {
  const std::string token = token_of("grafana");
  EXPECT_NE(scrape(token).text.find("rap_nodes{"), std::string::npos);
  c.database.away_once = true;
  const Answered told = scrape(token);
  EXPECT_EQ(told.status, 200);
  EXPECT_EQ(told.text.find("rap_nodes{"), std::string::npos);
}

TEST_F(MetricsTokens, ThatExpireAreGoodNoMoreWhenTheDatabaseIsAway) {
  const std::string token = token_of("grafana", {{"ttl_s", 60}});
  EXPECT_EQ(scrape(token).status, 200);
  c.clock.stand_still();
  c.database.away = true;
  c.now += 59s;
  EXPECT_EQ(scrape(token).status, 200);
  c.now += 1s;
  EXPECT_EQ(scrape(token).status, 503);
}

TEST_F(MetricsTokens, AreBoundedInNumber) {
  std::size_t made = in(w.as("root", "GET", "metrics-tokens"), "items").size();
  for (; made < control::kMaxMetricsTokens; ++made) {
    ASSERT_EQ(create("t" + std::to_string(made), {{"ttl_s", 60}}).status, 201) << made;
  }
  EXPECT_EQ(create("one-more").code(), "too_many_metrics_tokens");
  EXPECT_EQ(remove("t5").status, 204);
  EXPECT_EQ(create("one-more").status, 201);
  EXPECT_EQ(create("two-more").code(), "too_many_metrics_tokens");
  c.now += 60s;
  EXPECT_EQ(create("two-more").status, 201) << "those that expired make way";
}

TEST_F(MetricsTokens, HaveANameOfTheirOwn) {
  token_of("grafana");
  EXPECT_EQ(create("GRAFANA").code(), "metrics_token_exists");
  EXPECT_EQ(create("no good name").status, 400);
}

TEST_F(MetricsTokens, AreAuditedWhenTheyAreMadeAndRemoved) {
  token_of("grafana", {{"ttl_s", 60}});
  remove("grafana");
  const json entries = in(w.as("root", "GET", "audit"), "items");
  ASSERT_GE(entries.size(), 2U);
  EXPECT_EQ(entries[0]["action"], "metrics_token.removed");
  EXPECT_EQ(entries[1]["action"], "metrics_token.created");
  for (const json& entry : {entries[0], entries[1]}) {
    EXPECT_EQ(entry["actor"]["name"], "keeper@platform.test");
    EXPECT_EQ(entry["target"]["name"], "grafana");
  }
  EXPECT_EQ(entries[1]["detail"]["until"], to_unix(c.now + 60s));
}

TEST_F(MetricsTokens, AreSaidInTheMetricsBeforeTheyExpire) {
  const std::string token = token_of("grafana", {{"ttl_s", 60}});
  EXPECT_NE(
      scrape(token).text.find("rap_metrics_token_expires_timestamp_seconds{name=\"grafana\"} " +
                              std::to_string(to_unix(c.now + 60s)) + "\n"),
      std::string::npos);
}

}  // namespace
}  // namespace rap::store
