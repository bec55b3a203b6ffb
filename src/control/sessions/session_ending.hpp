// Ending sessions, for whatever reason: the rows, the commands to every edge node, and the audit
// entries, all in the caller's transaction.
#pragma once

#include "control/http/route.hpp"

namespace rap::control {

// Ends the living sessions of the filter under the transaction's scope. How many there were.
std::size_t end_sessions(Services& s, Transaction& tx, const Call& call,
                         const SessionFilter& filter, std::string_view because);

// The same on nobody's request.
std::size_t end_sessions(Services& s, Transaction& tx, WallTime now, const SessionFilter& filter,
                         std::string_view because);

}  // namespace rap::control
