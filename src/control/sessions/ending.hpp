// Ending sessions, for whatever reason: the rows, the commands to every edge node, and the audit
// entries, all in the caller's transaction.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/random.hpp"
#include "control/core/audit.hpp"
#include "control/core/database.hpp"
#include "control/sessions/session.hpp"

namespace rap::control {

// Ends the living sessions of the filter under the transaction's scope, at the time and in the name
// of `actor` (Call::audit_entry(), AuditEntry::of_system()). Yields how many there were.
std::size_t end_sessions(RandomSource& rng, Transaction& tx, const AuditEntry& actor,
                         const SessionFilter& filter, std::string_view because);

}  // namespace rap::control
