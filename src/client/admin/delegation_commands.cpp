// rap admin delegations.
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "client/admin/admin_groups.hpp"
#include "client/api/api_types.hpp"
#include "client/command/confirm.hpp"
#include "client/command/duration.hpp"
#include "client/command/leaf.hpp"
#include "policy/delegated_rights.hpp"

namespace rap::client {

namespace {

constexpr const char* kOrganizationHelp = "Of this organization; without it, of the platform";

// What whoever gives it away should know before.
std::string meaning(const Words& a) {
  const std::string& org = a["--organization"];
  const std::string& who = a["EMAIL"];
  if (a["RIGHT"] == to_string(policy::DelegatedRight::manage)) {
    return who + " may do in " + org +
           " what an organization_admin may: see and change its people, resources and grants.";
  }
  if (org.empty()) return who + " may let hosts become nodes of the platform.";
  return who + " may put nodes into the path of " + org +
         ", and let its hosts become nodes: whoever runs an egress sees what it carries.";
}

Fallible<int> add_delegation(World& w, ApiClient& api, const Words& a) {
  std::optional<std::int64_t> ttl_s;
  if (const std::string& text = a["--for"]; !text.empty()) {
    const auto lifetime = parse_duration(text);
    if (!lifetime)
      return fail(ExitCode::usage, "--for takes a span of time such as 30m, 8h or 7d.");
    ttl_s = lifetime->count();
  }
  const std::string& org = a["--organization"];
  const bool of_platform = a["RIGHT"] == to_string(policy::DelegatedRight::approve_nodes);
  if (org.empty() && !of_platform) {
    return fail(ExitCode::usage, "'" + a["RIGHT"] +
                                     "' is a right in an organization: name it with "
                                     "--organization.");
  }
  RAP_TRY(confirm(w, a.flag("--yes"), meaning(a), Unasked::goes_ahead));
  const std::string until = ". 'rap admin delegations list" +
                            (org.empty() ? "" : " --organization " + org) + "' shows until when.";
  const std::string said = a["EMAIL"] + " has the right '" + a["RIGHT"] + "'" + until;
  if (org.empty()) {
    return show(
        w,
        typed_as(
            api.ask(op::add_delegation({.email = a["EMAIL"], .right = a["RIGHT"], .ttl_s = ttl_s})),
            "ttl_s", kForInSeconds),
        said);
  }
  return show(w,
              typed_as(api.ask(op::add_organization_delegation(
                           org, {.email = a["EMAIL"], .right = a["RIGHT"], .ttl_s = ttl_s})),
                       "ttl_s", kForInSeconds),
              said);
}

Fallible<int> remove_delegation(World& w, ApiClient& api, const Words& a) {
  const std::string& org = a["--organization"];
  const auto answer =
      org.empty() ? api.ask(op::remove_delegation(a["EMAIL"], a["RIGHT"]))
                  : api.ask(op::remove_organization_delegation(org, a["EMAIL"], a["RIGHT"]));
  return show(w, answer,
              a["EMAIL"] + " has the right '" + a["RIGHT"] +
                  "' no more. What was done with it stays: " +
                  (org.empty() ? "'rap admin audit list'"
                               : "'rap admin audit list --organization " + org + "'") +
                  " shows it.");
}

Fallible<int> list_delegations(World& w, ApiClient& api, const Words& a) {
  const std::string& org = a["--organization"];
  return show_items(w,
                    org.empty() ? api.ask(op::list_delegations())
                                : api.ask(op::list_organization_delegations(org)),
                    {{"EMAIL", "/email"},
                     {"RIGHT", "/right"},
                     {"UNTIL", "/expires_at", Format::time},
                     {"BY", "/created_by"},
                     {"SINCE", "/created_at", Format::time}},
                    "No delegations.");
}

}  // namespace

void add_delegation_commands(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "delegations",
                               "What owners let administrators of the platform do, for a time");
  Leaf(group, invocation, "add", "Let an administrator of the platform act for its owner")
      .word("EMAIL", "The platform_admin")
      .word("RIGHT", "approve_nodes, or in an organization also manage")
      .choices(policy::kDelegatedRightNames)
      .option("--organization", "ORG", kOrganizationHelp)
      .option("--for", "DURATION", "How long, such as 30m, 8h or 7d (default: 1d; at most 30d)")
      .flag("--yes", kYesHelp)
      .runs(add_delegation);
  Leaf(group, invocation, "remove", "Take a right back, at once")
      .word("EMAIL", "Who has it")
      .word("RIGHT", "Which right")
      .choices(policy::kDelegatedRightNames)
      .option("--organization", "ORG", kOrganizationHelp)
      .runs(remove_delegation);
  Leaf(group, invocation, "list", "List who has which right, until when")
      .option("--organization", "ORG", kOrganizationHelp)
      .runs(list_delegations);
}

}  // namespace rap::client
