// The entries that a client passed over on its way to one, and why.
#include <algorithm>

#include "base/try.hpp"
#include "control/attachments/own_session.hpp"
#include "control/attachments/routes.hpp"
#include "control/http/json_reply.hpp"
#include "wire/fallback_cause.hpp"

namespace rap::control {
namespace {

constexpr std::int64_t kMaxFallbacks = 64;  // of one report

// The client says what it met on the way to an entry.
Outcome<Reply> report_fallbacks(FallbackPorts& ports, const Call& call) {
  const auto session = RAP_TRY(find_session(ports.database, call));
  if (session.user != call.caller->id) return no_session();
  auto done = transact(ports.database, Scope::organization(session.organization),
                       [&](Transaction& tx) -> Outcome<Reply> {
                         AuditEntry entry = call.audit("session.fallback", "session",
                                                       session.id.str(), session.resource_name);
                         entry.organization = session.organization;
                         Json causes =
                             Json::object();  // not the entries: an organization does not see nodes
                         for (const Json& item : call.body.at("items")) {
                           const std::string cause = item.at("cause");
                           causes[cause] = causes.value(cause, 0) + 1;
                         }
                         entry.detail = Json{{"causes", std::move(causes)}}.dump();
                         tx.audit(std::move(entry));
                         return no_content();
                       });
  if (!done) return done;
  for (const Json& item : call.body.at("items")) {
    const auto at = std::ranges::find(wire::kFallbackCauses, item.at("cause").get<std::string>());
    const auto cause = static_cast<wire::FallbackCause>(at - wire::kFallbackCauses.begin());
    ports.metrics.count_fallback(cause);
    ports.log.warn(LogCause::member(call.caller->id.str(), to_string(cause)), "client.fallback",
                   {{"entry", item.at("entry").get<std::string>()}, {"cause", to_string(cause)}});
  }
  return done;
}

}  // namespace

std::vector<RouteOf<FallbackPorts>> fallback_routes() {
  using namespace field;
  return {
      {{.method = "POST",
        .path = "/api/v1/sessions/{id}/fallbacks",
        .operation = "reportFallbacks",
        .summary = "Say which entries one's client passed over, and why",
        .access = policy::Access::signed_in,
        .query = {},
        .body = {list("items", kMaxFallbacks,
                      {text("entry", 300), choice("cause", wire::kFallbackCauses)})},
        .answer = {204, {}}},
       report_fallbacks},
  };
}

}  // namespace rap::control
