// Devices: a person sees and removes theirs; an administrator sees all, and disables, enables and
// approves them. A disabled one is on the blocklist, which nodes enforce.
#include "base/try.hpp"
#include "control/access/blocklist.hpp"
#include "control/access/routes.hpp"
#include "control/http/json_reply.hpp"
#include "control/organizations/told.hpp"
#include "control/people/auth_epoch.hpp"
#include "control/people/bearer.hpp"
#include "control/people/device.hpp"
#include "control/people/user.hpp"

namespace rap::control {
namespace {

using policy::BlocklistKind;

std::unexpected<Problem> no_device(const std::string& given) {
  return refuse(ProblemCode::device_not_found,
                "There is no device '" + given +
                    "'; 'rap devices' lists yours, and 'rap admin devices list' all.");
}

Outcome<Reply> list_own(Database& database, const Call& call) {
  return transact(database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    return reply_list(tx.devices().list(call.caller->id, call.now));
  });
}

// Live flows name no device that could be told apart at once from one that is let in again, so all
// of the person end, as with a new password.
Outcome<Reply> remove_own(Database& database, const Call& call) {
  const auto device = DeviceId::parse(call.path("device"));
  if (!device) return no_device(call.path("device"));
  return transact(database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    const Caller& user = *call.caller;
    if (!tx.devices().remove(user.id, *device)) return no_device(call.path("device"));
    tx.bearers().end_of_device(*device, SignInEnd::device_removed, user.id);
    tx.auth_epochs().bump(user.id, call.now);
    tx.audit(call.audit("device.removed", "device", device->str(), user.email));
    return no_content();
  });
}

Outcome<Reply> list_all(Database& database, const Call& call) {
  return transact(database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    std::optional<UserId> user;
    if (const auto email = call.query("user")) {
      const auto found = tx.users().find(*email);
      if (!found) {
        return refuse(
            ProblemCode::user_not_found,
            "There is no user '" + *email + "'; 'rap admin users list' shows who there is.");
      }
      user = found->id;
    }
    return reply_list(tx.devices().list(user, call.now));
  });
}

// Runs `use` with the device that the path names, once somebody has signed in with it. What is done
// is in the audit log, for each person and their organizations.
template <class Use>
Outcome<Reply> with_device(Database& database, const Call& call, std::string_view action, Use use) {
  const auto device = DeviceId::parse(call.path("device"));
  if (!device) return no_device(call.path("device"));
  return transact(database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto before = tx.devices().find_locked(*device, call.now);
    if (before.empty()) return no_device(call.path("device"));
    RAP_TRY(use(tx, *device));
    for (const Device& of : before) {
      audit_with_organizations(
          tx, call.audit(action, "device", device->str(), of.name).with({{"user", of.user_email}}),
          of.user);
    }
    return reply_list(tx.devices().find_locked(*device, call.now));
  });
}

Outcome<Reply> disable(Database& database, const Call& call) {
  if (call.caller->device && call.caller->device->str() == call.path("device")) {
    return refuse(ProblemCode::yourself,
                  "This is the device you work on; disable it from another one.");
  }
  return with_device(
      database, call, "device.disabled", [&](Transaction& tx, DeviceId device) -> Outcome<void> {
        return list_entry(tx,
                          {BlocklistKind::device, device.str(), {}, call.text("reason"), call.now});
      });
}

Outcome<Reply> enable(Database& database, const Call& call) {
  return with_device(database, call, "device.enabled",
                     [&](Transaction& tx, DeviceId device) -> Outcome<void> {
                       tx.blocklist().remove(BlocklistKind::device, device.str(), call.now);
                       return {};
                     });
}

// Who knows the id of somebody's device has no part in its key, but a key may wait for many people:
// whom it is approved for is said by name.
Outcome<Reply> approve(Database& database, const Call& call) {
  const auto device = DeviceId::parse(call.path("device"));
  if (!device) return no_device(call.path("device"));
  return transact(database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto user = tx.users().find(call.text("user"));
    if (!user || !tx.devices().approve(user->id, *device, call.now)) {
      return refuse(ProblemCode::device_not_found,
                    "'" + call.text("user") + "' never signed in on the device '" + device->str() +
                        "'; 'rap admin devices list' shows who did.");
    }
    audit_with_organizations(tx,
                             call.audit("device.approved", "device", device->str(), user->email)
                                 .with({{"user", user->email}}),
                             user->id);
    return reply_list(tx.devices().find_locked(*device, call.now));
  });
}

}  // namespace

std::vector<RouteOf<Database>> device_routes() {
  using namespace field;
  return {
      {{.method = "GET",
        .path = "/api/v1/me/devices",
        .operation = "listOwnDevices",
        .summary = "The devices one signed in with",
        .access = policy::Access::signed_in,
        .query = {},
        .body = {},
        .answer = list_of(device_fields())},
       list_own},
      {{.method = "DELETE",
        .path = "/api/v1/me/devices/{device}",
        .operation = "removeOwnDevice",
        .summary = "Forget a device of one's own: its sign-ins end, and all one's live flows",
        .access = policy::Access::signed_in,
        .query = {},
        .body = {},
        .answer = {204, {}}},
       remove_own},
      {{.method = "GET",
        .path = "/api/v1/devices",
        .operation = "listDevices",
        .summary = "The devices that people signed in with",
        .access = policy::Access::platform,
        .query = {email("user").optional()},
        .body = {},
        .answer = list_of(device_fields())},
       list_all},
      {{.method = "POST",
        .path = "/api/v1/devices/{device}/disable",
        .operation = "disableDevice",
        .summary = "Put a device on the blocklist: its sign-ins and live flows end, and it signs "
                   "in no more",
        .access = policy::Access::platform,
        .query = {},
        .body = {text("reason", kMaxBlocklistReason).optional()},
        .answer = list_of(device_fields())},
       disable},
      {{.method = "POST",
        .path = "/api/v1/devices/{device}/enable",
        .operation = "enableDevice",
        .summary = "Take a device off the blocklist; it may sign in again",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = list_of(device_fields())},
       enable},
      {{.method = "POST",
        .path = "/api/v1/devices/{device}/approve",
        .operation = "approveDevice",
        .summary = "Let one person sign in on a device where unknown ones may not; whoever else "
                   "waits with the same key goes on waiting",
        .access = policy::Access::platform,
        .query = {},
        .body = {email("user")},
        .answer = list_of(device_fields())},
       approve},
  };
}

}  // namespace rap::control
