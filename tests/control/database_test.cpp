// What happens when PostgreSQL is away, comes back, or two transactions meet.
#include <gtest/gtest.h>

#include <thread>

#include "control/housekeeping/outage_entry.hpp"
#include "control/store/transaction.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using control::DatabaseFault;
using control::Ending;
using control::Scope;
using control::Transaction;

TEST(Database, IsAnsweredFor503WhileItIsAwayAndRecoversByItself) {
  SeededWorld w;
  EXPECT_EQ(w.as("root", "GET", "me").status, 200);
  PrivatePostgres& server = TestCluster::get().server();
  ASSERT_TRUE(server.stop());
  const Answered away = w.as("root", "GET", "me");
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(away.code(), "database_unavailable");
  EXPECT_NE(away.response.header("retry-after"), "");
  EXPECT_EQ(w.control->call("GET", "/readyz").status, 503);
  EXPECT_EQ(w.control->call("GET", "/healthz").status, 200);
  EXPECT_EQ(w.control->node_call(seed().entry, "checkin", {{"versions", json::object()}}).status,
            503);
  ASSERT_TRUE(server.start());
  EXPECT_EQ(w.as("root", "GET", "me").status, 200);
  EXPECT_EQ(w.control->call("GET", "/readyz").status, 200);
}

// A database that a test stops, by clocks that the test sets.
class ReachedNowAndThen : public ::testing::Test {
 protected:
  std::expected<void, DatabaseFault> call() {
    return database_.run(Scope::platform(), [](Transaction&) { return Ending::roll_back; });
  }
  void be_away(std::chrono::seconds time) {
    ASSERT_TRUE(server_.stop());
    EXPECT_FALSE(call());
    EXPECT_FALSE(call());
    EXPECT_FALSE(database_.standing().figures().up);
    passed_ += time;
    ASSERT_TRUE(server_.start());
    EXPECT_TRUE(call());
    passed_ += control::kOutageSettled;
  }
  void say() {
    control::say_outage({database_, database_.standing(), rng_, {}}, "control-1",
                        kBegan + std::chrono::hours{1});
  }
  json said() {
    json out = json::array();
    EXPECT_TRUE(database_.run(Scope::platform(), [&](Transaction& tx) {
      for (const control::AuditEntry& entry : tx.audit_log().list({})) {
        if (entry.action != control::kDatabaseWasAway) continue;
        EXPECT_EQ(entry.target_name, "control-1");
        out.push_back(json::parse(entry.detail));
      }
      return Ending::roll_back;
    }));
    return out;
  }

