#include "control/sessions/session_ending.hpp"

namespace rap::control {
namespace {

constexpr WallTime kNever{};

std::size_t end(Services& s, Transaction& tx, const AuditEntry& actor, const SessionFilter& filter,
                std::string_view because) {
  const std::vector<Session> ended = tx.sessions().terminate(filter, because, actor.at);
  if (ended.empty()) return 0;
  for (const Session& session : ended) {
    AuditEntry entry = actor;
    entry.organization = session.organization;
    entry.action = "session.terminated";
    entry.target_kind = "session";
    entry.target_id = session.id.str();
    entry.target_name = session.resource_name;
    entry.detail =
        "{\"because\":\"" + std::string(because) + "\",\"user\":\"" + session.user.str() + "\"}";
    tx.audit(std::move(entry));
  }
  // No organization may see nodes; the platform tells them in its stead.
  AsPlatform as_platform(tx);
  for (NodeId node : tx.sessions().edge_nodes()) {
    for (const Session& session : ended) {
      tx.sessions().command_termination(node, session.id, CommandId::random(s.rng), actor.at,
                                        kNever);
    }
  }
  return ended.size();
}

}  // namespace

std::size_t end_sessions(Services& s, Transaction& tx, const Call& call,
                         const SessionFilter& filter, std::string_view because) {
  return end(s, tx, call.audit("", "", "", ""), filter, because);
}

std::size_t end_sessions(Services& s, Transaction& tx, WallTime now, const SessionFilter& filter,
                         std::string_view because) {
  AuditEntry actor;
  actor.at = now;
  actor.actor_kind = "system";
  actor.actor_name = "rap-control";
  return end(s, tx, actor, filter, because);
}

}  // namespace rap::control
