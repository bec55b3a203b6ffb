#include "control/pki/rotation/rotations.hpp"

#include "control/pki/authority.hpp"
#include "control/pki/rotation/root_rotation.hpp"
#include "control/pki/rotation/token_key_rotation.hpp"
#include "control/pki/rotation/trust_keys.hpp"

namespace rap::control {

void keep_trust(Services& s, WallTime now) {
  const Scope scope = Scope::cluster(s.authority->cluster);
  const auto done = transact(s.database, scope, [&](Transaction& tx) -> Outcome<void> {
    const TrustState state = tx.trust().lock_state();
    step_token_keys(tx, now);
    return step_root(s, tx, state, now);
  });
  if (!done) s.log.warn("trust.step_failed", {{"reason", done.error().detail}});
  follow_trust(s);
}

}  // namespace rap::control
