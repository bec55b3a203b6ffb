// rap admin users.
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "client/admin/admin_groups.hpp"
#include "client/admin/targets.hpp"
#include "client/api/api_types.hpp"
#include "client/command/confirm.hpp"
#include "client/command/leaf.hpp"
#include "policy/roles.hpp"

namespace rap::client {

namespace {

Fallible<int> create(World& w, ApiClient& api, const Words& a) {
  const auto password = RAP_TRY(read_password(w, a.flag("--password-stdin"), a["EMAIL"]));
  op::CreateUserRequest request{.email = a["EMAIL"], .password = password};
  if (!a["--platform-role"].empty()) request.platform_role = a["--platform-role"];
  return show(w, api.ask(op::create_user(request)), "User " + a["EMAIL"] + " is created.");
}

// What the password is for a person who is read it; with --json the answer as it is.
Fallible<int> reset_password(World& w, ApiClient& api, const Words& a) {
  RAP_TRY(confirm_ending(
      w, a.flag("--yes"),
      [&] {
        return check_other_user(w, api, a["EMAIL"], "change its password with 'rap password'.");
      },
      [&] { return a["EMAIL"] + " is signed out everywhere, and their live connections end."; },
      Unasked::goes_ahead));
  const auto answer = api.ask(op::reset_user_password(a["EMAIL"]));
  if (!answer) return std::unexpected(answer.error());
  const auto set = RAP_TRY(op::as<op::ResetUserPasswordAnswer>(answer));
  return show(w, answer,
              set.password + "\nThis password of " + a["EMAIL"] +
                  " is good for a day and for choosing another at their next 'rap login'.");
}

Fallible<int> disable(World& w, ApiClient& api, const Words& a) {
  RAP_TRY(confirm_ending(
      w, a.flag("--yes"),
      [&] { return check_other_user(w, api, a["EMAIL"], "let another administrator disable it."); },
      [&] {
        return "The sign-ins, sessions and live connections of " + a["EMAIL"] +
               " end. Their memberships and grants wait until the account is enabled.";
      }));
  return show(w, api.ask(op::disable_user(a["EMAIL"])),
              a["EMAIL"] + " is disabled. 'rap admin users enable' takes it back.");
}

Fallible<int> remove(World& w, ApiClient& api, const Words& a) {
  RAP_TRY(confirm_ending(
      w, a.flag("--yes"), [&] { return check_user(api, a["EMAIL"]); },
      [&] {
        return "The account of " + a["EMAIL"] +
               " goes for good, with its memberships, grants, sign-ins, sessions and live "
               "connections; the audit log keeps its name. 'rap admin users disable' can be taken "
               "back.";
      }));
  return show(w, api.ask(op::remove_user(a["EMAIL"])),
              a["EMAIL"] + " is deleted. The address is free for another account.");
}

void add_leaving(CLI::App& group, Invocation& invocation) {
  Leaf(group, invocation, "sign-out", "End everything a user has open; they may sign in again")
      .word("EMAIL", "Their email address")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::sign_out_user(a["EMAIL"])),
                    a["EMAIL"] + " is signed out everywhere.");
      });
  Leaf(group, invocation, "disable", "Shut an account until it is enabled again")
      .word("EMAIL", "Their email address")
      .flag("--yes", kYesHelp)
      .runs(disable);
  Leaf(group, invocation, "enable", "Open a disabled account again, with all it had")
      .word("EMAIL", "Their email address")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::enable_user(a["EMAIL"])), a["EMAIL"] + " may sign in again.");
      });
  Leaf(group, invocation, "delete", "Close an account for good")
      .word("EMAIL", "Their email address")
      .flag("--yes", kYesHelp)
      .runs(remove);
}

}  // namespace

void add_user_commands(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "users", "People who may sign in");
  Leaf(group, invocation, "create", "Create a user")
      .word("EMAIL", "Their email address")
      .flag("--password-stdin", "Read the password from standard input")
      .option("--platform-role", "ROLE", "Make them an administrator of the whole platform")
      .choices(policy::kPlatformRoleNames)
      .runs(create);
  Leaf(group, invocation, "list", "List users").runs([](World& w, ApiClient& api, const Words&) {
    return show_items(w, api.ask(op::list_users()),
                      {{"EMAIL", "/email"},
                       {"PLATFORM ROLE", "/platform_role"},
                       {"DISABLED", "/disabled"},
                       {"NEW PASSWORD BY", "/password_expires_at", Format::time},
                       {"ID", "/id"},
                       {"CREATED", "/created_at", Format::time}},
                      "No users.");
  });
  Leaf(group, invocation, "role", "Give a user another role on the platform")
      .word("EMAIL", "Their email address")
      .word("ROLE", "What they may do on the whole platform")
      .choices(policy::kPlatformRoleNames)
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::update_user(a["EMAIL"], {.platform_role = a["ROLE"]})),
                    a["EMAIL"] + " is " + a["ROLE"] + " of the platform.");
      });
  Leaf(group, invocation, "reset-password",
       "Print a password that is good once, for choosing another")
      .word("EMAIL", "Their email address")
      .flag("--yes", kYesHelp)
      .runs(reset_password);
  add_leaving(group, invocation);
}

}  // namespace rap::client
