#include "control/housekeeping/housekeeping.hpp"

#include "control/configuration/config_document.hpp"
#include "control/core/cluster.hpp"
#include "control/core/history_loss.hpp"
#include "control/link/pulls/security_changes.hpp"
#include "control/people/bearer.hpp"
#include "control/people/device.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "control/sessions/ending.hpp"
#include "control/sessions/node_command.hpp"
#include "control/sessions/session.hpp"
#include "snapshot/values/config_types.hpp"

namespace rap::control {
namespace {

// A session lasts as long as its organization's policy says, and no longer.
std::size_t end_overlong_sessions(const HousekeepingPorts& ports, Transaction& tx, WallTime now) {
  std::size_t ended = 0;
  for (const ConfigDocument& d : tx.configs().list_of_type(snapshot::kAppPolicy)) {
    const auto policy = snapshot::app_policy_from({wire::JsonValue::of(d.value)});
    if (!policy.max_session || !d.organization) continue;
    ended +=
        end_sessions(ports.rng, tx, AuditEntry::of_system(now),
                     {.organization = d.organization, .created_before = now - *policy.max_session},
                     "policy_limit");
  }
  return ended;
}

}  // namespace

Outcome<KeptHistory> keep_history(const HousekeepingPorts& ports, std::uint64_t noted,
                                  WallTime now) {
  const Scope scope = Scope::platform().in(ports.cluster);
  return transact(ports.database, scope, [&](Transaction& tx) -> Outcome<KeptHistory> {
    const auto went_back = [&](const History& h) {
      return h.elsewhere || noted > h.config_version;
    };
    auto history = tx.cluster().history();
    if (history && went_back(*history)) history = tx.cluster().lock_history();
    if (!history) return KeptHistory{};
    // Another server may have been quicker.
    if (!went_back(*history)) return KeptHistory{.config_version = history->config_version};
    begin_history(tx, AuditEntry::of_system(now),
                  history->elsewhere ? HistoryLoss::elsewhere : HistoryLoss::noted_ahead, noted,
                  now);
    return KeptHistory{tx.cluster().config_version(), true};
  });
}

Outcome<std::size_t> keep_house(const HousekeepingPorts& ports, WallTime now) {
  const Scope scope = Scope::platform().in(ports.cluster);
  return transact(ports.database, scope, [&](Transaction& tx) -> Outcome<std::size_t> {
    tx.bearers().purge_expired(now);
    tx.devices().forget_proofs(now);
    tx.certificates().expire(now);
    tx.security_changes().forget_old(now);
    tx.commands().purge(now - kCommandRetention);
    tx.sessions().purge(now - ports.session_retention, kPurgedAtOnce);
    tx.sessions().forget_presence_before(now - kPresenceStaleAfter);
    tx.sessions().settle_states(now);
    std::size_t ended = 0;
    for (SessionId id : tx.sessions().older_than(SessionState::pending, now - kPendingLimit)) {
      ended += end_sessions(ports.rng, tx, AuditEntry::of_system(now), {.session = id},
                            "never_attached");
    }
    for (SessionId id : tx.sessions().older_than(SessionState::detached, now - kDetachedLimit)) {
      ended += end_sessions(ports.rng, tx, AuditEntry::of_system(now), {.session = id},
                            "detached_too_long");
    }
    return ended + end_overlong_sessions(ports, tx, now);
  });
}

}  // namespace rap::control
