// For tests of row-level security: organizations and clusters, with a row in every table that has
// rows of theirs, and the catalog that lists those tables.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/seeded_random.hpp"
#include "control/store/postgres/sql_session.hpp"
#include "control/store/test_cluster.hpp"

namespace rap::store {

class Walls : public ::testing::Test {
 protected:
  Walls() : conninfo_(TestCluster::get().fresh_database()) {
    add_cluster(one_);
    for (const OrganizationId id : {a_, b_}) {
      add_organization(id);
      seed(one_, id);
    }
  }

  static std::string quoted(const auto& id) { return "'" + id.str() + "'"; }
  std::string fresh_id() { return quoted(SessionId::random(rng_)); }
  static std::string email_of(OrganizationId organization) {
    return organization.str() + "@example.org";
  }

  void add_cluster(ClusterId cluster) {
    write(control::Scope::platform(),
          {"INSERT INTO clusters (id, created_at) VALUES (" + quoted(cluster) + ", 1)"});
  }

  // An organization with one member.
  void add_organization(OrganizationId organization) {
    const std::string o = quoted(organization);
    const std::string user = fresh_id();
    write(control::Scope::platform(),
          {"INSERT INTO organizations VALUES (" + o + ", 'org-'||" + o + ", 1)",
           "INSERT INTO users VALUES (" + user + ", '" + email_of(organization) +
               "', 'x', 'none', 1)",
           "INSERT INTO memberships VALUES (" + o + ", " + user + ", 'organization_user', 1)",
           "INSERT INTO config_documents (type, layer, organization_id, version, value, for_nodes, "
           "changed_at, changed_by) VALUES ('app_policy', 'organization', " +
               o + ", 1, '{}', true, 1, " + user + ")",
           "INSERT INTO invitations VALUES (" + o + ", '" + email_of(organization) +
               "', 'organization_user', 1, " + user + ", 2)",
           "INSERT INTO delegations VALUES (" + o + ", " + user + ", 'manage', 1, " + user + ", 2)",
           "INSERT INTO audit_log (at, organization_id, actor_kind, actor_id, actor_name, action, "
           "target_kind, target_id, target_name, outcome, source_ip, detail) VALUES (1, " +
               o + ", 'system', '', '', 'x', '', '', '', 'ok', '', '{}')"});
  }

  // One row of the organization in every table of what a cluster does for an organization. Nodes
  // have the same names in every cluster.
  void seed(ClusterId cluster, OrganizationId organization) {
    const std::string o = quoted(organization);
    const std::string user =
        "(SELECT id FROM users WHERE email = '" + email_of(organization) + "')";
    const std::string node = fresh_id();
    const std::string pool = fresh_id();
    const std::string resource = fresh_id();
    const std::string session = fresh_id();
    const std::string name = "'in-" + cluster.str() + "'";
    write(control::Scope::platform().in(cluster),
          {"INSERT INTO cluster_organizations (organization_id, created_at) VALUES (" + o + ", 1)",
           "INSERT INTO nodes (id, name, state, created_at) VALUES (" + node + ", '" +
               email_of(organization) + "', 'approved', 1)",
           "INSERT INTO nodes (id, name, state, created_at, organization_id) VALUES (" +
               fresh_id() + ", 'host of " + email_of(organization) + "', 'invited', 1, " + o + ")",
           "INSERT INTO egress_pools VALUES (" + o + ", " + pool + ", " + name + ", 1)",
           "INSERT INTO egress_pool_nodes VALUES (" + o + ", " + pool + ", " + node + ")",
           "INSERT INTO resources VALUES (" + o + ", " + resource + ", " + name +
               ", 'ssh', 'h', 22, " + pool + ", NULL, 1)",
           "INSERT INTO resource_grants VALUES (" + o + ", " + resource + ", " + user + ", 1)",
           "INSERT INTO sessions VALUES (" + o + ", " + session + ", " + user + ", " + resource +
               ", 'r', 'ssh', " + pool + ", 'active', 1, 1)",
           "INSERT INTO attachments VALUES (" + o + ", " + fresh_id() + ", " + session + ", '', 1)",
           "INSERT INTO session_presence VALUES (" + o + ", " + session + ", " + node +
               ", 1, 1, 1, 1)"});
  }

  void write(const control::Scope& scope, const std::vector<std::string>& statements) {
    Connection app = TestCluster::open(conninfo_, kAppRole);
    app.begin();
    set_scope(app, scope);
    for (const std::string& s : statements) {
      auto ok = app.query(s, {});
      ASSERT_TRUE(ok) << s << ": " << ok.error().message;
    }
    ASSERT_TRUE(app.commit());
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
  std::vector<std::string> tables_with(const std::string& column) {
    return tables("EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = '" +
                  column + "' AND a.attnum > 0)");
  }

  // Runs one statement under a scope (or none) and rolls back.
  std::expected<Rows, SqlError> under(std::optional<control::Scope> scope, const std::string& sql,
                                      std::string_view role = kAppRole) {
    Connection c = TestCluster::open(conninfo_, role);
    c.begin();
    if (scope) set_scope(c, *scope);
    return c.query(sql, {});
  }

  SeededRandom rng_{5};
  OrganizationId a_ = OrganizationId::random(rng_);
  OrganizationId b_ = OrganizationId::random(rng_);
  ClusterId one_ = ClusterId::random(rng_);
  std::string conninfo_;
};

}  // namespace rap::store
