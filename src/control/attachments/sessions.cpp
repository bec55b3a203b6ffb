// Listing sessions, and ending them.
#include <charconv>

#include "base/try.hpp"
#include "control/attachments/own_session.hpp"
#include "control/attachments/routes.hpp"
#include "control/core/listing.hpp"
#include "control/http/json_reply.hpp"
#include "control/organizations/delegations/organization_access.hpp"
#include "control/sessions/ending.hpp"
#include "control/sessions/session.hpp"

namespace rap::control {
namespace {

// A page of them, and where the next one begins if there is one.
Outcome<Reply> page(Database& database, const Scope& scope, const SessionQuery& query) {
  return transact(database, scope, [&](Transaction& tx) -> Outcome<Reply> {
    const std::vector<Session> found = tx.sessions().list(query);
    Json body = {{"items", Json::array()}};
    for (const Session& session : found) body["items"].push_back(to_json(session));
    if (found.size() == query.limit) {
      body["next"] = SessionCursor{found.back().created_at, found.back().id}.str();
    }
    return reply(body);
  });
}

Outcome<Reply> list_sessions(AttachmentPorts& ports, const Call& call) {
  SessionQuery query;
  query.which = value_in<ListedSessions>(kListedSessionsNames, call.query("state").value_or(""))
                    .value_or(ListedSessions::living);
  query.limit = kMaxListed;
  if (const auto limit = call.query("limit")) {
    std::from_chars(limit->data(), limit->data() + limit->size(), query.limit);
  }
  if (const auto after = call.query("after")) {
    query.after = SessionCursor::parse(*after);
    if (!query.after) {
      return refuse(ProblemCode::invalid_member, "'after' must be the 'next' of another answer.");
    }
  }
  const auto key = call.query("organization");
  if (!key) {
    query.user = call.caller->id;
    return page(ports.database, Scope::user(call.caller->id), query);
  }
  const auto organization = RAP_TRY(enter_organization(
      ports.database, *call.caller, *key, policy::Access::organization_manager, call.now));
  query.organization = organization.id;
  return page(ports.database, Scope::organization(organization.id), query);
}

Outcome<Reply> terminate_session(AttachmentPorts& ports, const Call& call) {
  const auto session = RAP_TRY(find_session(ports.database, call));
  if (session.user != call.caller->id) {
    // Managers of the organization may end anybody's; to all others it does not exist.
    if (!enter_organization(ports.database, *call.caller, session.organization.str(),
                            policy::Access::organization_manager, call.now)) {
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
  AnswerShape listed = list_of(session_fields());
  listed.members.push_back(text("next").optional());
  return {
      {{.method = "GET",
        .path = "/api/v1/sessions",
        .operation = "listSessions",
        .summary = "One's own living sessions, or an organization's for who manages it; ended "
                   "ones when they are asked for",
        .access = policy::Access::signed_in,
        .query =
            {key("organization").optional(),
             choice("state", std::span<const std::string_view>(kListedSessionsNames)).optional(),
             text("after").optional(),
             integer("limit", 1, static_cast<std::int64_t>(kMaxListed)).optional()},
        .body = {},
        .answer = std::move(listed)},
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
