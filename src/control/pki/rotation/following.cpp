#include "control/pki/rotation/following.hpp"

#include "control/pki/rotation/trust_state.hpp"

namespace rap::control {

// The keys follow while the lock on the state is held: what was read last is followed last, and the
// bundles are those of the state, whoever else takes a step or follows one at the same time.
void follow_trust(const RotationPorts& ports) {
  std::expected<void, std::string> followed;
  const Scope scope = Scope::cluster(ports.authority->cluster);
  const auto done = transact(ports.database, scope, [&](Transaction& tx) -> Outcome<TrustState> {
    TrustState state = tx.trust().lock_state();
    const TokenKeyState tokens = tx.trust().token_keys();
    std::vector<std::string> bundles;
    for (StoredBundle& b : tx.trust().bundles()) bundles.push_back(std::move(b.envelope));
    followed = ports.trust_keys.follow(state, tokens, std::move(bundles));
    return state;
  });
  if (done && !followed) ports.log.error("trust.keys_behind", {{"reason", followed.error()}});
}

}  // namespace rap::control
