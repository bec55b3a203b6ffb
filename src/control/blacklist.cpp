// The blacklist (CP-4): who and what may not use the data plane. Nodes pull it as deltas.
#include "control/blacklist.hpp"

#include "control/json_reply.hpp"
#include "control/routes.hpp"
#include "policy/blacklist.hpp"
#include "policy/ip_address.hpp"

namespace rap::control {
namespace {

using policy::BlacklistKind;

constexpr std::int64_t kMaxBlacklistDays = 3650;
constexpr std::int64_t kSecondsADay = 86400;

// Users may be named by their email too.
Outcome<std::string> value_of(Transaction& tx, BlacklistKind kind, const std::string& given) {
  if (kind == BlacklistKind::user && given.find('@') != given.npos) {
    const auto user = tx.users().find(given);
    if (!user) {
      return refuse(ProblemCode::user_not_found,
                    "There is no user '" + given + "'; list them to see who there is.");
    }
    return user->id.str();
  }
  auto value = policy::blacklist_value(kind, given);
  if (!value) return refuse(ProblemCode::invalid_member, value.error());
  return std::move(*value);
}

Outcome<Reply> add_entry(Services& s, const Call& call) {
  const auto kind = policy::blacklist_kind_from(call.text("kind")).value_or(BlacklistKind::ip);
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto value = value_of(tx, kind, call.text("value"));
    if (!value) return std::unexpected(value.error());
    BlacklistEntry entry{kind, *value, {}, call.text("reason"), call.now};
    if (const auto span = call.integer("expires_in_s"); span > 0) {
      entry.expires_at = call.now + std::chrono::seconds{span};
    }
    if (!tx.security().add_to_blacklist(entry)) {
      return refuse(ProblemCode::blacklist_full,
                    "The blacklist holds " + std::to_string(kMaxBlacklisted) +
                        " entries, which is all it can. Remove some, or list a block of addresses "
                        "instead of each.");
    }
    AuditEntry audited = call.audit("blacklist.added", to_string(kind), *value, call.text("value"));
    Json detail = {{"reason", entry.reason}};
    if (entry.expires_at) detail["expires_at"] = to_unix(*entry.expires_at);
    audited.detail = detail.dump();
    tx.audit(std::move(audited));
    return reply(to_json(entry));
  });
}

Outcome<Reply> list_entries(Services& s, const Call& call) {
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    return reply_list(tx.security().blacklist(call.now));
  });
}

Outcome<Reply> remove_entry(Services& s, const Call& call) {
  const auto not_listed = [&] {
    return refuse(ProblemCode::blacklist_entry_not_found,
                  "'" + call.path("value") +
                      "' is not on the blacklist in that form; 'rap admin "
                      "blacklist list' shows what is.");
  };
  const auto kind = policy::blacklist_kind_from(call.path("kind"));
  if (!kind) return not_listed();
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto value = value_of(tx, *kind, call.path("value"));
    if (!value || !tx.security().remove_from_blacklist(*kind, *value, call.now)) {
      return not_listed();
    }
    tx.audit(call.audit("blacklist.removed", to_string(*kind), *value, call.path("value")));
    return no_content();
  });
}

}  // namespace

Outcome<void> check_blacklist(Transaction& tx, const Call& call, const std::string& device) {
  const auto address = policy::IpAddress::parse(call.request.peer_ip);
  const auto found = tx.security().find_blacklisted(
      {call.caller->id, DeviceId::parse(device), address ? address->unmapped().str() : ""},
      call.now);
  if (!found) return {};
  constexpr std::string_view kWhat[policy::kBlacklistKinds] = {"the address you come from",
                                                               "this device", "your account"};
  return refuse(ProblemCode::blacklisted, "The platform does not serve " +
                                              std::string(kWhat[static_cast<int>(*found)]) +
                                              ". Ask your administrator.");
}

std::vector<Route> blacklist_routes() {
  using namespace field;
  return {
      {.method = "GET",
       .path = "/api/v1/blacklist",
       .operation = "listBlacklist",
       .summary = "Addresses, devices and users that may not use the data plane",
       .access = policy::Access::platform,
       .query = {},
       .body = {},
       .answer = list_of(blacklist_fields()),
       .handler = list_entries},
      {.method = "POST",
       .path = "/api/v1/blacklist",
       .operation = "addToBlacklist",
       .summary = "Shut an address, a block of them, a device or a user out; live flows end",
       .access = policy::Access::platform,
       .query = {},
       .body = {choice("kind", {"ip", "device", "user"}), text("value"),
                integer("expires_in_s", 1, kMaxBlacklistDays * kSecondsADay).optional(),
                text("reason", kMaxBlacklistReason).optional()},
       .answer = {201, blacklist_fields()},
       .handler = add_entry},
      {.method = "DELETE",
       .path = "/api/v1/blacklist/{kind}/{value}",
       .operation = "removeFromBlacklist",
       .summary = "Let one in again",
       .access = policy::Access::platform,
       .query = {},
       .body = {},
       .answer = {204, {}},
       .handler = remove_entry},
  };
}

}  // namespace rap::control
