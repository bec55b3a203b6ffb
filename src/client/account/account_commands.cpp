#include "client/account/account_commands.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/log/printable.hpp"
#include "base/try.hpp"
#include "client/account/device_commands.hpp"
#include "client/account/invitation_commands.hpp"
#include "client/account/password_commands.hpp"
#include "client/account/sign_in.hpp"
#include "client/api/api_types.hpp"
#include "client/core/profile.hpp"

namespace rap::client {

using nlohmann::json;

namespace {

struct LoginArguments {
  std::string server;
  std::string email;
  bool password_stdin = false;
  std::string ca_fingerprint;
  std::string ca_file;
};

Fallible<int> login(World& world, const LoginArguments& args) {
  const auto known = RAP_TRY(load_profile(world.home));
  const std::string server_text = !args.server.empty() ? args.server : known ? known->server : "";
  const auto server = parse_server(server_text);
  if (!server) {
    return fail(ExitCode::usage, server_text.empty()
                                     ? "Say where to sign in: --server https://HOST[:PORT]."
                                     : "--server takes https://HOST[:PORT].");
  }
  std::string email = !args.email.empty() ? args.email : known ? known->email : "";
  if (email.empty() && world.terminal.interactive()) {
    email = world.terminal.ask("Email: ").value_or("");
  }
  if (email.empty()) return fail(ExitCode::usage, "Say who signs in: --email EMAIL.");

  TrustAnchor anchor;
  if (!args.ca_fingerprint.empty()) anchor.fingerprint = args.ca_fingerprint;
  if (!args.ca_file.empty()) {
    auto pem = RAP_TRY(world.home.read_given(args.ca_file));
    anchor.ca_pem = std::move(pem);
  }
  const auto roots = RAP_TRY(establish_trust(world.home, world.network, world.terminal,
                                             server->authority, anchor, world.err));
  const auto password = RAP_TRY(read_password(world, args.password_stdin, email));
  const auto done = RAP_TRY(sign_in(world.home, world.network, world.terminal, *server, roots,
                                    email, password, world.now));
  const Profile& profile = done.profile;
  json answer = {
      {"server", profile.server}, {"email", profile.email}, {"expires_at", profile.expires_at}};
  std::string sentence = "Signed in to " + profile.server + " as " + profile.email + ".";
  if (done.password_is_temporary) {
    if (world.terminal.interactive() && !args.password_stdin) {
      world.err << "An administrator set your password; choose your own now.\n";
      RAP_TRY(choose_own_password(world, password));
    } else {
      answer["password_change_required"] = true;
      sentence +=
          " An administrator set your password: run 'rap password' to choose your own "
          "before anything else.";
    }
  }
  return show(world, answer, sentence);
}

Fallible<int> logout(World& world) {
  auto account = signed_in(world.home, world.now);
  if (!account) {
    if (account.error().code != ExitCode::not_signed_in) return std::unexpected(account.error());
    return show(world, json::object(), "You were signed out already.");
  }
  // The bearer is forgotten here even when the server cannot be told.
  const auto answer = ApiClient(world.network, *account, world.home).ask(op::sign_out());
  account->profile.token.clear();
  account->profile.expires_at = 0;
  RAP_TRY(save_profile(world.home, account->profile));
  if (!answer && answer.error().code != ExitCode::not_signed_in) {
    return fail(answer.error().code, "Signed out on this machine only: " + answer.error().text);
  }
  return show(world, json::object(), "Signed out.");
}

Fallible<int> whoami(World& world) {
  auto api = RAP_TRY(open_api(world));
  const auto answer = api.ask(op::get_me());
  if (!answer || world.json) return show(world, answer, {});
  const auto me = RAP_TRY(op::as<op::GetMeAnswer>(answer));
  json shown = *answer;
  json& roles = shown["in"] = json::array();
  for (const auto& m : me.memberships) roles.push_back(m.organization.name + " (" + m.role + ")");
  std::vector<Column> rows = {{"Email", "/email"},
                              {"Id", "/id"},
                              {"Platform role", "/platform_role"},
                              {"Device", "/device"},
                              {"Organizations", "/in"}};
  if (me.invitations) rows.push_back({"Invited to", "/invitations"});
  world.out << render_record(rows, shown);
  return 0;
}

// The names of the organizations to list: the one asked for, or all that the person belongs to.
Fallible<std::vector<std::string>> organizations(ApiClient& api, const std::string& wanted) {
  if (!wanted.empty()) return std::vector{wanted};
  const auto me = RAP_TRY(op::as<op::GetMeAnswer>(api.ask(op::get_me())));
  std::vector<std::string> names;
  for (const auto& membership : me.memberships) names.push_back(membership.organization.name);
  return names;
}

Fallible<int> resources(World& world, const std::string& organization, bool only_names) {
  auto api = RAP_TRY(open_api(world));
  const auto names = RAP_TRY(organizations(api, organization));
  json all;
  json& shown = items_of(all);
  std::vector<std::string> open;
  for (const std::string& name : names) {
    auto listed = api.ask(op::list_resources(name));
    const auto resources = RAP_TRY(op::as<op::ListResourcesAnswer>(listed));
    for (const auto& resource : resources.items) {
      if (!resource.disabled) open.push_back(resource.name);
    }
    for (json& item : items_of(*listed)) {
      item["organization"] = name;
      shown.push_back(std::move(item));
    }
  }
  if (only_names && !world.json) {
    for (const std::string& name : open) world.out << printable(name) << "\n";
    return 0;
  }
  return show_items(world, all,
                    {{"NAME", "/name"},
                     {"PROTOCOL", "/protocol"},
                     {"ORGANIZATION", "/organization"},
                     {"DISABLED", "/disabled"}},
                    "No resource is open to you. Ask an administrator of your organization.");
}

}  // namespace

void add_account_commands(CLI::App& root, Invocation& invocation) {
  auto* command = add_command(root, invocation, "login", "Sign in to a platform");
  auto args = std::make_shared<LoginArguments>();
  command
      ->add_option("--server", args->server, "The platform's address; the last one when left out")
      ->type_name("URL");
  command->add_option("--email", args->email, "Who signs in; the last one when left out")
      ->type_name("EMAIL");
  command->add_flag("--password-stdin", args->password_stdin,
                    "Read the password from standard input");
  auto* fingerprint =
      command
          ->add_option("--ca-fingerprint", args->ca_fingerprint,
                       "SHA-256 of the platform's root certificate, as its owner told you")
          ->type_name("HEX");
  command->add_option("--ca-file", args->ca_file, "File with the platform's root certificate")
      ->type_name("PEM")
      ->excludes(fingerprint);
  command->callback(
      [&invocation, args] { invocation.run = [args](World& w) { return login(w, *args); }; });

  add_command(root, invocation, "logout", "Sign out")->callback([&invocation] {
    invocation.run = logout;
  });
  add_password_command(root, invocation);
  add_device_commands(root, invocation);
  add_invitation_commands(root, invocation);
  add_command(root, invocation, "whoami", "Show who is signed in")->callback([&invocation] {
    invocation.run = whoami;
  });

  command = add_command(root, invocation, "resources", "List the resources open to you");
  auto organization = std::make_shared<std::string>();
  auto only_names = std::make_shared<bool>(false);
  command->add_option("--organization", *organization, "Only those of this organization")
      ->type_name("ORG");
  command->add_flag("--names", *only_names,
                    "Print only the names of those that are not disabled, one a line");
  command->callback([&invocation, organization, only_names] {
    invocation.run = [organization, only_names](World& w) {
      return resources(w, *organization, *only_names);
    };
  });
}

}  // namespace rap::client
