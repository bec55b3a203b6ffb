#include "control/sessions/ending.hpp"

#include <nlohmann/json.hpp>

#include "control/sessions/node_command.hpp"

namespace rap::control {
namespace {

constexpr WallTime kNever{};

}  // namespace

std::size_t end_sessions(RandomSource& rng, Transaction& tx, const AuditEntry& actor,
                         const SessionFilter& filter, std::string_view because) {
  const std::vector<Session> ended = tx.sessions().terminate(filter, because, actor.at);
  if (ended.empty()) return 0;
  for (const Session& session : ended) {
    AuditEntry entry =
        actor.about("session.terminated", "session", session.id.str(), session.resource_name)
            .with({{"because", because}, {"user", session.user.str()}});
    entry.organization = session.organization;
    tx.audit(std::move(entry));
  }
  // No organization may see nodes; the platform tells them in its stead.
  AsPlatform as_platform(tx);
  for (const EdgeNode& node : tx.commands().edge_nodes()) {
    for (const Session& session : ended) {
      if (session.cluster != node.cluster) continue;
      tx.commands().terminate_session(node.id, session.id, CommandId::random(rng), actor.at,
                                      kNever);
    }
  }
  return ended.size();
}

}  // namespace rap::control
