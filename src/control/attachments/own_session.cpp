#include "control/attachments/own_session.hpp"

namespace rap::control {

std::unexpected<Problem> no_session() {
  return refuse(ProblemCode::session_not_found,
                "There is no such session of yours. List them with 'rap sessions'.");
}

Outcome<Session> find_session(Database& database, const Call& call) {
  const auto id = SessionId::parse(call.path("id"));
  if (!id) return no_session();
  return transact(database, Scope::platform(), [&](Transaction& tx) -> Outcome<Session> {
    auto session = tx.sessions().find_and_lock(*id);
    if (!session) return no_session();
    return std::move(*session);
  });
}

}  // namespace rap::control
