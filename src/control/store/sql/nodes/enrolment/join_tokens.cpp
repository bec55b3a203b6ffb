#include "control/store/sql/nodes/enrolment/join_tokens.hpp"

#include "control/core/listing.hpp"

namespace rap::store {
namespace {

using control::IssuedJoinToken;

constexpr std::string_view kSelectToken =
    "SELECT t.id, t.node_id, n.name, t.secret_sha256, t.created_by, t.created_at, t.expires_at, "
    "t.used_at FROM join_tokens t JOIN nodes n ON n.id = t.node_id ";

IssuedJoinToken token_of(const Row& row) {
  return {row.id<JoinTokenId>(0), row.id<NodeId>(1), row.text(2), row.bytes32(3),
          row.id<UserId>(4),      row.time(5),       row.time(6), row.maybe_time(7)};
}

}  // namespace

void SqlJoinTokens::add(const IssuedJoinToken& t) {
  sql_.query(
      "UPDATE join_tokens SET expires_at = least(expires_at, $2::bigint) "
      "WHERE node_id = $1 AND used_at IS NULL",
      t.node, t.created_at);
  sql_.query(
      "INSERT INTO join_tokens (id, node_id, secret_sha256, created_by, created_at, expires_at) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      t.id, t.node, t.secret_sha256, t.created_by, t.created_at, t.expires_at);
}

std::vector<IssuedJoinToken> SqlJoinTokens::list() {
  std::vector<IssuedJoinToken> out;
  for (const Row& row :
       sql_.query(std::string(kSelectToken) + "ORDER BY t.created_at DESC, t.id LIMIT $1",
                  control::kMaxListed)) {
    out.push_back(token_of(row));
  }
  return out;
}

std::optional<IssuedJoinToken> SqlJoinTokens::find_and_lock(NodeId node,
                                                            const crypto::Sha256& secret) {
  const Rows rows = sql_.query(
      std::string(kSelectToken) + "WHERE t.node_id = $1 AND t.secret_sha256 = $2 FOR UPDATE OF t",
      node, secret);
  return rows.empty() ? std::nullopt : std::optional(token_of(rows[0]));
}

std::optional<IssuedJoinToken> SqlJoinTokens::find_and_lock(JoinTokenId token) {
  const Rows rows =
      sql_.query(std::string(kSelectToken) + "WHERE t.id = $1 FOR UPDATE OF t", token);
  return rows.empty() ? std::nullopt : std::optional(token_of(rows[0]));
}

void SqlJoinTokens::withdraw(JoinTokenId token, WallTime now) {
  sql_.query("UPDATE join_tokens SET expires_at = least(expires_at, $2::bigint) WHERE id = $1",
             token, now);
}

void SqlJoinTokens::use(JoinTokenId token, WallTime now) {
  sql_.query("UPDATE join_tokens SET used_at = $2 WHERE id = $1", token, now);
}

}  // namespace rap::store
