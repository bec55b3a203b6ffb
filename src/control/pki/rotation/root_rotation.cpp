#include "control/pki/rotation/root_rotation.hpp"

#include "base/try.hpp"
#include "control/core/listing.hpp"
#include "control/http/json_reply.hpp"
#include "control/pki/rotation/following.hpp"

namespace rap::control {
namespace {

// The nodes that are not through with the phase yet, up to a limit.
std::vector<LateNode> late_nodes(Transaction& tx, const TrustState& state, std::size_t limit) {
  if (state.phase == TrustPhase::stable) return {};
  return state.phase == TrustPhase::reissuing
             ? tx.trust().nodes_under_another_root(state.next_ca_ref, limit)
             : tx.trust().nodes_behind(state.config_version, limit);
}

std::unexpected<Problem> not_prepared(const std::string& why) {
  return refuse(ProblemCode::trust_not_prepared,
                why +
                    " Run 'rap-control trust prepare' on the control plane's host first, with "
                    "the root key that is in force.");
}

Outcome<PreparedTrust> prepared(const RotationPorts& ports) {
  auto found = ports.trust_keys.prepared();
  if (!found) return not_prepared("What was prepared cannot be read: " + found.error() + ".");
  if (!*found) return not_prepared("No new root was prepared.");
  return std::move(**found);
}

Outcome<void> begin(const RotationPorts& ports, Transaction& tx, TrustState& state, WallTime now) {
  const auto next = RAP_TRY(prepared(ports));
  if (next.both.version != state.bundle_version + 1 || next.ca_ref != ports.authority->ca_ref()) {
    return not_prepared("What was prepared is for another state of the trust.");
  }
  tx.trust().add_bundle(next.both, now);
  state.phase = TrustPhase::distributing;
  state.bundle_version = next.both.version;
  state.ca_ref = next.ca_ref;
  state.next_ca_ref = next.next_ca_ref;
  return {};
}

// One step on from where the rotation is.
Outcome<void> step(const RotationPorts& ports, Transaction& tx, TrustState& state, WallTime now) {
  switch (state.phase) {
    case TrustPhase::stable: return begin(ports, tx, state, now);
    case TrustPhase::distributing: state.phase = TrustPhase::reissuing; return {};
    case TrustPhase::reissuing: {
      const auto next = RAP_TRY(prepared(ports));
      tx.trust().add_bundle(next.only_new, now);
      state.phase = TrustPhase::retiring;
      state.bundle_version = next.only_new.version;
      return {};
    }
    case TrustPhase::retiring:
      state.phase = TrustPhase::stable;
      state.bundle_floor = state.bundle_version;
      state.ca_ref = state.next_ca_ref;
      state.next_ca_ref.clear();
      return {};
  }
  return {};
}

Outcome<void> take_step(const RotationPorts& ports, Transaction& tx, TrustState state,
                        const AuditEntry& actor, bool forced) {
  const Json left_behind = [&] {
    Json names = Json::array();
    for (const LateNode& node : late_nodes(tx, state, kMaxListed)) names.push_back(node.name);
    return names;
  }();
  if (auto ok = step(ports, tx, state, actor.at); !ok) return ok;
  state.phase_since = actor.at;
  tx.trust().set_state(state);
  const std::string& ca_ref = state.next_ca_ref.empty() ? state.ca_ref : state.next_ca_ref;
  tx.audit(actor
               .about("trust." + std::string(to_string(state.phase)), "trust",
                      std::to_string(state.bundle_version), ca_ref)
               .with({{"forced", forced}, {"left_behind", left_behind}}));
  return {};
}

Reply status_of(const RotationPorts& ports, Transaction& tx) {
  const TrustState state = tx.trust().lock_state();
  const auto found = ports.trust_keys.prepared();
  Json late = Json::array();
  for (const LateNode& node : late_nodes(tx, state, kMaxListed)) {
    Json item = {{"id", node.id.str()}, {"name", node.name}};
    if (node.checked_in_at > WallTime{}) item["last_seen_at"] = to_unix(node.checked_in_at);
    late.push_back(std::move(item));
  }
  Json out = {{"phase", to_string(state.phase)},
              {"ca_ref", state.ca_ref.empty() ? ports.authority->ca_ref() : state.ca_ref},
              {"bundle_version", state.bundle_version},
              {"bundle_floor", state.bundle_floor},
              {"prepared", found && found->has_value()},
              {"nodes", tx.trust().count_nodes()},
              {"late_nodes", std::move(late)}};
  if (state.phase_since > WallTime{}) out["phase_since"] = to_unix(state.phase_since);
  if (!state.next_ca_ref.empty()) out["next_ca_ref"] = state.next_ca_ref;
  return reply(out);
}

Outcome<Reply> show(RotationPorts& ports, const Call& call) {
  return transact(ports.database, call.cluster_scope(),
                  [&](Transaction& tx) -> Outcome<Reply> { return status_of(ports, tx); });
}

Outcome<Reply> rotate(RotationPorts& ports, const Call& call) {
  const bool force = call.flag("force");
  auto answer =
      transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
        const TrustState state = tx.trust().lock_state();
        if (state.phase != TrustPhase::stable && !force) {
          return refuse(ProblemCode::trust_rotating,
                        "A rotation is under way (" + std::string(to_string(state.phase)) +
                            "). 'rap admin trust status' shows for which nodes it waits; with "
                            "force it goes on without them, and they have to enrol again.");
        }
        RAP_TRY(take_step(ports, tx, state, call.audit_entry(), state.phase != TrustPhase::stable));
        return status_of(ports, tx);
      });
  if (answer) follow_trust(ports);
  return answer;
}

}  // namespace

Outcome<void> step_root(const RotationPorts& ports, Transaction& tx, const TrustState& state,
                        WallTime now) {
  if (state.phase == TrustPhase::stable || !late_nodes(tx, state, 1).empty()) return {};
  return take_step(ports, tx, state, AuditEntry::of_system(now), false);
}

std::vector<RouteOf<RotationPorts>> root_rotation_routes() {
  using namespace field;
  const Fields status = {choice("phase", kTrustPhaseNames),
                         time("phase_since").optional(),
                         text("ca_ref"),
                         text("next_ca_ref").optional(),
                         count("bundle_version"),
                         count("bundle_floor"),
                         of("prepared", FieldType::boolean),
                         count("nodes"),
                         list("late_nodes", static_cast<std::int64_t>(kMaxListed),
                              {uuid("id"), field::name("name"), time("last_seen_at").optional()})};
  return {
      {{.method = "GET",
        .path = "/api/v1/trust",
        .operation = "getTrust",
        .summary = "How far a rotation of the platform's root has come, and who it waits for",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200, status}},
       show},
      {{.method = "POST",
        .path = "/api/v1/trust/rotate",
        .operation = "rotateTrust",
        .summary = "Start the change to the prepared root, or go on without the late nodes",
        .access = policy::Access::platform_owner,
        .query = {},
        .body = {of("force", FieldType::boolean).optional()},
        .answer = {200, status}},
       rotate},
  };
}

}  // namespace rap::control
