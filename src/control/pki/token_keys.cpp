#include "control/pki/token_keys.hpp"

#include <algorithm>

#include "control/entrance/routes.hpp"
#include "control/http/json_reply.hpp"
#include "control/pki/trust.hpp"

namespace rap::control {
namespace {

bool every_node_knows(Transaction& tx, const TokenKeyState& state) {
  return std::ranges::all_of(tx.nodes().list(), [&](const Node& node) {
    return node.state != NodeState::approved || node.acked_config_version >= state.config_version;
  });
}

void go_on(Transaction& tx, TokenKeyState state, AuditEntry entry) {
  switch (state.phase) {
    case TokenKeyPhase::stable: state.phase = TokenKeyPhase::distributing; break;
    case TokenKeyPhase::distributing: state.phase = TokenKeyPhase::overlapping; break;
    case TokenKeyPhase::overlapping:
      state.phase = TokenKeyPhase::stable;
      state.current = std::exchange(state.next, {});
      break;
  }
  state.since = entry.at;
  tx.trust().set_token_keys(state);
  entry.action = "token_key." + std::string(to_string(state.phase));
  entry.target_kind = "token_key";
  entry.target_id = entry.target_name = state.next.kid.empty() ? state.current.kid : state.next.kid;
  tx.audit(std::move(entry));
}

Json status_of(const TokenKeyState& state, const Authority& authority) {
  const bool first = state.current.kid.empty();
  Json out = {{"phase", to_string(state.phase)},
              {"kid", first ? authority.token_key.kid : state.current.kid}};
  if (!state.next.kid.empty()) out["next_kid"] = state.next.kid;
  if (state.since > WallTime{}) out["phase_since"] = to_unix(state.since);
  return out;
}

Outcome<Reply> rotate(Services& s, const Call& call) {
  const bool force = call.body.value("force", false);
  const auto next = s.trust_keys.next_token_key();
  if (!next) return refuse(ProblemCode::trust_not_prepared, next.error() + ".");
  auto answer = transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    (void)tx.trust().state();  // for its lock: one step at a time
    TokenKeyState state = tx.trust().token_keys();
    if (state.phase != TokenKeyPhase::stable && !force) {
      return refuse(ProblemCode::trust_rotating,
                    "The key for tokens is being rotated (" + std::string(to_string(state.phase)) +
                        "). With force it goes on at once, and what nodes do not know yet, or do "
                        "not take any more, they refuse until they do.");
    }
    if (state.phase == TokenKeyPhase::stable) {
      if (state.current.kid.empty()) state.current = token_key_of(s.authority->token_key);
      state.next = *next;
    }
    go_on(tx, state, call.audit("", "", "", ""));
    return reply(status_of(tx.trust().token_keys(), *s.authority.get()));
  });
  if (answer) follow_trust(s);
  return answer;
}

Outcome<Reply> show(Services& s, const Call&) {
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    return reply(status_of(tx.trust().token_keys(), *s.authority.get()));
  });
}

}  // namespace

bool step_token_keys(Transaction& tx, WallTime now) {
  const TokenKeyState state = tx.trust().token_keys();
  const bool due =
      (state.phase == TokenKeyPhase::distributing && every_node_knows(tx, state)) ||
      (state.phase == TokenKeyPhase::overlapping && now >= state.since + kTokenKeyOverlap);
  if (!due) return false;
  AuditEntry actor;
  actor.at = now;
  actor.actor_kind = "system";
  actor.actor_name = "rap-control";
  go_on(tx, state, std::move(actor));
  return true;
}

std::vector<Route> token_key_routes() {
  using namespace field;
  const Fields status = {choice("phase", {"stable", "distributing", "overlapping"}), text("kid"),
                         text("next_kid").optional(), time("phase_since").optional()};
  return {
      {.method = "GET",
       .path = "/api/v1/trust/token-key",
       .operation = "getTokenKey",
       .summary = "Which key signs data-plane tokens, and how far its rotation is",
       .access = policy::Access::platform,
       .query = {},
       .body = {},
       .answer = {200, status},
       .handler = show},
      {.method = "POST",
       .path = "/api/v1/trust/token-key/rotate",
       .operation = "rotateTokenKey",
       .summary = "Change to a new key for data-plane tokens, or go on without waiting",
       .access = policy::Access::platform_owner,
       .query = {},
       .body = {of("force", FieldType::boolean).optional()},
       .answer = {200, status},
       .handler = rotate},
  };
}

}  // namespace rap::control
