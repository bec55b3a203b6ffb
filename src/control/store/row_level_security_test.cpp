// The wall between organizations, table by table as the catalog lists them: a new table without
// policies, or with an organization_id and a hole, fails here.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/seeded_random.hpp"
#include "control/store/postgres/sql_session.hpp"
#include "control/store/test_cluster.hpp"

namespace rap::store {
namespace {

using control::Scope;

// Tables without rows of anybody.
const std::set<std::string> kUnwalled = {"schema_migrations"};
// Which column names the organization a row belongs to.
std::string organization_column(const std::string& table) {
  return table == "organizations" ? "id" : "organization_id";
}

class RowLevelSecurity : public ::testing::Test {
 protected:
  RowLevelSecurity() : conninfo_(TestCluster::get().fresh_database()) {
    for (const OrganizationId id : {a_, b_}) seed(id);
  }

  // One row of an organization in every table that has organization rows.
  void seed(OrganizationId organization) {
    const std::string o = "'" + organization.str() + "'";
    const auto id = [this] { return "'" + SessionId::random(rng_).str() + "'"; };
    const std::string user = id();
    const std::string node = id();
    const std::string pool = id();
    const std::string resource = id();
    const std::string session = id();
    const std::string email = "'" + organization.str() + "@example.org'";
    write({
        "INSERT INTO organizations VALUES (" + o + ", 'org-'||" + o + ", 1)",
        "INSERT INTO users VALUES (" + user + ", " + email + ", 'x', 'none', 1)",
        "INSERT INTO memberships VALUES (" + o + ", " + user + ", 'organization_user', 1)",
        "INSERT INTO nodes (id, name, state, created_at) VALUES (" + node + ", " + email +
            ", 'approved', 1)",
        "INSERT INTO egress_pools VALUES (" + o + ", " + pool + ", 'p', 1)",
        "INSERT INTO egress_pool_nodes VALUES (" + o + ", " + pool + ", " + node + ")",
        "INSERT INTO resources VALUES (" + o + ", " + resource + ", 'r', 'ssh', 'h', 22, " + pool +
            ", NULL, 1)",
        "INSERT INTO resource_grants VALUES (" + o + ", " + resource + ", " + user + ", 1)",
        "INSERT INTO sessions VALUES (" + o + ", " + session + ", " + user + ", " + resource +
            ", 'r', 'ssh', " + pool + ", 'active', 1, 1)",
        "INSERT INTO attachments VALUES (" + o + ", " + id() + ", " + session + ", '', 1)",
        "INSERT INTO session_presence VALUES (" + o + ", " + session + ", " + node +
            ", 1, 1, 1, 1)",
        "INSERT INTO config_documents (type, layer, organization_id, version, value, for_nodes, "
        "changed_at, changed_by) VALUES ('app_policy', 'organization', " +
            o + ", 1, '{}', true, 1, " + user + ")",
        "INSERT INTO audit_log (at, organization_id, actor_kind, actor_id, actor_name, action, "
        "target_kind, target_id, target_name, outcome, source_ip, detail) VALUES (1, " +
            o + ", 'system', '', '', 'x', '', '', '', 'ok', '', '{}')",
    });
  }
  void write(const std::vector<std::string>& statements) {
    Connection app = TestCluster::open(conninfo_, kAppRole);
    app.begin();
    set_scope(app, Scope::platform());
    for (const std::string& s : statements) {
      auto ok = app.script(s);
      ASSERT_TRUE(ok) << s << ": " << ok.error().message;
    }
    ASSERT_TRUE(app.script("COMMIT"));
  }

  std::vector<std::string> tables(const std::string& where) {
    Connection app = TestCluster::open(conninfo_, kAppRole);
    auto rows = app.query(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm') AND " +
            where + " ORDER BY 1",
        {});
    std::vector<std::string> out;
    for (const Row& row : *rows) out.push_back(row.text(0));
    return out;
  }
  std::vector<std::string> organization_tables() {
    return tables(
        "(c.relname = 'organizations' OR EXISTS (SELECT FROM pg_attribute a WHERE "
        "a.attrelid = c.oid AND a.attname = 'organization_id' AND a.attnum > 0))");
  }

  // Runs one statement under a scope (or none) and rolls back.
  std::expected<Rows, SqlError> under(std::optional<Scope> scope, const std::string& sql,
                                      std::string_view role = kAppRole) {
    Connection c = TestCluster::open(conninfo_, role);
    c.begin();
    if (scope) set_scope(c, *scope);
    return c.query(sql, {});
  }

  SeededRandom rng_{5};
  OrganizationId a_ = OrganizationId::random(rng_);
  OrganizationId b_ = OrganizationId::random(rng_);
  std::string conninfo_;
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

TEST_F(RowLevelSecurity, EveryOrganizationTableIsSeededByThisTest) {
  EXPECT_GE(organization_tables().size(), 9U);
  for (const std::string& table : organization_tables()) {
    const auto rows =
        under(Scope::platform(), "SELECT FROM " + table + " WHERE " + organization_column(table) +
                                     " = '" + b_.str() + "'");
    ASSERT_TRUE(rows) << table;
    EXPECT_GE(rows->size(), 1) << "seed() must write a row into " << table;
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
  const auto refused =
      under(Scope::organization(a_), "INSERT INTO egress_pools VALUES ('" + b_.str() + "', '" +
                                         EgressPoolId::random(rng_).str() + "', 'q', 1)");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().sqlstate, "42501");
  EXPECT_NE(refused.error().message.find("row-level security"), std::string::npos);
  EXPECT_TRUE(under(Scope::organization(a_), "INSERT INTO egress_pools VALUES ('" + a_.str() +
                                                 "', '" + EgressPoolId::random(rng_).str() +
                                                 "', 'q', 1)"));
}

TEST_F(RowLevelSecurity, AsksInEveryPolicyForWhomTheTransactionActs) {
  // cluster holds nobody's rows; audit_head is reached through its trigger only.
  const auto policies = under({},
                              "SELECT tablename, policyname, cmd, qual, with_check FROM "
                              "pg_policies WHERE tablename NOT IN ('cluster', 'audit_head')");
  ASSERT_TRUE(policies);
  EXPECT_GE(policies->size(), 30);
  for (const Row& row : *policies) {
    const std::string policy = row.text(0) + "." + row.text(1);
    const bool reads = row.text(2) != "INSERT";
    const bool writes = row.text(2) == "ALL" || row.text(2) == "INSERT" || row.text(2) == "UPDATE";
    const std::map<std::string, std::string> asks = {{"platform", "rap_scope() = 'platform'"},
                                                     {"organization", "= rap_organization()"},
                                                     {"own", "rap_user()"}};
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
       {"nodes", "node_roles", "node_status", "node_commands", "join_tokens", "enrolments",
        "node_certificates", "revocations", "trust", "trust_bundles", "egress_pool_nodes",
        "session_presence", "bearer_sessions"}) {
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
