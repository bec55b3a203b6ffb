// rap admin organizations, members, invitations.
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "client/admin/admin_groups.hpp"
#include "client/admin/consequences.hpp"
#include "client/admin/targets.hpp"
#include "client/api/api_types.hpp"
#include "client/command/confirm.hpp"
#include "client/command/leaf.hpp"
#include "policy/roles.hpp"

namespace rap::client {

namespace {

void add_organizations(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "organizations", "Organizations of the platform");
  Leaf(group, invocation, "create", "Create an organization")
      .word("NAME", "Its name")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::create_organization({.name = a["NAME"]})),
                    "Organization " + a["NAME"] + " is created.");
      });
  Leaf(group, invocation, "list", "List organizations")
      .runs([](World& w, ApiClient& api, const Words&) {
        return show_items(w, api.ask(op::list_organizations()),
                          {{"NAME", "/name"},
                           {"DISABLED", "/disabled"},
                           {"ID", "/id"},
                           {"CREATED", "/created_at", Format::time}},
                          "No organizations. Create one with 'rap admin organizations create'.");
      });
  Leaf(group, invocation, "rename", "Give an organization another name")
      .word("ORG", "The organization")
      .word("NAME", "Its new name")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::rename_organization(a["ORG"], {.name = a["NAME"]})),
                    a["ORG"] + " is called " + a["NAME"] + " now.");
      });
  Leaf(group, invocation, "disable", "Shut an organization until it is enabled again")
      .word("ORG", "The organization")
      .flag("--yes", kYesHelp)
      .runs([](World& w, ApiClient& api, const Words& a) -> Fallible<int> {
        RAP_TRY(confirm_ending(
            w, a.flag("--yes"), [&] { return check_organization(api, a["ORG"]); },
            [&] {
              return "Nobody of " + a["ORG"] + " reaches anything of it any more: " +
                     sessions_that_end(api, {a["ORG"], {}, {}}) +
                     " Its people, resources and grants wait until it is enabled.";
            }));
        return show(w, api.ask(op::disable_organization(a["ORG"])),
                    a["ORG"] + " is disabled. 'rap admin organizations enable' takes it back.");
      });
  Leaf(group, invocation, "enable", "Open a disabled organization again")
      .word("ORG", "The organization")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::enable_organization(a["ORG"])), a["ORG"] + " is enabled.");
      });
  Leaf(group, invocation, "delete", "Delete an organization without resources and pools")
      .word("ORG", "The organization")
      .flag("--yes", kYesHelp)
      .runs([](World& w, ApiClient& api, const Words& a) -> Fallible<int> {
        RAP_TRY(confirm_ending(
            w, a.flag("--yes"), [&] { return check_organization(api, a["ORG"]); },
            [&] {
              return a["ORG"] + " goes for good: " + memberships_that_end(api, a["ORG"]) +
                     " The audit log keeps its name.";
            }));
        return show(w, api.ask(op::remove_organization(a["ORG"])),
                    a["ORG"] + " is deleted. The name is free for another.");
      });
}

Fallible<int> add_member(World& w, ApiClient& api, const Words& a) {
  const auto answer = api.ask(op::put_member(a["ORG"], {.email = a["EMAIL"], .role = a["--role"]}));
  const auto member = RAP_TRY(op::as<op::PutMemberAnswer>(answer));
  const bool invited = member.state == "invited";
  const std::string as = a["--role"] + " of " + a["ORG"];
  return show(w, answer,
              invited
                  ? a["EMAIL"] + " is invited as " + as +
                        ". Whoever has an account with that address accepts with 'rap invitations "
                        "accept " +
                        a["ORG"] + "'."
                  : a["EMAIL"] + " is " + as + "." +
                        (member.disabled.value_or(false)
                             ? " The membership is disabled; 'rap admin members enable' opens it."
                             : ""));
}

void add_members(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "members", "Who belongs to an organization");
  Leaf(group, invocation, "add", "Invite somebody, or change a member's role")
      .word("ORG", "The organization")
      .word("EMAIL", "Their address")
      .option("--role", "ROLE", "What they may do in the organization")
      .required()
      .choices(policy::kMemberRoleNames)
      .runs(add_member);
  Leaf(group, invocation, "list", "List the members of an organization")
      .word("ORG", "The organization")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show_items(w, api.ask(op::list_members(a["ORG"])),
                          {{"EMAIL", "/email"},
                           {"ROLE", "/role"},
                           {"DISABLED", "/disabled"},
                           {"SINCE", "/created_at", Format::time}},
                          "No members.");
      });
  Leaf(group, invocation, "disable", "Shut a membership until it is enabled again")
      .word("ORG", "The organization")
      .word("EMAIL", "The user")
      .flag("--yes", kYesHelp)
      .runs([](World& w, ApiClient& api, const Words& a) -> Fallible<int> {
        RAP_TRY(confirm_ending(
            w, a.flag("--yes"), [&] { return check_member(api, a["ORG"], a["EMAIL"]); },
            [&] {
              return a["EMAIL"] + " reaches nothing of " + a["ORG"] +
                     " any more: " + sessions_that_end(api, {a["ORG"], {}, a["EMAIL"]}) +
                     " Their role and grants wait; what they delegated ends.";
            },
            Unasked::goes_ahead));
        return show(w, api.ask(op::disable_member(a["ORG"], a["EMAIL"])),
                    a["EMAIL"] + " is shut out of " + a["ORG"] +
                        ". 'rap admin members enable' takes it back.");
      });
  Leaf(group, invocation, "enable", "Open a disabled membership again")
      .word("ORG", "The organization")
      .word("EMAIL", "The user")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::enable_member(a["ORG"], a["EMAIL"])),
                    a["EMAIL"] + " has their role and grants in " + a["ORG"] + " again.");
      });
  Leaf(group, invocation, "remove", "End a membership")
      .word("ORG", "The organization")
      .word("EMAIL", "The user")
      .flag("--yes", kYesHelp)
      .runs([](World& w, ApiClient& api, const Words& a) -> Fallible<int> {
        RAP_TRY(confirm_ending(
            w, a.flag("--yes"), [&] { return check_member(api, a["ORG"], a["EMAIL"]); },
            [&] {
              return "The grants of " + a["EMAIL"] + " in " + a["ORG"] + " go, and " +
                     sessions_that_end(api, {a["ORG"], {}, a["EMAIL"]});
            },
            Unasked::goes_ahead));
        return show(w, api.ask(op::remove_member(a["ORG"], a["EMAIL"])),
                    a["EMAIL"] + " is no member of " + a["ORG"] + " any more.");
      });
}

void add_invitations(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "invitations", "Who is invited to an organization");
  Leaf(group, invocation, "list", "List those who have not accepted yet")
      .word("ORG", "The organization")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show_items(w, api.ask(op::list_invitations(a["ORG"])),
                          {{"EMAIL", "/email"},
                           {"ROLE", "/role"},
                           {"INVITED BY", "/created_by"},
                           {"UNTIL", "/expires_at", Format::time}},
                          "No invitation waits. 'rap admin members add' makes one.");
      });
  Leaf(group, invocation, "withdraw", "Withdraw an invitation")
      .word("ORG", "The organization")
      .word("EMAIL", "The address")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::withdraw_invitation(a["ORG"], a["EMAIL"])),
                    a["EMAIL"] + " is not invited to " + a["ORG"] + " any more.");
      });
}

}  // namespace

void add_organization_commands(CLI::App& admin, Invocation& invocation) {
  add_organizations(admin, invocation);
  add_members(admin, invocation);
  add_invitations(admin, invocation);
}

}  // namespace rap::client
