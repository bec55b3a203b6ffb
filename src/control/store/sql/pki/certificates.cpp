#include "control/store/sql/pki/certificates.hpp"

#include "base/encoding.hpp"
#include "control/core/listing.hpp"

namespace rap::store {
namespace {

using control::HolderState;
using control::NodeCertificate;

constexpr std::string_view kSelect =
    "SELECT c.node_id, coalesce(n.name, ''), c.serial, c.fingerprint, c.ca_ref, c.not_before, "
    "c.not_after, "
    "c.status, c.issuer_sha256, c.key_sha256, c.revoked_at, c.pem, c.kind, "
    "c.status = 'revoked' AND EXISTS (SELECT 1 FROM revocations r WHERE r.kind = 'key' AND "
    "r.cluster_id = c.cluster_id AND r.key_sha256 = c.key_sha256), "
    "coalesce(n.state, ''), c.cluster_id "
    "FROM node_certificates c LEFT JOIN nodes n ON n.id = c.node_id ";

// The control plane's own certificates are of no node.
std::optional<NodeId> holder_in_sql(NodeId node) {
  return node.is_nil() ? std::nullopt : std::optional(node);
}

// The state of its node decides.
HolderState holder_of(const Row& row, int column) {
  const std::string state = row.text(column);
  if (state == "revoked") return HolderState::revoked;
  return state == "disabled" ? HolderState::disabled : HolderState::takes_part;
}

NodeCertificate certificate_of(const Row& row) {
  NodeCertificate c;
  c.node = row.maybe_id<NodeId>(0).value_or(NodeId{});
  c.node_name = row.text(1);
  c.serial = row.text(2);
  c.fingerprint = row.text(3);
  c.ca_ref = row.text(4);
  c.not_before = row.time(5);
  c.not_after = row.time(6);
  c.status = row.text(7);
  c.issuer_sha256 = row.text(8);
  c.key_sha256 = row.text(9);
  c.revoked_at = row.maybe_time(10);
  c.pem = row.text(11);
  c.kind = wire::certificate_kind_from(row.text(12)).value_or(control::CertificateKind::node);
  c.key_revoked = row.boolean(13);
  c.holder = holder_of(row, 14);
  c.cluster = row.id<ClusterId>(15);
  return c;
}

std::vector<NodeCertificate> certificates_of(const Rows& rows) {
  std::vector<NodeCertificate> out;
  for (const Row& row : rows) out.push_back(certificate_of(row));
  return out;
}

std::string select(std::string_view rest) { return std::string(kSelect) + std::string(rest); }

}  // namespace

void SqlCertificates::add(const NodeCertificate& c) {
  sql_.query(
      "INSERT INTO node_certificates (node_id, serial, fingerprint, ca_ref, not_before, "
      "not_after, status, issuer_sha256, key_sha256, pem, kind) VALUES ($1, $2, $3, $4, $5, $6, "
      "'active', $7, $8, $9, $10)",
      holder_in_sql(c.node), c.serial, c.fingerprint, c.ca_ref, c.not_before, c.not_after,
      c.issuer_sha256, c.key_sha256, c.pem, to_string(c.kind));
}

std::optional<NodeCertificate> SqlCertificates::find_usable(NodeId node, std::string_view serial) {
  const Rows rows = sql_.query(
      select("WHERE c.node_id = $1 AND c.serial = $2 AND c.status IN ('active', 'retiring')"), node,
      serial);
  return rows.empty() ? std::nullopt : std::optional(certificate_of(rows[0]));
}

std::vector<NodeCertificate> SqlCertificates::find(std::string_view serial) {
  return certificates_of(sql_.query(select("WHERE c.serial = $1"), serial));
}

std::vector<NodeCertificate> SqlCertificates::list() {
  return certificates_of(sql_.query(
      select("ORDER BY lower(n.name), c.not_before DESC, c.serial LIMIT $1"), control::kMaxListed));
}

std::vector<NodeCertificate> SqlCertificates::list_of_node(NodeId node) {
  return certificates_of(sql_.query(select("WHERE c.node_id IS NOT DISTINCT FROM $1::uuid "
                                           "ORDER BY c.not_before DESC, c.serial"),
                                    holder_in_sql(node)));
}

void SqlCertificates::retire_others(NodeId node, std::string_view serial) {
  sql_.query(
      "UPDATE node_certificates SET status = 'retiring' "
      "WHERE node_id = $1 AND serial <> $2 AND status = 'active' AND kind = "
      "(SELECT kind FROM node_certificates WHERE node_id = $1 AND serial = $2)",
      node, serial);
}

void SqlCertificates::retire(std::string_view serial) {
  sql_.query(
      "UPDATE node_certificates SET status = 'retiring' WHERE serial = $1 AND status = 'active'",
      serial);
}

void SqlCertificates::revoke(NodeId node, std::optional<std::string_view> serial, WallTime now) {
  const std::optional<std::string> only =
      serial ? std::optional(std::string(*serial)) : std::nullopt;
  sql_.query(
      "UPDATE node_certificates SET status = 'revoked', held_status = NULL, "
      "revoked_at = coalesce(revoked_at, $3) "
      "WHERE node_id IS NOT DISTINCT FROM $1::uuid AND ($2::text IS NULL OR serial = $2) "
      "AND (status <> 'revoked' OR held_status IS NOT NULL)",
      holder_in_sql(node), only, now);
}

void SqlCertificates::hold(NodeId node, WallTime now) {
  sql_.query(
      "UPDATE node_certificates SET held_status = status, status = 'revoked', revoked_at = $2 "
      "WHERE node_id = $1 AND status IN ('active', 'retiring')",
      node, now);
}

void SqlCertificates::release(NodeId node) {
  sql_.query(
      "UPDATE node_certificates SET status = held_status, held_status = NULL, revoked_at = NULL "
      "WHERE node_id = $1 AND held_status IS NOT NULL",
      node);
}

void SqlCertificates::add_revocation(const control::RevocationEntry& entry) {
  const snapshot::Revocation& r = entry.revocation;
  const bool of_certificate = r.kind == snapshot::RevocationKind::certificate;
  const bool of_key = r.kind == snapshot::RevocationKind::key;
  sql_.query(
      "INSERT INTO revocations (kind, node_id, issuer_sha256, serial, key_sha256, severity, "
      "created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
      "ON CONFLICT (cluster_id, kind, node_id, issuer_sha256, serial, key_sha256) DO UPDATE SET "
      "severity = CASE WHEN EXCLUDED.severity = 'close' THEN 'close' ELSE revocations.severity "
      "END, expires_at = greatest(revocations.expires_at, EXCLUDED.expires_at)",
      to_string(r.kind), holder_in_sql(entry.node),
      of_certificate ? to_hex(r.issuer) : std::string(), of_certificate ? r.serial : std::string(),
      of_key ? to_hex(r.key) : std::string(), to_string(r.severity), entry.created_at,
      entry.expires_at);
}

std::size_t SqlCertificates::count_revocations(WallTime now) {
  const Rows rows = sql_.query("SELECT count(*) FROM revocations WHERE expires_at > $1", now);
  return rows.empty() ? 0 : static_cast<std::size_t>(rows[0].count(0));
}

bool SqlCertificates::is_listed_as_revoked(const NodeCertificate& c) {
  return !sql_.query(
                  "SELECT FROM revocations WHERE (kind = 'node' AND node_id = $1) OR "
                  "(kind = 'key' AND key_sha256 = $2) OR "
                  "(kind = 'certificate' AND issuer_sha256 = $3 AND serial = $4) LIMIT 1",
                  c.node, c.key_sha256, c.issuer_sha256, c.serial)
              .empty();
}

std::vector<control::RevokedCertificate> SqlCertificates::revoked(Met met, WallTime after,
                                                                  std::size_t limit) {
  std::vector<control::RevokedCertificate> out;
  const Rows rows = sql_.query(
      "SELECT c.kind, c.serial, c.ca_ref, c.issuer_sha256, c.key_sha256, c.not_after, "
      "coalesce(c.revoked_at, c.not_before), coalesce(n.state, ''), EXISTS (SELECT 1 FROM "
      "revocations r "
      "WHERE r.cluster_id = c.cluster_id AND r.kind = 'key' AND r.key_sha256 = c.key_sha256) "
      "FROM node_certificates c LEFT JOIN nodes n ON n.id = c.node_id "
      "WHERE c.status = 'revoked' AND (NOT $1 OR c.kind IN ('worker', 'control')) AND c.not_after "
      "> $2 "
      "ORDER BY c.ca_ref, c.serial LIMIT $3",
      met == Met::by_clients, after, limit);
  for (const Row& row : rows) {
    out.push_back(
        {wire::certificate_kind_from(row.text(0)).value_or(control::CertificateKind::node),
         row.text(1), row.text(2), row.text(3), row.text(4), row.time(5), row.time(6),
         holder_of(row, 7), row.boolean(8)});
  }
  return out;
}

// Triggers count the changes of states (migrations 0015 and 0019) and what is revoked.
std::optional<std::string> SqlCertificates::status_version() {
  const Rows rows = sql_.query(
      "SELECT concat_ws(' ', admissions, revocation_version, "
      "CASE WHEN NOT pg_is_in_recovery() THEN rap_lineage() END) "
      "FROM clusters WHERE id = rap_cluster()");
  return rows.empty() ? std::nullopt : std::optional(rows[0].text(0));
}

void SqlCertificates::expire(WallTime now) {
  sql_.query(
      "UPDATE node_certificates SET status = 'expired' "
      "WHERE not_after <= $1 AND status IN ('active', 'retiring')",
      now);
  sql_.query("DELETE FROM revocations WHERE expires_at <= $1", now);
}

}  // namespace rap::store
