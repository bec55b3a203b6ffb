#include "client/account/device_commands.hpp"

#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "client/api/api_types.hpp"
#include "client/command/leaf.hpp"

namespace rap::client {
namespace {

// Which of them this installation is, nobody could tell by a name that two may have.
Fallible<int> list_own(World& w, ApiClient& api, const Words&) {
  const auto account = RAP_TRY(signed_in(w.home, w.now));
  auto answer = api.ask(op::list_own_devices());
  const auto devices = op::as<op::ListOwnDevicesAnswer>(answer);
  if (!devices) return std::unexpected(devices.error());
  for (std::size_t i = 0; !w.json && account.device && i < devices->items.size(); ++i) {
    const auto& device = devices->items[i];
    if (device.id != account.device->id().str()) continue;
    items_of(*answer)[i]["name"] = device.name + " (this one)";
  }
  return show_items(w, answer,
                    {{"ID", "/id"},
                     {"NAME", "/name"},
                     {"FIRST SEEN", "/first_seen", Format::time},
                     {"LAST SIGN-IN", "/last_seen", Format::time},
                     {"APPROVED", "/approved"},
                     {"DISABLED", "/blocked"}},
                    "You signed in with no device yet.");
}

}  // namespace

void add_device_commands(CLI::App& root, Invocation& invocation) {
  CLI::App& group = *add_group(root, "devices", "The installations of rap you signed in with");
  Leaf(group, invocation, "list", "List yours").runs(list_own);
  Leaf(group, invocation, "remove",
       "Forget one that is lost: its sign-ins end, and all your live connections")
      .word("DEVICE", "Its id")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::remove_own_device(a["DEVICE"])),
                    a["DEVICE"] +
                        " is signed out and forgotten. Whoever has it and knows your password may "
                        "sign in again: have it disabled if it was stolen.");
      });
}

}  // namespace rap::client
