// rap admin blocklist.
#include <nlohmann/json.hpp>

#include "client/admin/admin_groups.hpp"
#include "client/api/api_types.hpp"
#include "client/command/duration.hpp"
#include "client/command/leaf.hpp"
#include "policy/addresses/blocklist_kind.hpp"

namespace rap::client {

namespace {

Fallible<int> add(World& w, ApiClient& api, const Words& a) {
  op::AddToBlocklistRequest request{.kind = a["KIND"], .value = a["VALUE"]};
  if (const std::string& text = a["--for"]; !text.empty()) {
    const auto span = parse_duration(text);
    if (!span) return fail(ExitCode::usage, "--for takes a span of time such as 30m, 12h or 7d.");
    request.expires_in_s = span->count();
  }
  if (!a["--reason"].empty()) request.reason = a["--reason"];
  return show(w, typed_as(api.ask(op::add_to_blocklist(request)), "expires_in_s", kForInSeconds),
              a["VALUE"] + " is shut out of the data plane; what it has open ends.");
}

Fallible<int> remove(World& w, ApiClient& api, const Words& a) {
  return show(w, api.ask(op::remove_from_blocklist(a["KIND"], a["VALUE"])),
              a["VALUE"] + " is let in again.");
}

Fallible<int> list_blocklisted(World& w, ApiClient& api, const Words&) {
  return show_items(w, api.ask(op::list_blocklist()),
                    {{"KIND", "/kind"},
                     {"VALUE", "/value"},
                     {"UNTIL", "/expires_at", Format::time},
                     {"REASON", "/reason"},
                     {"SINCE", "/changed_at", Format::time}},
                    "Nothing is blocklisted.");
}

}  // namespace

void add_blocklist_commands(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "blocklist", "Who may not use the data plane");
  Leaf(group, invocation, "add", "Shut an address, a device or a user out; live flows end")
      .word("KIND", "What it is")
      .choices(policy::kBlocklistKindNames)
      .word("VALUE", "An IP address or a block like 203.0.113.0/24, a device's id, a user's email")
      .option("--for", "DURATION", "Only this long, such as 12h")
      .option("--reason", "TEXT", "Why; for whoever reads the list")
      .runs(add);
  Leaf(group, invocation, "remove", "Let one in again")
      .word("KIND", "What it is")
      .choices(policy::kBlocklistKindNames)
      .word("VALUE", "As it was added")
      .runs(remove);
  Leaf(group, invocation, "list", "List what is blocklisted").runs(list_blocklisted);
}

}  // namespace rap::client
