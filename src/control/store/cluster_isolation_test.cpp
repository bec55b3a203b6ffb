// The wall between clusters, table by table as the catalog lists them: a table that is neither the
// platform's nor carries its cluster, behind the wall, fails here (docs/decisions/clusters.md).
#include <gtest/gtest.h>

#include "control/store/test_walls.hpp"

namespace rap::store {
namespace {

using control::Scope;

const std::set<std::string> kOfThePlatform = {"clusters",    "organizations",  "memberships",
                                              "users",       "devices",        "bearer_sessions",
                                              "audit_log",   "audit_head",     "schema_migrations",
                                              "delegations", "metrics_tokens", "invitations",
                                              "used_proofs"};
// Some of its rows are for every cluster that they concern, and the others a cluster's.
constexpr const char* kMixed = "config_documents";

// Two clusters that serve one organization and have everything alike, up to the names.
class ClusterIsolation : public Walls {
 protected:
  ClusterIsolation() {
    add_cluster(two_);
    seed(two_, a_);
    for (const ClusterId cluster : {one_, two_}) fill(cluster);
    write(Scope::platform(), {"SELECT rap_bump_auth_epoch(id, 1) FROM users"});
  }

  // A row in every table that seed() leaves empty.
  void fill(ClusterId cluster) {
    const std::string node = node_in(cluster);
    const std::string user = "(SELECT id FROM users ORDER BY email LIMIT 1)";
    const std::string token = fresh_id();
    const std::string secret = "sha256(" + node + "::text::bytea)";
    write(Scope::platform().in(cluster),
          {"INSERT INTO node_roles VALUES (" + node + ", 'egress')",
           "INSERT INTO join_tokens VALUES (" + token + ", " + node + ", " + secret + ", " + user +
               ", 1, 2)",
           "INSERT INTO enrolments VALUES (" + fresh_id() + ", " + node + ", " + token + ", '', " +
               secret + ", " + secret + ", '', '', '{}', '', 'approved', 1)",
           "INSERT INTO node_certificates (node_id, serial, fingerprint, ca_ref, not_before, "
           "not_after, status) VALUES (" +
               node + ", '01', '', 'rap-1', 1, 2, 'active')",
           "INSERT INTO node_status (node_id) VALUES (" + node + ")",
           "INSERT INTO node_commands (node_id, seq, id, type, created_at) VALUES (" + node +
               ", 1, " + fresh_id() + ", 'session.terminate', 1)",
           "INSERT INTO revocations (kind, node_id, severity, created_at, expires_at) VALUES "
           "('node', " +
               node + ", 'close', 1, 2)",
           "INSERT INTO admission_changes (node_id, number) VALUES (" + node + ", 1)",
           "INSERT INTO trust_bundles VALUES (1, '', '', 1)",
           "INSERT INTO publications (name) VALUES ('crl:rap-1')",
           "INSERT INTO server_blocklist_changes (kind, value, action, changed_at) VALUES "
           "('ip', '192.0.2.1', 'add', 1)",
           "INSERT INTO config_documents (type, layer, version, value, for_nodes, changed_at, "
           "changed_by, cluster_id) VALUES ('app_policy', 'cluster', 1, '{}', true, 1, " +
               user + ", rap_cluster())",
           "INSERT INTO node_config_documents (node_id, document_id) SELECT " + node +
               ", id FROM config_documents WHERE layer = 'cluster'"});
  }

  // The node that the organization both have has in this one.
  std::string node_in(ClusterId cluster) {
    const auto rows =
        under(Scope::cluster(cluster), "SELECT id FROM nodes WHERE name = '" + email_of(a_) + "'");
    return quoted((*rows)[0].id<NodeId>(0));
  }
  std::vector<std::string> cluster_tables() {
    auto all = tables_with("cluster_id");
    std::erase(all, "audit_log");
    return all;
  }
  Scope member_of_a() {
    const auto rows =
        under(Scope::platform(), "SELECT id FROM users WHERE email = '" + email_of(a_) + "'");
    return Scope::user((*rows)[0].id<UserId>(0));
  }
  // Everything that is counted in a cluster.
  std::string counters_of(ClusterId cluster) {
    return (*under(Scope::platform(),
                   "SELECT to_jsonb(k)::text || (SELECT string_agg(to_jsonb(d)::text, '' ORDER BY "
                   "d.stream) FROM delta_counters d WHERE d.cluster_id = k.id) "
                   "FROM clusters k WHERE k.id = " +
                       quoted(cluster)))[0]
        .text(0);
  }

