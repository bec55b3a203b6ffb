#include "control/store/sql/core/cluster.hpp"

namespace rap::store {

void SqlCluster::create(ClusterId cluster, WallTime now) {
  sql_.query("INSERT INTO clusters (id, created_at) VALUES ($1, $2)", cluster, now);
}

ClusterId SqlCluster::first() {
  const Rows rows = sql_.query("SELECT id FROM clusters ORDER BY created_at, id LIMIT 1");
  return rows.empty() ? ClusterId{} : rows[0].id<ClusterId>(0);
}

std::uint64_t SqlCluster::config_version() {
  const Rows rows = sql_.query("SELECT config_version FROM clusters WHERE id = rap_cluster()");
  return rows.empty() ? 0 : rows[0].count(0);
}

std::optional<std::uint64_t> SqlCluster::admissions() {
  const Rows rows = sql_.query("SELECT admissions FROM clusters WHERE id = rap_cluster()");
  return rows.empty() ? std::nullopt : std::optional(rows[0].count(0));
}

}  // namespace rap::store
