// Reading the audit log.
#include <charconv>

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "control/core/listing.hpp"
#include "control/entrance/routes.hpp"
#include "control/http/json_reply.hpp"
#include "control/organizations/delegations/organization_access.hpp"

namespace rap::control {
namespace {

constexpr std::int64_t kDefaultEntries = 200;

Fields audit_fields() {
  using namespace field;
  return {count("seq"),
          time("at"),
          uuid("organization_id").optional(),
          object("actor", {choice("kind", kActorKinds), text("id"), text("name")}),
          text("action"),
          object("target", {text("kind"), text("id"), text("name")}),
          choice("outcome", kAuditOutcomes),
          text("source_ip"),
          of("detail", FieldType::free_object),
          of("hash", FieldType::sha256_hex)};
}

}  // namespace

// reply_list() finds it by the type of its argument, so it is not in the unnamed namespace.
static Json to_json(const AuditEntry& e) {
  Json out = {{"seq", e.seq},
              {"at", to_unix(e.at)},
              {"actor", {{"kind", e.actor_kind}, {"id", e.actor_id}, {"name", e.actor_name}}},
              {"action", e.action},
              {"target", {{"kind", e.target_kind}, {"id", e.target_id}, {"name", e.target_name}}},
              {"outcome", e.outcome},
              {"source_ip", e.source_ip},
              {"detail", parse_stored(e.detail)},
              {"hash", to_hex(e.hash)}};
  if (e.organization) out["organization_id"] = e.organization->str();
  return out;
}

namespace {

std::optional<std::int64_t> number(const Call& call, std::string_view name) {
  const auto text = call.query(name);
  if (!text) return std::nullopt;
  std::int64_t n = 0;
  std::from_chars(text->data(), text->data() + text->size(), n);
  return n;
}

Outcome<Reply> list_audit(Database& database, const Call& call) {
  AuditFilter filter;
  filter.limit = static_cast<std::size_t>(number(call, "limit").value_or(kDefaultEntries));
  if (const auto before = number(call, "before")) {
    filter.before = static_cast<std::uint64_t>(*before);
  }
  Scope scope = Scope::platform();
  if (const auto key = call.query("organization")) {
    const auto organization = RAP_TRY(enter_organization(
        database, *call.caller, *key, policy::Access::organization_manager, call.now));
    scope = Scope::organization(organization.id);
    filter.organization = organization.id;
  } else if (!call.is_platform()) {
    return refuse(ProblemCode::forbidden,
                  "Name one of the organizations you manage with '?organization='.");
  } else {
    filter.platform_only = !call.is_platform_owner();
  }
  return transact(database, scope, [&](Transaction& tx) -> Outcome<Reply> {
    return reply_list(tx.audit_log().list(filter));
  });
}

Outcome<Reply> verify_audit(Database& database, const Call&) {
  return transact(database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    const AuditVerdict verdict = tx.audit_log().verify();
    Json body = {{"ok", !verdict.first_broken.has_value()},
                 {"entries", verdict.entries},
                 {"head", to_hex(verdict.head)}};
    if (verdict.first_broken) body["first_broken"] = *verdict.first_broken;
    return reply(body);
  });
}

}  // namespace

std::vector<RouteOf<Database>> audit_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/audit",
        .operation = "listAudit",
        .summary = "What was done, newest first: an organization's, or the platform's own",
        .access = policy::Access::signed_in,
        .query = {key("organization").optional(), count("before").optional(),
                  integer("limit", 1, static_cast<std::int64_t>(kMaxListed)).optional()},
        .body = {},
        .answer = list_of(audit_fields())},
       list_audit},
      {{.method = "GET",
        .path = "/api/v1/audit/verify",
        .operation = "verifyAudit",
        .summary = "Recompute the hash chain and name the first entry that does not fit",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {200,
                   {of("ok", FieldType::boolean), count("entries"),
                    of("head", FieldType::sha256_hex), count("first_broken").optional()}}},
       verify_audit},
  };
}

}  // namespace rap::control
