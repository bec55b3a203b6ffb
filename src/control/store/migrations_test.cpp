#include "control/store/postgres/migrations.hpp"

#include <gtest/gtest.h>

#include "control/store/test_cluster.hpp"

namespace rap::store {
namespace {

class Migrations : public ::testing::Test {
 protected:
  Connection owner() { return TestCluster::open(conninfo_, kOwnerRole); }
  std::expected<int, SqlError> run(const std::vector<Migration>& migrations) {
    Connection c = owner();
    return migrate(c, migrations);
  }
  std::string conninfo_ = TestCluster::get().fresh_database();
};

TEST_F(Migrations, AreNumberedWithoutAGapAndAppliedOnce) {
  int expected = 1;
  for (const Migration& m : embedded_migrations()) EXPECT_EQ(m.version, expected++);
  EXPECT_EQ(run(embedded_migrations()), 0) << "the test database is migrated already";
}

TEST_F(Migrations, AppliesWhatIsNew) {
  auto more = embedded_migrations();
  more.push_back({static_cast<int>(more.size()) + 1, "more", "CREATE TABLE more (id integer)"});
  EXPECT_EQ(run(more), 1);
  EXPECT_EQ(run(more), 0);
  EXPECT_TRUE(owner().script("SELECT * FROM more"));
}

TEST_F(Migrations, LeavesNothingOfOneThatFails) {
  auto more = embedded_migrations();
  more.push_back({static_cast<int>(more.size()) + 1, "broken",
                  "CREATE TABLE half (id integer); SELECT nonsense"});
  const auto failed = run(more);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("_broken: "), std::string::npos);
  EXPECT_FALSE(owner().script("SELECT * FROM half"));
  EXPECT_EQ(run(embedded_migrations()), 0);
}

TEST_F(Migrations, RefusesOneThatWasChangedAfterItWasApplied) {
  auto changed = embedded_migrations();
  const std::string text = std::string(changed[1].sql) + " ";
  changed[1].sql = text;
  const auto refused = run(changed);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("was changed after it was applied"), std::string::npos);
}

// The migration that gives everything its cluster comes after this one.
constexpr std::size_t kBeforeClusters = 17;

TEST_F(Migrations, GiveWhatADatabaseHoldsToTheClusterThereIs) {
  conninfo_ = TestCluster::get().copy("template1", "one_cluster");
  const auto& all = embedded_migrations();
  ASSERT_EQ(run({all.begin(), all.begin() + kBeforeClusters}), static_cast<int>(kBeforeClusters));
  const std::string cluster = "0f8fad5b-d9cb-469f-a165-70867728950e";
  const std::string id = "'1f8fad5b-d9cb-469f-a165-70867728950e'";
  const auto seeded = owner().script(
      "BEGIN; SELECT set_config('rap.scope', 'platform', true); "
      "INSERT INTO cluster (id, created_at) VALUES ('" +
      cluster +
      "', 1); "
      "INSERT INTO users VALUES (" +
      id +
      ", 'a@b', 'x', 'none', 1); "
      "INSERT INTO organizations VALUES (" +
      id +
      ", 'o', 1); "
      "INSERT INTO nodes (id, name, state, created_at) VALUES (" +
      id +
      ", 'n', 'approved', 1); "
      "INSERT INTO egress_pools VALUES (" +
      id + ", " + id +
      ", 'p', 1); "
      "INSERT INTO resources VALUES (" +
      id + ", " + id + ", 'r', 'ssh', 'h', 22, " + id +
      ", NULL, 1); "
      "INSERT INTO sessions VALUES (" +
      id + ", " + id + ", " + id + ", " + id + ", 'r', 'ssh', " + id +
      ", 'terminated', 1, 1); "
      "INSERT INTO config_documents (type, layer, organization_id, resource_id, version, value, "
      "for_nodes, changed_at, changed_by) VALUES ('t', 'platform', NULL, NULL, 1, '{}', true, 1, " +
      id + "), ('t', 'service', " + id + ", " + id + ", 1, '{}', true, 1, " + id +
      "); "
      "INSERT INTO server_blocklist_changes (kind, value, action, changed_at) VALUES "
      "('ip', '192.0.2.1', 'add', 1); "
      "INSERT INTO audit_log (at, actor_kind, actor_id, actor_name, action, target_kind, "
      "target_id, target_name, outcome, source_ip, detail) VALUES (1, 'system', '', '', 'x', '', "
      "'', '', 'ok', '', '{}'); COMMIT");
  ASSERT_TRUE(seeded) << seeded.error().message;
  ASSERT_TRUE(run(all));

  Connection c = owner();
  ASSERT_TRUE(
      c.script("BEGIN; SELECT set_config('rap.scope', 'cluster', true), "
               "set_config('rap.cluster_id', '" +
               cluster + "', true)"));
  for (const char* table : {"clusters", "cluster_organizations", "nodes", "egress_pools",
                            "resources", "sessions", "trust", "server_blocklist_changes"}) {
    EXPECT_EQ(c.query("SELECT FROM " + std::string(table), {})->size(), 1) << table;
  }
  EXPECT_EQ(c.query("SELECT FROM config_documents WHERE cluster_id IS NULL", {})->size(), 1);
  EXPECT_EQ(c.query("SELECT FROM config_documents WHERE cluster_id IS NOT NULL", {})->size(), 1);
  EXPECT_EQ((*c.query("SELECT seq FROM delta_counters WHERE stream = 'blocklist'", {}))[0].count(0),
            1U)
      << "cursors of before go on";
  ASSERT_TRUE(c.script("COMMIT; BEGIN; SELECT set_config('rap.scope', 'platform', true)"));
  EXPECT_TRUE((*c.query("SELECT first_broken FROM rap_audit_verify()", {}))[0].is_null(0));
}

TEST_F(Migrations, RefusesADatabaseOfANewerProgram) {
  auto older = embedded_migrations();
  older.pop_back();
  const auto refused = run(older);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("newer rap-control"), std::string::npos);
}

}  // namespace
}  // namespace rap::store