  static constexpr WallTime kBegan = from_unix(1'800'000'000);
  SilentLog log_;
  SeededRandom rng_{10};
  std::chrono::seconds passed_{0};
  std::string conninfo_ = TestCluster::get().fresh_database();
  PrivatePostgres& server_ = TestCluster::get().server();
  PostgresDatabase database_{
      {conninfo_, std::string(kAppRole)},
      log_,
      {.mono = [this] { return MonoTime{passed_}; }, .wall = [this] { return kBegan + passed_; }}};
};

TEST_F(ReachedNowAndThen, IsFoundAmongTheOutagesOfTheLastDay) {
  EXPECT_TRUE(call());
  be_away(std::chrono::seconds{40});
  say();
  const auto found_since = [&](WallTime since) {
    std::size_t found = 0;
    EXPECT_TRUE(database_.run(Scope::platform(), [&](Transaction& tx) {
      found = tx.audit_log().outages(since, 5).size();
      return Ending::roll_back;
    }));
    return found;
  };
  EXPECT_EQ(found_since(kBegan), 1U);
  EXPECT_EQ(found_since(kBegan + std::chrono::hours{2}), 0U) << "it is long over";
}

TEST_F(ReachedNowAndThen, SaysThatItWasAwayOnceItIsBack) {
  EXPECT_TRUE(call());
  be_away(std::chrono::seconds{40});
  EXPECT_EQ(database_.standing().figures().away, std::chrono::seconds{40});
  say();
  say();
  EXPECT_EQ(said(), json::array({{{"from", 1'800'000'000},
                                  {"until", 1'800'000'040},
                                  {"seconds", 40},
                                  {"times", 1},
                                  {"cause", "no_answer"}}}));
}

TEST_F(ReachedNowAndThen, SaysItLaterWhenItCouldNotBeWrittenDown) {
  be_away(std::chrono::seconds{40});
  ASSERT_TRUE(server_.stop());
  say();
  ASSERT_TRUE(server_.start());
  EXPECT_TRUE(call());
  passed_ += control::kOutageSettled;
  say();
  ASSERT_EQ(said().size(), 1U);
  EXPECT_EQ(said()[0]["seconds"], 40) << "what failed then was too short to be said";
}

TEST_F(ReachedNowAndThen, IsNotAwayWhileItOnlyTakesNoChanges) {
  Connection admin = TestCluster::open(conninfo_, "postgres");
  ASSERT_TRUE(
      admin.script("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET "
                   "default_transaction_read_only = on', current_database()); END $$"));
  const auto refused = database_.run(Scope::platform(), [&](Transaction& tx) {
    tx.audit(control::AuditEntry::of_system(kBegan));
    return Ending::commit;
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), DatabaseFault::takes_no_changes);
  EXPECT_TRUE(database_.standing().figures().up);
  EXPECT_EQ(database_.standing().figures().outages, 0U);
}

TEST(Database, ThatIsReadOnlyIsNamedAsThatAndRecoversByItself) {
  SeededWorld w;
  Connection admin = TestCluster::open(w.conninfo, "postgres");
  const auto set_read_only = [&](const char* value) {
    ASSERT_TRUE(admin.script(std::string("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET "
                                         "default_transaction_read_only = ") +
                             value + "', current_database()); END $$"));
    ASSERT_TRUE(
        admin.script("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                     "WHERE usename = 'rap_app' AND datname = current_database()"));
  };
  set_read_only("on");
  const Answered refused = w.as("root", "PATCH", "nodes/relay-n", {{"name", "relay-2"}});
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.code(), "database_unavailable");
  EXPECT_NE(refused.text.find("takes no changes: it is read-only"), std::string::npos)
      << refused.text;
  EXPECT_EQ(w.as("root", "GET", "nodes").status, 200) << "what is there can be read";
  ASSERT_TRUE(admin.script("SET default_transaction_read_only = off"));
  set_read_only("off");
  EXPECT_EQ(w.as("root", "PATCH", "nodes/relay-n", {{"name", "relay-2"}}).status, 200);
}

TEST(Database, ReplacesAConnectionThatDied) {
  SeededWorld w;
  EXPECT_EQ(w.as("root", "GET", "me").status, 200);
  Connection admin = TestCluster::get().superuser("postgres");
  ASSERT_TRUE(admin.script(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'rap_app'"));
  EXPECT_EQ(w.as("root", "GET", "me").status, 200) << "nobody notices";
}

TEST(Database, IsGivenUpWhenItDoesNotAnswer) {
  Connection c = TestCluster::open(TestCluster::get().fresh_database(), kAppRole);
  c.set_patience(std::chrono::milliseconds{50});
  const auto answer = c.query("SELECT pg_sleep(5)", {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, SqlError::Kind::unavailable);
  EXPECT_TRUE(c.broken());
}

TEST(Database, KeepsWhatAStatementMeansUntilItsTablesChange) {
  const std::string database = TestCluster::get().fresh_database();
  Connection owner = TestCluster::open(database, "postgres");
  ASSERT_TRUE(owner.script("CREATE TABLE things (id int UNIQUE); GRANT ALL ON things TO rap_app"));
  Connection c = TestCluster::open(database, kAppRole);
  const auto kept = [&] {
    return c.query("SELECT count(*) FROM pg_prepared_statements", {}).value()[0].count(0);
  };
  EXPECT_EQ(kept(), 1U) << "the question itself";
  EXPECT_TRUE(c.query("INSERT INTO things VALUES ($1)", {to_param(1)}));
  const auto again = c.query("INSERT INTO things VALUES ($1)", {to_param(1)});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, SqlError::Kind::constraint);
  EXPECT_FALSE(c.query("INSERT INTO things VALUES ($1) RETURNING 1 / 0", {to_param(2)}));
  EXPECT_TRUE(c.query("INSERT INTO things VALUES ($1)", {to_param(2)})) << "nothing is left of it";
  EXPECT_EQ(c.query("SELECT * FROM things", {}).value().size(), 2);
  EXPECT_EQ(kept(), 4U) << "one that failed is kept too, under one name";

  ASSERT_TRUE(owner.script("ALTER TABLE things ADD COLUMN name text"));
  const auto outdated = c.query("SELECT * FROM things", {});
  ASSERT_FALSE(outdated);
  EXPECT_EQ(outdated.error().kind, SqlError::Kind::serialization) << "worth another try";
  EXPECT_TRUE(c.broken()) << "on another connection";
}

class Connections : public ::testing::Test {
 protected:
  std::uint64_t kept() {
    return connection_.query("SELECT count(*) FROM pg_prepared_statements", {}).value()[0].count(0);
  }
  std::string scope() {
    return connection_.query("SELECT current_setting('rap.scope', true)", {}).value()[0].text(0);
  }
  Connection connection_ = TestCluster::open(TestCluster::get().fresh_database(), "postgres");
};

TEST_F(Connections, BeginATransactionWithItsFirstStatement) {
  for (int transactions = 0; transactions < 2; ++transactions) {
    connection_.begin();
    set_scope(connection_, Scope::user(UserId{}));
    set_scope(connection_, Scope::platform());
    EXPECT_FALSE(connection_.has_begun());
    EXPECT_FALSE(connection_.in_transaction());
    EXPECT_EQ(scope(), "platform") << "all that was ahead, in its order";
    EXPECT_TRUE(connection_.has_begun());
    EXPECT_TRUE(connection_.in_transaction());
    ASSERT_TRUE(connection_.commit());
    EXPECT_EQ(kept(), 4U) << "BEGIN, the scope, and the two questions";
  }
  EXPECT_EQ(scope(), "");
}

TEST_F(Connections, DoNotWaitForTheEndOfWhatIsRolledBack) {
  ASSERT_TRUE(connection_.script("CREATE TABLE things (id int)"));
  connection_.begin();
  EXPECT_TRUE(connection_.query("INSERT INTO things VALUES (1)", {}));
  EXPECT_TRUE(connection_.roll_back());
  EXPECT_FALSE(connection_.in_transaction()) << "may be lent again";
  EXPECT_EQ(connection_.query("SELECT * FROM things", {}).value().size(), 0);
}

TEST_F(Connections, LetAQueryFailWithWhatWentAheadOfIt) {
  connection_.begin();
  connection_.ahead_of_next("SELECT 1 / 0", {});
  const auto refused = connection_.query("SELECT 1", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().sqlstate, "22012");
  EXPECT_TRUE(connection_.roll_back());
  EXPECT_TRUE(connection_.query("SELECT 1", {}));
}

TEST_F(Connections, ReachTheServerEvenWithAnEmptyTransaction) {
  for (const bool commits : {true, false}) {
    connection_.begin();
    EXPECT_TRUE(commits ? connection_.commit() : connection_.roll_back());
    EXPECT_TRUE(connection_.has_begun());
    EXPECT_FALSE(connection_.in_transaction());
  }
}

TEST(Database, RefusesMoreConnectionsThanItsBound) {
  ConnectionPool pool({.conninfo = TestCluster::get().fresh_database(),
                       .user = std::string(kAppRole),
                       .max_connections = 1,
                       .wait = std::chrono::milliseconds{10}});
  auto first = pool.take();
  ASSERT_TRUE(first);
  const auto second = pool.take();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, SqlError::Kind::unavailable);
}

class Transactions : public ::testing::Test {
 protected:
  control::Organization organization(const char* name) {
    return {OrganizationId::random(rng_), name, from_unix(1)};
  }
  std::size_t count() {
    std::size_t n = 0;
    EXPECT_TRUE(database_.run(Scope::platform(), [&](Transaction& tx) {
      n = tx.organizations().list().size();
      return Ending::commit;
    }));
    return n;
  }
  SilentLog log_;
  SeededRandom rng_{8};
  std::string conninfo_ = TestCluster::get().fresh_database();
  PostgresDatabase database_{{conninfo_, std::string(kAppRole)}, log_};
};

TEST_F(Transactions, LeaveNothingWhenTheyAreRolledBack) {
  EXPECT_TRUE(database_.run(Scope::platform(), [&](Transaction& tx) {
    EXPECT_TRUE(tx.organizations().create(organization("one")));
    EXPECT_FALSE(tx.organizations().create(organization("ONE"))) << "names ignore case";
    return Ending::roll_back;
  }));
  EXPECT_EQ(count(), 0U);
}

TEST_F(Transactions, AreDoomedByTheFirstStatementThatFails) {
  const auto done = database_.run(Scope::platform(), [&](Transaction& tx) {
    EXPECT_TRUE(tx.organizations().create(organization("one")));
    tx.organizations().put_member(OrganizationId::random(rng_), UserId::random(rng_),
                                  policy::OrganizationRole::organization_user, from_unix(1));
    EXPECT_TRUE(tx.organizations().list().empty()) << "nothing is read after a fault";
    return Ending::commit;
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), DatabaseFault::conflict);
  EXPECT_EQ(count(), 0U);
}

TEST_F(Transactions, AreRunAgainWhenTheyLoseARace) {
  int runs = 0;
  EXPECT_TRUE(database_.run(Scope::platform(), [&](Transaction& tx) {
    if (++runs == 1) {
      // Another transaction holds the head of the audit chain for longer than anybody waits.
      Connection rival = TestCluster::get().superuser(conninfo_.substr(conninfo_.rfind('=') + 1));
      EXPECT_TRUE(rival.script("BEGIN; SELECT * FROM audit_head FOR UPDATE"));
      control::AuditEntry e;
      e.actor_kind = "system";
      static_cast<SqlTransaction&>(tx).audit(e);
      static_cast<SqlTransaction&>(tx).write_audit();
    }
    return Ending::commit;
  }));
  EXPECT_EQ(runs, 2);
}

TEST_F(Transactions, GetTheScopeBackAfterActingForThePlatform) {
  const auto mine = organization("mine");
  EXPECT_TRUE(database_.run(Scope::platform(), [&](Transaction& tx) {
    tx.organizations().create(mine);
    tx.organizations().create(organization("other"));
    return Ending::commit;
  }));
  EXPECT_TRUE(database_.run(Scope::organization(mine.id), [&](Transaction& tx) {
    EXPECT_EQ(tx.organizations().list().size(), 1U);
    {
      control::AsPlatform as_platform(tx);
      EXPECT_EQ(tx.organizations().list().size(), 2U);
    }
    EXPECT_EQ(tx.organizations().list().size(), 1U);
    return Ending::commit;
  }));
}

TEST_F(Transactions, NumberEveryChangeThatNodesMustLearnOf) {
  const ClusterId cluster = ClusterId::random(rng_);
  const auto version = [&] {
    std::uint64_t v = 0;
    EXPECT_TRUE(database_.run(Scope::cluster(cluster), [&](Transaction& tx) {
      v = tx.cluster().config_version();
      return Ending::commit;
    }));
    return v;
  };
  EXPECT_TRUE(database_.run(Scope::platform(), [&](Transaction& tx) {
    tx.cluster().create(cluster, from_unix(1));
    return Ending::commit;
  }));
  const std::uint64_t before = version();
  control::Node node;
  node.id = NodeId::random(rng_);
  node.name = "n";
  EXPECT_TRUE(database_.run(Scope::cluster(cluster), [&](Transaction& tx) {
    tx.nodes().create(node);
    tx.node_reports().record_check_in(node, from_unix(2));
    return Ending::commit;
  }));
  EXPECT_EQ(version(), before + 1) << "a check-in changes nothing for anybody";
}

TEST_F(Transactions, AppendToTheAuditLogInOrderFromManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::vector<std::jthread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        EXPECT_TRUE(database_.run(Scope::platform(), [&](Transaction& tx) {
          control::AuditEntry e;
          e.actor_kind = "system";
          e.action = "test";
          tx.audit(e);
          return Ending::commit;
        }));
      }
    });
  }
  for (std::jthread& w : writers) w.join();
  EXPECT_TRUE(database_.run(Scope::platform(), [&](Transaction& tx) {
    const auto verdict = tx.audit_log().verify();
    EXPECT_EQ(verdict.entries, static_cast<std::uint64_t>(kThreads * kEach));
    EXPECT_FALSE(verdict.first_broken);
    return Ending::commit;
  }));
}

}  // namespace
}  // namespace rap::store
