#include "control/people/accounts/bootstrap.hpp"

#include "control/core/cluster.hpp"

namespace rap::control {

Outcome<void> bootstrap(Database& database, ClusterId cluster, const User& owner,
                        const std::string& password_hash) {
  return transact(database, Scope::platform(), [&](Transaction& tx) -> Outcome<void> {
    const ClusterId existing = tx.cluster().first();
    if (!existing.is_nil() && existing != cluster) {
      return refuse(ProblemCode::conflict, "The database belongs to cluster " + existing.str() +
                                               ", the state directory to " + cluster.str() +
                                               "; use an empty database.");
    }
    if (tx.users().lock_platform_owners() > 0) {
      return refuse(ProblemCode::conflict,
                    "The platform is initialized already. Start it with 'rap-control serve'.");
    }
    if (existing.is_nil()) tx.cluster().create(cluster, owner.created_at);
    if (!tx.users().create(owner, password_hash)) {
      return refuse(ProblemCode::user_exists,
                    "There is a user '" + owner.email + "' already; choose another email.");
    }
    tx.audit(AuditEntry::of_system(owner.created_at, "rap-control init")
                 .about("platform.initialized", "user", owner.id.str(), owner.email));
    return {};
  });
}

}  // namespace rap::control
