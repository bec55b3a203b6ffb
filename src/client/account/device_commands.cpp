#include "client/account/device_commands.hpp"

#include <nlohmann/json.hpp>

#include "client/command/leaf.hpp"
#include "client/core/api_types.hpp"

namespace rap::client {

void add_device_commands(CLI::App& root, Invocation& invocation) {
  CLI::App& group = *add_group(root, "devices", "The installations of rap you signed in with");
  Leaf(group, invocation, "list", "List yours").runs([](World& w, ApiClient& api, const Words&) {
    return show_items(w, api.ask(op::list_own_devices()),
                      {{"ID", "/id"},
                       {"NAME", "/name"},
                       {"FIRST SEEN", "/first_seen", Format::time},
                       {"LAST SIGN-IN", "/last_seen", Format::time},
                       {"APPROVED", "/approved"},
                       {"DISABLED", "/blocked"}},
                      "You signed in with no device yet.");
  });
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
