#include "control/store/sql/pki/trust.hpp"

namespace rap::store {
namespace {

using control::LateNode;

std::string select_approved(std::string_view rest) {
  return "SELECT n.id, n.name, coalesce(s.checked_in_at, 0) FROM nodes n "
         "LEFT JOIN node_status s ON s.node_id = n.id WHERE n.state = 'approved' " +
         std::string(rest);
}

std::vector<LateNode> late_nodes_of(const Rows& rows) {
  std::vector<LateNode> out;
  for (const Row& row : rows) out.push_back({row.id<NodeId>(0), row.text(1), row.time(2)});
  return out;
}

}  // namespace

control::TrustState SqlTrust::lock_state() {
  control::TrustState out;
  const Rows rows = sql_.query(
      "SELECT phase, phase_since, config_version, ca_ref, next_ca_ref, bundle_version, "
      "bundle_floor FROM trust WHERE cluster_id = rap_cluster() FOR UPDATE");
  if (rows.empty()) return out;
  const Row row = rows[0];
  out.phase = control::trust_phase_from(row.text(0)).value_or(control::TrustPhase::stable);
  out.phase_since = row.time(1);
  out.config_version = row.count(2);
  out.ca_ref = row.text(3);
  out.next_ca_ref = row.text(4);
  out.bundle_version = row.count(5);
  out.bundle_floor = row.count(6);
  return out;
}

void SqlTrust::set_state(const control::TrustState& s) {
  sql_.query(
      "UPDATE trust SET phase = $1, phase_since = $2, ca_ref = $3, next_ca_ref = $4 "
      "WHERE cluster_id = rap_cluster()",
      to_string(s.phase), s.phase_since, s.ca_ref, s.next_ca_ref);
  sql_.query(
      "UPDATE trust SET bundle_version = $1, bundle_floor = $2 "
      "WHERE cluster_id = rap_cluster() AND (bundle_version <> $1 OR bundle_floor <> $2)",
      s.bundle_version, s.bundle_floor);
  sql_.query(
      "UPDATE trust SET config_version = k.config_version FROM clusters k "
      "WHERE k.id = trust.cluster_id AND k.id = rap_cluster()");
}

control::TokenKeyState SqlTrust::token_keys() {
  control::TokenKeyState out;
  const Rows rows = sql_.query(
      "SELECT token_phase, token_since, token_config_version, token_kid, token_pem, "
      "token_next_kid, token_next_pem FROM trust WHERE cluster_id = rap_cluster()");
  if (rows.empty()) return out;
  const Row row = rows[0];
  out.phase = control::token_key_phase_from(row.text(0)).value_or(control::TokenKeyPhase::stable);
  out.since = row.time(1);
  out.config_version = row.count(2);
  out.current = {row.text(3), row.text(4)};
  out.next = {row.text(5), row.text(6)};
  return out;
}

void SqlTrust::set_token_keys(const control::TokenKeyState& s) {
  sql_.query(
      "UPDATE trust SET token_phase = $1, token_since = $2, token_kid = $3, token_pem = $4, "
      "token_next_kid = $5, token_next_pem = $6 WHERE cluster_id = rap_cluster()",
      to_string(s.phase), s.since, s.current.kid, s.current.public_key_pem, s.next.kid,
      s.next.public_key_pem);
  sql_.query(
      "UPDATE trust SET token_config_version = k.config_version FROM clusters k "
      "WHERE k.id = trust.cluster_id AND k.id = rap_cluster()");
}

void SqlTrust::add_bundle(const control::StoredBundle& bundle, WallTime now) {
  sql_.query(
      "INSERT INTO trust_bundles (version, envelope, pem, created_at) VALUES ($1, $2, $3, $4)",
      bundle.version, bundle.envelope, bundle.pem, now);
}

std::vector<control::StoredBundle> SqlTrust::bundles() {
  std::vector<control::StoredBundle> out;
  for (const Row& row : sql_.query("SELECT version, envelope, pem FROM trust_bundles "
                                   "WHERE cluster_id = rap_cluster() ORDER BY version")) {
    out.push_back({row.count(0), row.text(1), row.text(2)});
  }
  return out;
}

std::size_t SqlTrust::count_nodes() {
  const Rows rows = sql_.query("SELECT count(*) FROM nodes WHERE state = 'approved'");
  return rows.empty() ? 0 : rows[0].count(0);
}

std::vector<LateNode> SqlTrust::nodes_behind(std::uint64_t config_version, std::size_t limit) {
  return late_nodes_of(sql_.query(select_approved("AND coalesce(s.acked_config_version, 0) < $1 "
                                                  "ORDER BY lower(n.name) LIMIT $2"),
                                  config_version, limit));
}

std::vector<LateNode> SqlTrust::nodes_under_another_root(std::string_view ca_ref,
                                                         std::size_t limit) {
  return late_nodes_of(sql_.query(
      select_approved("AND NOT EXISTS (SELECT FROM node_certificates c WHERE c.node_id = n.id "
                      "AND c.serial = s.certificate_serial AND c.ca_ref = $1) "
                      "ORDER BY lower(n.name) LIMIT $2"),
      ca_ref, limit));
}

}  // namespace rap::store
