// Listing sessions, and ending them.
#include "base/try.hpp"
#include "control/attachments/own_session.hpp"
#include "control/attachments/routes.hpp"
#include "control/http/json_reply.hpp"
#include "control/people/organization_access.hpp"
#include "control/sessions/ending.hpp"

namespace rap::control {
namespace {

Outcome<Reply> list_sessions(AttachmentPorts& ports, const Call& call) {
  const auto key = call.query("organization");
  if (!key) {
    return transact(ports.database, Scope::user(call.caller->id),
                    [&](Transaction& tx) -> Outcome<Reply> {
                      return reply_list(tx.sessions().list_of_user(call.caller->id));
                    });
  }
  const auto organization = RAP_TRY(
      enter_organization(ports.database, *call.caller, *key, policy::Access::organization_manager));
  return transact(ports.database, Scope::organization(organization.id),
                  [&](Transaction& tx) -> Outcome<Reply> {
                    return reply_list(tx.sessions().list_of_organization(organization.id));
                  });
}

Outcome<Reply> terminate_session(AttachmentPorts& ports, const Call& call) {
  const auto session = RAP_TRY(find_session(ports.database, call));
  if (session.user != call.caller->id) {
    // Managers of the organization may end anybody's; to all others it does not exist.
    if (!enter_organization(ports.database, *call.caller, session.organization.str(),
                            policy::Access::organization_manager)) {
      return no_session();
    }
  }
  return transact(ports.database, Scope::organization(session.organization),
                  [&](Transaction& tx) -> Outcome<Reply> {
                    end_sessions(ports.rng, tx, call.audit_entry(), {.session = session.id},
                                 "terminated_by_user");
                    return no_content();
                  });
}

}  // namespace

std::vector<RouteOf<AttachmentPorts>> session_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/sessions",
        .operation = "listSessions",
        .summary = "One's own sessions, or an organization's for who manages it",
        .access = policy::Access::signed_in,
        .query = {key("organization").optional()},
        .body = {},
        .answer = list_of(session_fields())},
       list_sessions},
      {{.method = "DELETE",
        .path = "/api/v1/sessions/{id}",
        .operation = "terminateSession",
        .summary = "End a session and its live flows",
        .access = policy::Access::signed_in,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       terminate_session},
  };
}

}  // namespace rap::control
