#include "control/store/sql/core/cluster.hpp"

namespace rap::store {
namespace {

constexpr const char* kSelectHistory =
    "SELECT histories, history_began, config_version, lineage <> rap_lineage(), "
    "lineage IS NULL AND NOT current_setting('transaction_read_only')::boolean "
    "FROM clusters WHERE id = rap_cluster()";

std::optional<control::History> history_of(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return control::History{.count = rows[0].count(0),
                          .began = rows[0].time(1),
                          .config_version = rows[0].count(2),
                          .elsewhere = !rows[0].is_null(3) && rows[0].boolean(3)};
}

}  // namespace

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

std::optional<control::History> SqlCluster::history() {
  const Rows rows = sql_.query(kSelectHistory);
  // Only a first start has something to write, and not where it would be refused: a database that
  // takes no changes refuses even an update of nothing, and with it what was asked.
  if (!rows.empty() && rows[0].boolean(4)) {
    sql_.query(
        "UPDATE clusters SET lineage = rap_lineage() "
        "WHERE id = rap_cluster() AND lineage IS NULL");
  }
  return history_of(rows);
}

std::optional<control::History> SqlCluster::lock_history() {
  return history_of(sql_.query(std::string(kSelectHistory) + " FOR UPDATE"));
}

void SqlCluster::begin_history(std::uint64_t known, WallTime now) {
  sql_.query("SELECT rap_begin_history(rap_cluster(), $1, $2)", known, now);
}

}  // namespace rap::store
