#include "control/store/sql/core/audit.hpp"

#include "control/store/postgres/rows_read.hpp"

namespace rap::store {
namespace {

constexpr std::string_view kSelectEntry =
    "SELECT seq, at, organization_id, actor_kind, actor_id, actor_name, action, target_kind, "
    "target_id, target_name, outcome, source_ip, detail, hash FROM audit_log ";

control::AuditEntry entry_of(const Row& row) {
  control::AuditEntry e;
  e.seq = row.count(0);
  e.at = row.time(1);
  e.organization = row.maybe_id<OrganizationId>(2);
  e.actor_kind = row.text(3);
  e.actor_id = row.text(4);
  e.actor_name = row.text(5);
  e.action = row.text(6);
  e.target_kind = row.text(7);
  e.target_id = row.text(8);
  e.target_name = row.text(9);
  e.outcome = row.text(10);
  e.source_ip = row.text(11);
  e.detail = row.text(12);
  e.hash = row.bytes32(13);
  return e;
}

}  // namespace

void SqlAudit::append(const control::AuditEntry& e) {
  // seq and the hashes are the trigger's to give.
  sql_.query(
      "INSERT INTO audit_log (at, organization_id, actor_kind, actor_id, actor_name, action, "
      "target_kind, target_id, target_name, outcome, source_ip, detail) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
      e.at, e.organization, e.actor_kind, e.actor_id, e.actor_name, e.action, e.target_kind,
      e.target_id, e.target_name, e.outcome, e.source_ip, e.detail);
}

std::vector<control::AuditEntry> SqlAudit::list(const control::AuditFilter& filter) {
  return all_of(sql_.query(std::string(kSelectEntry) +
                               "WHERE ($1::uuid IS NULL OR organization_id = $1) "
                               "AND (NOT $2::boolean OR organization_id IS NULL) "
                               "AND ($3::bigint IS NULL OR seq < $3) ORDER BY seq DESC LIMIT $4",
                           filter.organization, filter.platform_only, filter.before, filter.limit),
                entry_of);
}

std::vector<control::AuditEntry> SqlAudit::outages(WallTime since, std::size_t limit) {
  return all_of(sql_.query(std::string(kSelectEntry) +
                               "WHERE action = 'database.was_away' AND organization_id IS NULL "
                               "AND at >= $1 ORDER BY seq DESC LIMIT $2",
                           since, limit),
                entry_of);
}

control::AuditVerdict SqlAudit::verify() {
  const Rows rows = sql_.query("SELECT entries, head_hash, first_broken FROM rap_audit_verify()");
  if (rows.empty()) return {};
  control::AuditVerdict verdict;
  verdict.entries = rows[0].count(0);
  verdict.head = rows[0].bytes32(1);
  if (!rows[0].is_null(2)) verdict.first_broken = rows[0].count(2);
  return verdict;
}

}  // namespace rap::store
