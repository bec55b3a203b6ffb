#include "control/people/bootstrap.hpp"

namespace rap::control {

Outcome<void> bootstrap(Database& database, ClusterId cluster, const User& owner,
                        const std::string& password_hash) {
  return transact(database, Scope::platform(), [&](Transaction& tx) -> Outcome<void> {
    const ClusterId existing = tx.nodes().cluster();
    if (!existing.is_nil() && existing != cluster) {
      return refuse(ProblemCode::conflict, "The database belongs to cluster " + existing.str() +
                                               ", the state directory to " + cluster.str() +
                                               "; use an empty database.");
    }
    if (tx.users().count_platform_owners() > 0) {
      return refuse(ProblemCode::conflict,
                    "The platform is initialized already. Start it with 'rap-control serve'.");
    }
    if (existing.is_nil()) tx.nodes().create_cluster(cluster, owner.created_at);
    if (!tx.users().create(owner, password_hash)) {
      return refuse(ProblemCode::user_exists,
                    "There is a user '" + owner.email + "' already; choose another email.");
    }
    AuditEntry entry;
    entry.at = owner.created_at;
    entry.actor_kind = "system";
    entry.actor_name = "rap-control init";
    entry.action = "platform.initialized";
    entry.target_kind = "user";
    entry.target_id = owner.id.str();
    entry.target_name = owner.email;
    tx.audit(std::move(entry));
    return {};
  });
}

}  // namespace rap::control
