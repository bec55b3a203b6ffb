#include "control/store/sql/people/auth_epochs.hpp"

namespace rap::store {

std::uint64_t SqlAuthEpochs::of(UserId user) {
  const Rows rows = sql_.query(
      "SELECT auth_epoch FROM users WHERE id = $1 AND disabled_at IS NULL FOR SHARE", user);
  return rows.empty() ? 0 : rows[0].count(0);
}

std::uint64_t SqlAuthEpochs::bump(UserId user, WallTime now) {
  const Rows rows = sql_.query("SELECT rap_bump_auth_epoch($1, $2)", user, now);
  return rows.empty() ? 0 : rows[0].count(0);
}

}  // namespace rap::store
