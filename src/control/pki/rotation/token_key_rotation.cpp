#include "control/pki/rotation/token_key_rotation.hpp"

#include <utility>

#include "control/http/json_reply.hpp"
#include "control/pki/rotation/following.hpp"
#include "control/pki/rotation/trust_state.hpp"

namespace rap::control {
namespace {

bool every_node_knows(Transaction& tx, const TokenKeyState& state) {
  return tx.trust().nodes_behind(state.config_version, 1).empty();
}

void go_on(Transaction& tx, TokenKeyState state, const AuditEntry& actor) {
  switch (state.phase) {
    case TokenKeyPhase::stable: state.phase = TokenKeyPhase::distributing; break;
    case TokenKeyPhase::distributing: state.phase = TokenKeyPhase::overlapping; break;
    case TokenKeyPhase::overlapping:
      state.phase = TokenKeyPhase::stable;
      state.current = std::exchange(state.next, {});
      break;
  }
  state.since = actor.at;
  tx.trust().set_token_keys(state);
  const std::string& kid = state.next.kid.empty() ? state.current.kid : state.next.kid;
  tx.audit(actor.about("token_key." + std::string(to_string(state.phase)), "token_key", kid, kid));
}

Json status_of(const TokenKeyState& state, const Authority& authority) {
  const bool first = state.current.kid.empty();
  Json out = {{"phase", to_string(state.phase)},
              {"kid", first ? authority.token_key.kid : state.current.kid}};
  if (!state.next.kid.empty()) out["next_kid"] = state.next.kid;
  if (state.since > WallTime{}) out["phase_since"] = to_unix(state.since);
  return out;
}

Outcome<Reply> rotate_token_key(RotationPorts& ports, const Call& call) {
  const bool force = call.flag("force");
  const auto next = ports.trust_keys.next_token_key();
  if (!next) return refuse(ProblemCode::trust_not_prepared, next.error() + ".");
  auto answer =
      transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
        tx.trust().lock_state();
        TokenKeyState state = tx.trust().token_keys();
        if (state.phase != TokenKeyPhase::stable && !force) {
          return refuse(
              ProblemCode::trust_rotating,
              "The key for tokens is being rotated (" + std::string(to_string(state.phase)) +
                  "). With force it goes on at once, and what nodes do not know yet, or do "
                  "not take any more, they refuse until they do.");
        }
        if (state.phase == TokenKeyPhase::stable) {
          if (state.current.kid.empty()) state.current = token_key_of(ports.authority->token_key);
          state.next = *next;
        }
        go_on(tx, state, call.audit_entry());
        return reply(status_of(tx.trust().token_keys(), *ports.authority.get()));
      });
  if (answer) follow_trust(ports);
  return answer;
}

Outcome<Reply> show_token_key(RotationPorts& ports, const Call& call) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    return reply(status_of(tx.trust().token_keys(), *ports.authority.get()));
  });
}

}  // namespace

void step_token_keys(Transaction& tx, WallTime now) {
  const TokenKeyState state = tx.trust().token_keys();
  const bool due =
      (state.phase == TokenKeyPhase::distributing && every_node_knows(tx, state)) ||
      (state.phase == TokenKeyPhase::overlapping && now >= state.since + kTokenKeyOverlap);
  if (due) go_on(tx, state, AuditEntry::of_system(now));
}

std::vector<RouteOf<RotationPorts>> token_key_routes() {
  using namespace field;
  const Fields status = {choice("phase", kTokenKeyPhaseNames), text("kid"),
                         text("next_kid").optional(), time("phase_since").optional()};
  return {
      {{.method = "GET",
        .path = "/api/v1/trust/token-key",
        .operation = "getTokenKey",
        .summary = "Which key signs data-plane tokens, and how far its rotation is",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200, status}},
       show_token_key},
      {{.method = "POST",
        .path = "/api/v1/trust/token-key/rotate",
        .operation = "rotateTokenKey",
        .summary = "Change to a new key for data-plane tokens, or go on without waiting",
        .access = policy::Access::platform_owner,
        .query = {},
        .body = {of("force", FieldType::boolean).optional()},
        .answer = {200, status}},
       rotate_token_key},
  };
}

}  // namespace rap::control
