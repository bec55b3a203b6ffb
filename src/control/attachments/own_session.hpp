// The session that a request names in its path.
#pragma once

#include <expected>

#include "control/core/database.hpp"
#include "control/http/call.hpp"
#include "control/sessions/session.hpp"

namespace rap::control {

// The session of the path's {id}, whoever's it is.
Outcome<Session> find_session(Database& database, const Call& call);

// The refusal of who may not learn of the session; the same whether there is one or not.
std::unexpected<Problem> no_session();

}  // namespace rap::control
