#include "control/pki/rotation/rotations.hpp"

#include "control/pki/rotation/following.hpp"
#include "control/pki/rotation/root_rotation.hpp"
#include "control/pki/rotation/token_key_rotation.hpp"
#include "control/pki/rotation/trust_state.hpp"

namespace rap::control {

void keep_trust(const RotationPorts& ports, WallTime now) {
  const Scope scope = Scope::cluster(ports.authority->cluster);
  const auto done = transact(ports.database, scope, [&](Transaction& tx) -> Outcome<void> {
    const TrustState state = tx.trust().lock_state();
    step_token_keys(tx, now);
    return step_root(ports, tx, state, now);
  });
  if (!done) ports.log.warn("trust.step_failed", {{"reason", done.error().detail}});
  follow_trust(ports);
}

}  // namespace rap::control
