#include "control/core/database.hpp"

namespace rap::control {

Problem to_problem(DatabaseFault fault) {
  constexpr std::int64_t kRetryAfterSeconds = 2;
  switch (fault) {
    case DatabaseFault::unavailable:
      return {
          ProblemCode::database_unavailable,
          "The control plane cannot reach its database. Live sessions go on; try again shortly.",
          kRetryAfterSeconds};
    case DatabaseFault::takes_no_changes:
      return {ProblemCode::database_unavailable,
              "The control plane's database takes no changes: it is read-only, or its disk is full "
              "or failing. Live sessions go on. rap-control's log says which "
              "(database.takes_no_changes); make room or let it write again, then repeat.",
              kRetryAfterSeconds};
    case DatabaseFault::conflict:
      return {ProblemCode::conflict,
              "Somebody else changed this at the same moment. Look at it again, then repeat.",
              std::nullopt};
    case DatabaseFault::broken: break;
  }
  return {ProblemCode::internal_error, "The server failed; its log says why.", std::nullopt};
}

}  // namespace rap::control
