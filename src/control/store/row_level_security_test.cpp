// The wall between organizations (row-level security), table by table as the catalog lists them: a
// new table without policies, or with an organization_id and a hole, fails here. The wall is stated
// in migrations/0001_organizations.sql, that of clusters in 0018_clusters.sql.
#include <gtest/gtest.h>

#include <map>

#include "control/store/test_walls.hpp"

namespace rap::store {
namespace {

using control::Scope;

// Tables without rows of anybody.
const std::set<std::string> kUnwalled = {"schema_migrations"};
// Which column names the organization a row belongs to.
std::string organization_column(const std::string& table) {
  return table == "organizations" ? "id" : "organization_id";
}

class RowLevelSecurity : public Walls {
 protected:
  std::vector<std::string> organization_tables() {
    auto all = tables_with("organization_id");
    all.push_back("organizations");
    return all;
  }
};

TEST_F(RowLevelSecurity, IsEnabledAndForcedOnEveryTable) {
  for (const std::string& table : tables("NOT (c.relrowsecurity AND c.relforcerowsecurity)")) {
    EXPECT_TRUE(kUnwalled.contains(table)) << table << " has no forced row-level security";
  }
  EXPECT_TRUE(tables("pg_get_userbyid(c.relowner) <> 'rap_owner'").empty());
  const auto roles = under({},
                           "SELECT FROM pg_roles WHERE rolname IN ('rap_app', 'rap_owner') "
                           "AND NOT rolsuper AND NOT rolbypassrls");
  EXPECT_EQ(roles->size(), 2);
}

// A backup is dumped as the owner in the platform's scope: a row that is hidden there would be
// missing in it.
TEST_F(RowLevelSecurity, ThePlatformSeesEveryRowOfEveryTable) {
  EXPECT_EQ(std::vector<std::string>{},
            tables("c.relrowsecurity AND NOT EXISTS (SELECT FROM pg_policies p WHERE "
                   "p.tablename = c.relname AND p.permissive = 'PERMISSIVE' AND "
                   "p.cmd IN ('ALL', 'SELECT') AND (p.qual = 'true' OR "
                   "p.qual LIKE '%rap_scope() = ''platform''%'))"));
  // A restrictive policy that compares clusters hides a row without one.
  EXPECT_EQ(std::vector<std::string>{},
            tables("EXISTS (SELECT FROM pg_policies p WHERE p.tablename = c.relname AND "
                   "p.permissive = 'RESTRICTIVE' AND p.qual NOT LIKE '%IS NULL%') AND "
                   "EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND "
                   "a.attname = 'cluster_id' AND NOT a.attnotnull)"));
}

TEST_F(RowLevelSecurity, EveryOrganizationTableIsSeededByThisTest) {
  EXPECT_GE(organization_tables().size(), 9U);
  for (const std::string& table : organization_tables()) {
    const auto rows =
        under(Scope::platform(), "SELECT FROM " + table + " WHERE " + organization_column(table) +
                                     " = '" + b_.str() + "'");
    ASSERT_TRUE(rows) << table;
    EXPECT_GE(rows->size(), 1) << "Walls must write a row into " << table;
  }
}

TEST_F(RowLevelSecurity, ShowsNoRowOfAnotherOrganization) {
  for (const std::string& table : organization_tables()) {
    const auto rows = under(Scope::organization(a_), "SELECT FROM " + table + " WHERE " +
                                                         organization_column(table) +
                                                         " IS DISTINCT FROM '" + a_.str() + "'");
    ASSERT_TRUE(rows) << table << ": " << rows.error().message;
    EXPECT_EQ(rows->size(), 0) << table;
  }
  const auto users = under(Scope::organization(a_), "SELECT email FROM users");
  ASSERT_EQ(users->size(), 1);
  EXPECT_EQ((*users)[0].text(0), a_.str() + "@example.org");
}

TEST_F(RowLevelSecurity, LetsNoRowOfAnotherOrganizationBeWritten) {
  for (const std::string& table : organization_tables()) {
    const std::string column = organization_column(table);
    const std::string theirs = " WHERE " + column + " = '" + b_.str() + "'";
    for (const std::string& sql :
         {"DELETE FROM " + table + theirs,
          "UPDATE " + table + " SET " + column + " = " + column + theirs}) {
      const auto done = under(Scope::organization(a_), sql);
      EXPECT_TRUE(!done || done->affected() == 0) << sql;
    }
    // A row of theirs cannot be slipped in either: take one and write it again with other keys.
    const auto copied =
        under(Scope::organization(a_), "INSERT INTO " + table +
                                           " SELECT (jsonb_populate_record(NULL::" + table +
                                           ", '{\"" + column + "\": \"" + b_.str() + "\"}')).*");
    EXPECT_FALSE(copied) << table;
    // Nor can a row of ours be handed to them.
    const auto moved = under(Scope::organization(a_),
                             "UPDATE " + table + " SET " + column + " = '" + b_.str() + "'");
    EXPECT_TRUE(!moved || moved->affected() == 0) << table;
  }
}

TEST_F(RowLevelSecurity, AsksTheCheckOfThePolicyAndNotOnlyPrivileges) {
  const auto insert_pool = [&](OrganizationId organization) {
    return "INSERT INTO egress_pools (cluster_id, organization_id, id, name, created_at) VALUES (" +
           quoted(one_) + ", " + quoted(organization) + ", " + fresh_id() + ", 'q', 1)";
  };
  const auto refused = under(Scope::organization(a_), insert_pool(b_));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().sqlstate, "42501");
  EXPECT_NE(refused.error().message.find("row-level security"), std::string::npos);
  EXPECT_TRUE(under(Scope::organization(a_), insert_pool(a_)));
}

// What keeps an organization's node in its place asks what is so, not what the writer sees.
TEST_F(RowLevelSecurity, HidesNothingFromTheChecksOfWhoseANodeIs) {
  const auto rows =
      under(Scope::platform(), "SELECT id::text FROM nodes WHERE organization_id = " + quoted(b_));
  const std::string host = "'" + (*rows)[0].text(0) + "'";
  const auto refusal = [&](const Scope& scope, const std::string& sql) -> std::string {
    const auto done = under(scope, sql);
    return done ? "" : done.error().sqlstate;
  };
  const std::string serve =
      "INSERT INTO egress_pool_nodes (cluster_id, organization_id, pool_id, node_id) SELECT "
      "cluster_id, organization_id, id, " +
      host + " FROM egress_pools WHERE organization_id = " + quoted(a_);
  EXPECT_EQ(refusal(Scope::organization(a_), serve), "23514") << "a cannot see whose it is";
  EXPECT_EQ(refusal(Scope::platform(), serve), "23514");
  EXPECT_EQ(
      refusal(Scope::cluster(one_), "INSERT INTO node_roles (cluster_id, node_id, role) VALUES (" +
                                        quoted(one_) + ", " + host + ", 'entry')"),
      "23514");

  const std::string own =
      "INSERT INTO egress_pool_nodes (cluster_id, organization_id, pool_id, "
      "node_id) SELECT cluster_id, organization_id, id, " +
      host + " FROM egress_pools WHERE organization_id = " + quoted(b_);
  write(Scope::platform().in(one_), {own});
  for (const std::string& to : {quoted(a_), std::string("NULL")}) {
    EXPECT_EQ(refusal(Scope::cluster(one_),
                      "UPDATE nodes SET organization_id = " + to + " WHERE id = " + host),
              "23514")
        << "it serves b";
  }
  // The eyes are the checks' alone: afterwards the writer sees what they saw before.
  EXPECT_EQ(under(Scope::organization(a_), "SELECT FROM nodes WHERE id = " + host)->size(), 0);
}

TEST_F(RowLevelSecurity, AsksInEveryPolicyForWhomTheTransactionActs) {
  // audit_head is reached through its trigger only.
  const auto policies = under({},
                              "SELECT tablename, policyname, cmd, qual, with_check FROM "
                              "pg_policies WHERE tablename <> 'audit_head'");
  ASSERT_TRUE(policies);
  EXPECT_GE(policies->size(), 30);
  for (const Row& row : *policies) {
    const std::string policy = row.text(0) + "." + row.text(1);
    const bool reads = row.text(2) != "INSERT";
    const bool writes = row.text(2) == "ALL" || row.text(2) == "INSERT" || row.text(2) == "UPDATE";
    const std::map<std::string, std::string> asks = {{"platform", "rap_scope() = 'platform'"},
                                                     {"organization", "= rap_organization()"},
                                                     {"own", "rap_user()"},
                                                     {"cluster", "= rap_cluster()"},
                                                     {"one_cluster", "rap_cluster()"}};
    ASSERT_TRUE(asks.contains(row.text(1))) << policy;
    const std::string& wanted = asks.at(row.text(1));
    if (reads) {
      EXPECT_NE(row.text(3).find(wanted), std::string::npos) << policy;
    }
    if (writes) {
      EXPECT_NE(row.text(4).find(wanted), std::string::npos) << policy;
    }
  }
}

TEST_F(RowLevelSecurity, HidesTheTopologyFromOrganizations) {
  for (const char* table :
       {"nodes WHERE organization_id IS NULL", "node_roles", "node_status", "node_commands",
        "join_tokens", "enrolments", "node_certificates", "revocations", "trust", "trust_bundles",
        "egress_pool_nodes", "session_presence", "bearer_sessions"}) {
    const auto rows = under(Scope::organization(a_), "SELECT FROM " + std::string(table));
    ASSERT_TRUE(rows) << table;
    EXPECT_EQ(rows->size(), 0) << table;
  }
}

TEST_F(RowLevelSecurity, ShowsNothingWithoutAScopeNotEvenToTheOwner) {
  for (std::string_view role : {kAppRole, kOwnerRole}) {
    for (const std::string& table : tables("true")) {
      if (kUnwalled.contains(table) || table == "audit_head") continue;
      const auto rows = under({}, "SELECT FROM " + table, role);
      ASSERT_TRUE(rows) << table << ": " << rows.error().message;
      EXPECT_EQ(rows->size(), 0) << table << " as " << role;
    }
  }
}

TEST_F(RowLevelSecurity, ShowsAPersonTheirOwn) {
  const auto me =
      under(Scope::platform(), "SELECT id FROM users WHERE email = '" + a_.str() + "@example.org'");
  const Scope mine = Scope::user((*me)[0].id<UserId>(0));
  for (const char* table :
       {"users", "organizations", "memberships", "resources", "resource_grants", "sessions"}) {
    EXPECT_EQ(under(mine, "SELECT FROM " + std::string(table))->size(), 1) << table;
  }
  EXPECT_EQ(under(mine, "SELECT FROM audit_log")->size(), 0);
  const Scope nobody = Scope::user(UserId::random(rng_));
  for (const std::string& table : organization_tables()) {
    EXPECT_EQ(under(nobody, "SELECT FROM " + table)->size(), 0) << table;
  }
}

TEST_F(RowLevelSecurity, ScopeEndsWithItsTransaction) {
  Connection c = TestCluster::open(conninfo_, kAppRole);
  c.begin();
  set_scope(c, Scope::platform());
  EXPECT_EQ(c.query("SELECT FROM organizations", {})->size(), 2);
  ASSERT_TRUE(c.script("COMMIT"));
  EXPECT_EQ(c.query("SELECT FROM organizations", {})->size(), 0);
}

}  // namespace
}  // namespace rap::store
