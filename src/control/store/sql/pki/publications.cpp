#include "control/store/sql/pki/publications.hpp"

namespace rap::store {
namespace {

control::Publication publication_of(std::string_view name, const Row& row) {
  return {std::string(name), row.count(0), row.count(1), row.text(2), row.time(3), row.text(4)};
}

}  // namespace

std::optional<control::Publication> SqlPublications::find(std::string_view name,
                                                          std::uint64_t but_not) {
  const Rows rows = sql_.query(
      "SELECT version, admissions, digest, issued_at, CASE WHEN version = $2 THEN '' ELSE body END "
      "FROM publications WHERE cluster_id = rap_cluster() AND name = $1",
      name, but_not);
  return rows.empty() ? std::nullopt : std::optional(publication_of(name, rows[0]));
}

control::Publication SqlPublications::lock(std::string_view name) {
  sql_.query("INSERT INTO publications (name) VALUES ($1) ON CONFLICT DO NOTHING", name);
  const Rows rows = sql_.query(
      "SELECT version, admissions, digest, issued_at, body FROM publications "
      "WHERE cluster_id = rap_cluster() AND name = $1 FOR UPDATE",
      name);
  return rows.empty() ? control::Publication{} : publication_of(name, rows[0]);
}

void SqlPublications::put(const control::Publication& p) {
  sql_.query(
      "UPDATE publications SET version = $2, admissions = $3, digest = $4, issued_at = $5, "
      "body = $6 WHERE cluster_id = rap_cluster() AND name = $1",
      p.name, p.version, p.admissions, p.digest, p.issued_at, p.body);
}

}  // namespace rap::store
