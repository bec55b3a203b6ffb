// rap admin devices.
#include <nlohmann/json.hpp>

#include "client/admin/admin_groups.hpp"
#include "client/api/api_types.hpp"
#include "client/command/leaf.hpp"

namespace rap::client {

namespace {

Fallible<int> list_devices(World& w, ApiClient& api, const Words& a) {
  op::ListDevicesQuery query;
  if (!a["--user"].empty()) query.user = a["--user"];
  return show_items(w, api.ask(op::list_devices(query)),
                    {{"ID", "/id"},
                     {"USER", "/user"},
                     {"NAME", "/name"},
                     {"FIRST SEEN", "/first_seen", Format::time},
                     {"LAST SIGN-IN", "/last_seen", Format::time},
                     {"APPROVED", "/approved"},
                     {"DISABLED", "/blocked"}},
                    "Nobody signed in with a device yet.");
}

Fallible<int> disable(World& w, ApiClient& api, const Words& a) {
  op::DisableDeviceRequest request;
  if (!a["--reason"].empty()) request.reason = a["--reason"];
  return show(w, api.ask(op::disable_device(a["DEVICE"], request)),
              a["DEVICE"] + " is signed out and signs in no more; what it has open ends.");
}

Fallible<int> enable(World& w, ApiClient& api, const Words& a) {
  return show(w, api.ask(op::enable_device(a["DEVICE"])), a["DEVICE"] + " may sign in again.");
}

Fallible<int> approve(World& w, ApiClient& api, const Words& a) {
  return show(w, api.ask(op::approve_device(a["DEVICE"], {.user = a["EMAIL"]})),
              a["DEVICE"] + " is approved for " + a["EMAIL"] + ".");
}

}  // namespace

void add_device_groups(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "devices", "The installations of rap that people use");
  Leaf(group, invocation, "list", "List devices, the latest sign-in first")
      .option("--user", "EMAIL", "Only those of this person")
      .runs(list_devices);
  Leaf(group, invocation, "disable", "Shut a device out: its sign-ins and live flows end")
      .word("DEVICE", "Its id")
      .option("--reason", "TEXT", "Why; for whoever reads the blocklist")
      .runs(disable);
  Leaf(group, invocation, "enable", "Let a disabled device in again")
      .word("DEVICE", "Its id")
      .runs(enable);
  Leaf(group, invocation, "approve",
       "Let a person sign in on a new device, where unknown ones may not")
      .word("DEVICE", "Its id")
      .word("EMAIL", "Who signs in on it; others who wait with the same key go on waiting")
      .runs(approve);
}

}  // namespace rap::client
