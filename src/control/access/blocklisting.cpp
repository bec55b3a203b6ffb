// Shutting somebody or something out of the data plane, and letting them in again. Nodes pull the
// blocklist as deltas (link/pulls/deltas.cpp).
#include "base/try.hpp"
#include "control/access/blocklist.hpp"
#include "control/access/routes.hpp"
#include "control/http/json_reply.hpp"
#include "control/people/bearer.hpp"
#include "control/people/device.hpp"
#include "control/people/user.hpp"

namespace rap::control {
namespace {

using policy::BlocklistKind;

constexpr std::int64_t kMaxBlocklistDays = 3650;
constexpr std::int64_t kSecondsADay = 86400;

// Users may be named by their email too.
Outcome<std::string> value_of(Transaction& tx, BlocklistKind kind, const std::string& given) {
  if (kind == BlocklistKind::user && given.find('@') != given.npos) {
    const auto user = tx.users().find(given);
    if (!user) {
      return refuse(ProblemCode::user_not_found,
                    "There is no user '" + given + "'; 'rap admin users list' shows who there is.");
    }
    return user->id.str();
  }
  auto value = policy::blocklist_value(kind, given);
  if (!value) return refuse(ProblemCode::invalid_member, value.error());
  return std::move(*value);
}

Outcome<Reply> add_entry(Database& database, const Call& call) {
  const auto kind = policy::blocklist_kind_from(call.text("kind")).value_or(BlocklistKind::ip);
  return transact(database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto value = RAP_TRY(value_of(tx, kind, call.text("value")));
    BlocklistEntry entry{kind, value, {}, call.text("reason"), call.now};
    if (const auto span = call.integer("expires_in_s"); span > 0) {
      entry.expires_at = call.now + std::chrono::seconds{span};
    }
    RAP_TRY(list_entry(tx, entry));
    AuditEntry audited = call.audit("blocklist.added", to_string(kind), value, call.text("value"));
    Json detail = {{"reason", entry.reason}};
    if (entry.expires_at) detail["expires_at"] = to_unix(*entry.expires_at);
    audited.detail = detail.dump();
    tx.audit(std::move(audited));
    return reply(to_json(entry));
  });
}

Outcome<Reply> list_entries(Database& database, const Call& call) {
  return transact(database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    return reply_list(tx.blocklist().list(call.now));
  });
}

Outcome<Reply> remove_entry(Database& database, const Call& call) {
  const auto not_listed = [&] {
    return refuse(ProblemCode::blocklist_entry_not_found,
                  "'" + call.path("value") +
                      "' is not on the blocklist in that form; 'rap admin "
                      "blocklist list' shows what is.");
  };
  const auto kind = policy::blocklist_kind_from(call.path("kind"));
  if (!kind) return not_listed();
  return transact(database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto value = value_of(tx, *kind, call.path("value"));
    if (!value || !tx.blocklist().remove(*kind, *value, call.now)) {
      return not_listed();
    }
    tx.audit(call.audit("blocklist.removed", to_string(*kind), *value, call.path("value")));
    return no_content();
  });
}

}  // namespace

Outcome<void> list_entry(Transaction& tx, const BlocklistEntry& entry) {
  if (!tx.blocklist().add(entry)) {
    return refuse(ProblemCode::blocklist_full,
                  "The blocklist holds " + std::to_string(kMaxBlocklisted) +
                      " entries, which is all it can. Remove some, or list a block of addresses "
                      "instead of each.");
  }
  if (const auto device = DeviceId::parse(entry.value);
      device && entry.kind == BlocklistKind::device) {
    // A sign-in that is under way is waited for, and ended with the others.
    tx.devices().lock(*device);
    tx.bearers().end_of_device(*device, SignInEnd::device_blocked);
  }
  return {};
}

std::vector<RouteOf<Database>> blocklist_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/blocklist",
        .operation = "listBlocklist",
        .summary = "Addresses, devices and users that may not use the data plane",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = list_of(blocklist_fields())},
       list_entries},
      {{.method = "POST",
        .path = "/api/v1/blocklist",
        .operation = "addToBlocklist",
        .summary = "Shut an address, a block of them, a device or a user out; live flows end",
        .access = policy::Access::platform,
        .query = {},
        .body = {choice("kind", policy::kBlocklistKindNames), text("value"),
                 integer("expires_in_s", 1, kMaxBlocklistDays * kSecondsADay).optional(),
                 text("reason", kMaxBlocklistReason).optional()},
        .answer = {201, blocklist_fields()}},
       add_entry},
      {{.method = "DELETE",
        .path = "/api/v1/blocklist/{kind}/{value}",
        .operation = "removeFromBlocklist",
        .summary = "Let one in again",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       remove_entry},
  };
}

}  // namespace rap::control