  ClusterId two_ = ClusterId::random(rng_);
};

TEST_F(ClusterIsolation, EveryTableIsThePlatformsOrCarriesItsCluster) {
  const auto carries = tables(
      "EXISTS (SELECT FROM pg_attribute a JOIN pg_constraint f ON f.conrelid = c.oid AND "
      "f.contype = 'f' AND a.attnum = ANY (f.conkey) WHERE a.attrelid = c.oid AND "
      "a.attname = 'cluster_id' AND a.attnotnull) AND "
      "EXISTS (SELECT FROM pg_policies p WHERE p.tablename = c.relname AND p.policyname = "
      "'cluster' AND p.cmd = 'ALL' AND p.permissive = 'PERMISSIVE') AND "
      "EXISTS (SELECT FROM pg_policies p WHERE p.tablename = c.relname AND p.policyname = "
      "'one_cluster' AND p.cmd = 'ALL' AND p.permissive = 'RESTRICTIVE')");
  EXPECT_GE(carries.size(), 20U);
  const std::set<std::string> known(carries.begin(), carries.end());
  for (const std::string& table : tables("true")) {
    const bool of_platform = kOfThePlatform.contains(table) || table == kMixed;
    EXPECT_NE(of_platform, known.contains(table))
        << table << " is the platform's, and in that list, or has a cluster_id with a foreign key "
        << "and CALL rap_wall_by_cluster";
  }
}

TEST_F(ClusterIsolation, NoRowRefersIntoAnotherCluster) {
  const auto loose =
      under({},
            "SELECT f.conrelid::regclass::text, f.conname FROM pg_constraint f "
            "JOIN pg_attribute here ON here.attrelid = f.conrelid AND here.attname = 'cluster_id' "
            "JOIN pg_attribute there ON there.attrelid = f.confrelid "
            " AND there.attname = 'cluster_id' AND there.attnotnull "
            "WHERE f.contype = 'f' AND NOT here.attnum = ANY (f.conkey)");
  ASSERT_TRUE(loose);
  for (const Row& row : *loose) ADD_FAILURE() << row.text(0) << ": " << row.text(1);
}

TEST_F(ClusterIsolation, KeysThatAreNoIdsCarryTheCluster) {
  const auto keys = under(
      {},
      "SELECT i.indexrelid::regclass::text FROM pg_index i "
      "JOIN pg_attribute k ON k.attrelid = i.indrelid AND k.attname = 'cluster_id' "
      "WHERE i.indisunique AND i.indrelid <> 'audit_log'::regclass AND NOT EXISTS (SELECT FROM "
      "pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) AND "
      "(a.attname IN ('cluster_id', 'secret_sha256') OR "
      " a.atttypid = 'uuid'::regtype AND a.attname <> 'user_id'))");
  ASSERT_TRUE(keys);
  for (const Row& row : *keys) ADD_FAILURE() << row.text(0) << " is unique over all clusters";
}

TEST_F(ClusterIsolation, ShowsAClusterItsRowsAndNoneOfAnother) {
  const std::string theirs = " WHERE cluster_id <> " + quoted(one_);
  for (const std::string& table : cluster_tables()) {
    for (const Scope& scope : {Scope::cluster(one_), Scope::platform().in(one_),
                               Scope::organization(a_).in(one_), member_of_a().in(one_)}) {
      const auto rows = under(scope, "SELECT FROM " + table + theirs);
      ASSERT_TRUE(rows) << table << ": " << rows.error().message;
      EXPECT_EQ(rows->size(), 0) << table;
    }
    EXPECT_GE(under(Scope::cluster(one_), "SELECT FROM " + table)->size(), 1)
        << "seed() or fill() must write a row into " << table;
    EXPECT_GE(under(Scope::platform(), "SELECT FROM " + table + theirs)->size(), 1) << table;
  }
}

TEST_F(ClusterIsolation, LetsAClusterWriteNoRowOfAnother) {
  for (const std::string& table : cluster_tables()) {
    const std::string theirs = " WHERE cluster_id = " + quoted(two_);
    for (const Scope& scope : {Scope::cluster(one_), Scope::platform().in(one_)}) {
      for (const std::string& sql : {"DELETE FROM " + table + theirs,
                                     "UPDATE " + table + " SET cluster_id = cluster_id" + theirs}) {
        const auto done = under(scope, sql);
        EXPECT_TRUE(!done || done->affected() == 0) << sql;
      }
      // Nor can a row be slipped in, or handed over.
      const auto copied = under(
          scope, "INSERT INTO " + table + " SELECT (jsonb_populate_record(t, '{\"cluster_id\": \"" +
                     two_.str() + "\"}')).* FROM " + table + " t LIMIT 1");
      EXPECT_FALSE(copied) << table;
      const auto moved = under(scope, "UPDATE " + table + " SET cluster_id = " + quoted(two_) +
                                          " WHERE cluster_id IS NOT NULL");
      EXPECT_TRUE(!moved || moved->affected() == 0) << table;
    }
  }
}

TEST_F(ClusterIsolation, RefusesThroughThePolicyAndNotOnlyByKeys) {
  const auto insert = [&](ClusterId cluster) {
    return "INSERT INTO publications (cluster_id, name) VALUES (" + quoted(cluster) + ", 'x')";
  };
  const auto refused = under(Scope::cluster(one_), insert(two_));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().sqlstate, "42501");
  EXPECT_NE(refused.error().message.find("row-level security"), std::string::npos);
  EXPECT_TRUE(under(Scope::cluster(one_), insert(one_)));
  EXPECT_TRUE(under(Scope::platform(), insert(two_)));
}

TEST_F(ClusterIsolation, WhoActsForNoClusterMakesNoRowOfOne) {
  const std::string node = "INSERT INTO nodes (id, name, state, created_at) VALUES (" + fresh_id() +
                           ", 'n', 'invited', 1)";
  EXPECT_FALSE(under(Scope::platform(), node));
  EXPECT_TRUE(under(Scope::platform().in(two_), node));
}

TEST_F(ClusterIsolation, AClusterThatIsNotNamedSeesNothing) {
  for (const std::string& table : tables("true")) {
    if (kOfThePlatform.contains(table) && table != "clusters") continue;
    if (table == kMixed) continue;
    const auto rows = under(Scope{.kind = Scope::Kind::cluster}, "SELECT FROM " + table);
    ASSERT_TRUE(rows) << table;
    EXPECT_EQ(rows->size(), 0) << table;
  }
}

TEST_F(ClusterIsolation, KeepsThePlatformsTablesFromWhoActsForNodes) {
  for (const char* table :
       {"users", "bearer_sessions", "organizations", "memberships", "audit_log"}) {
    EXPECT_EQ(under(Scope::cluster(one_), "SELECT FROM " + std::string(table))->size(), 0) << table;
  }
  EXPECT_EQ(under(Scope::cluster(one_), "SELECT FROM clusters")->size(), 1);
}

TEST_F(ClusterIsolation, ShowsAnOrganizationTheClustersThatServeIt) {
  EXPECT_EQ(under(Scope::organization(a_), "SELECT FROM clusters")->size(), 2);
  EXPECT_EQ(under(Scope::organization(b_), "SELECT FROM clusters")->size(), 1);
  EXPECT_EQ(under(Scope::organization(a_), "SELECT FROM egress_pools")->size(), 2);
}

TEST_F(ClusterIsolation, GivesAnOrganizationNoPoolWhereNobodyServesIt) {
  const auto pool = [&](OrganizationId organization) {
    return "INSERT INTO egress_pools (organization_id, id, name, created_at) VALUES (" +
           quoted(organization) + ", " + fresh_id() + ", 'q', 1)";
  };
  EXPECT_TRUE(under(Scope::platform().in(two_), pool(a_)));
  EXPECT_FALSE(under(Scope::platform().in(two_), pool(b_)));
}

TEST_F(ClusterIsolation, WhatChangesInAClusterCountsThereOnly) {
  const std::string node = node_in(two_);
  for (const std::string& change : {
           std::string("UPDATE nodes SET fabric_advertise = 'x' WHERE id = " + node),
           std::string("UPDATE nodes SET draining = true WHERE id = " + node),
           std::string("UPDATE nodes SET state = 'disabled' WHERE id = " + node),
           "INSERT INTO node_roles (cluster_id, node_id, role) VALUES (" + quoted(two_) + ", " +
               node + ", 'entry')",
           std::string("DELETE FROM node_roles WHERE node_id = " + node),
           std::string("DELETE FROM egress_pool_nodes WHERE node_id = " + node),
           std::string("UPDATE node_certificates SET status = 'revoked' WHERE node_id = " + node),
           std::string("UPDATE revocations SET severity = 'drain' WHERE node_id = " + node),
           std::string("DELETE FROM resources WHERE cluster_id = " + quoted(two_)),
           std::string("UPDATE trust SET bundle_version = 2 WHERE cluster_id = " + quoted(two_)),
           std::string("UPDATE trust SET token_phase = 'distributing' WHERE cluster_id = " +
                       quoted(two_)),
           std::string("UPDATE server_blocklist_changes SET reason = 'x' WHERE cluster_id = " +
                       quoted(two_)),
           std::string("UPDATE config_documents SET value = '[]' WHERE cluster_id = " +
                       quoted(two_)),
       }) {
    const std::string one = counters_of(one_);
    const std::string two = counters_of(two_);
    write(Scope::platform(), {change});
    EXPECT_EQ(counters_of(one_), one) << change;
    EXPECT_NE(counters_of(two_), two) << change;
  }
}

TEST_F(ClusterIsolation, AValueCountsInTheClustersThatItConcerns) {
  const auto counts_in = [&](const Scope& scope, const std::string& change) {
    const std::string one = counters_of(one_);
    const std::string two = counters_of(two_);
    write(scope, {change});
    return std::pair(counters_of(one_) != one, counters_of(two_) != two);
  };
  const std::string update = "UPDATE config_documents SET value = value WHERE organization_id = ";
  EXPECT_EQ(counts_in(Scope::organization(a_), update + quoted(a_)), std::pair(true, true));
  EXPECT_EQ(counts_in(Scope::organization(b_), update + quoted(b_)), std::pair(true, false));
  const std::string insert =
      "INSERT INTO config_documents (type, layer, version, value, for_nodes, changed_at, "
      "changed_by) SELECT 'app_policy', 'platform', 1, '{}', true, 1, id FROM users LIMIT 1";
  EXPECT_FALSE(under(Scope::platform().in(one_), insert)) << "the other would not learn of it";
  EXPECT_EQ(counts_in(Scope::platform(), insert), std::pair(true, true));
}

TEST_F(ClusterIsolation, ShowsAClusterTheValuesOfOrganizationsItServes) {
  const auto organizations = [&](ClusterId cluster) {
    return under(Scope::cluster(cluster),
                 "SELECT FROM config_documents WHERE layer = 'organization'")
        ->size();
  };
  EXPECT_EQ(organizations(one_), 2);
  EXPECT_EQ(organizations(two_), 1);
}

TEST_F(ClusterIsolation, APersonsEpochIsToldToEveryClusterAndChangedByNone) {
  const std::string bump = "SELECT rap_bump_auth_epoch(id, 2) FROM users";
  EXPECT_FALSE(under(Scope::platform().in(one_), bump));
  EXPECT_FALSE(under(Scope::cluster(one_), "SELECT rap_bump_auth_epoch(" + fresh_id() + ", 2)"));
  for (const ClusterId cluster : {one_, two_}) {
    EXPECT_EQ(under(Scope::cluster(cluster), "SELECT FROM auth_epoch_changes")->size(), 2);
  }
}

TEST_F(ClusterIsolation, AnEntryOfTheAuditChainSaysInWhichClusterItHappened) {
  const std::string entry =
      "INSERT INTO audit_log (at, actor_kind, actor_id, actor_name, action, target_kind, "
      "target_id, target_name, outcome, source_ip, detail) VALUES (1, 'system', '', '', 'y', '', "
      "'', '', 'ok', '', '{}')";
  write(Scope::cluster(two_), {entry});
  write(Scope::platform(), {entry});
  const auto rows =
      under(Scope::platform(), "SELECT cluster_id FROM audit_log WHERE action = 'y' ORDER BY seq");
  ASSERT_EQ(rows->size(), 2);
  EXPECT_EQ((*rows)[0].id<ClusterId>(0), two_);
  EXPECT_TRUE((*rows)[1].is_null(0));
  const auto verdict = under(Scope::platform(), "SELECT first_broken FROM rap_audit_verify()");
  EXPECT_TRUE((*verdict)[0].is_null(0));
  // The cluster is covered by the hash.
  Connection forger = TestCluster::open(conninfo_, "postgres");
  ASSERT_TRUE(
      forger.script("SET session_replication_role = replica; "
                    "UPDATE audit_log SET cluster_id = NULL WHERE cluster_id IS NOT NULL"));
  EXPECT_FALSE(
      (*under(Scope::platform(), "SELECT first_broken FROM rap_audit_verify()"))[0].is_null(0));
}

}  // namespace
}  // namespace rap::store
