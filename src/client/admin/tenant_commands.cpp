// rap admin organizations, users, members, pools, resources, grants.
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "client/admin/admin_groups.hpp"
#include "client/command/leaf.hpp"
#include "client/core/api_types.hpp"
#include "policy/protocols.hpp"
#include "policy/roles.hpp"

namespace rap::client {

namespace {

constexpr unsigned kMaxPort = 65535;

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
        return show_items(
            w, api.ask(op::list_organizations()),
            {{"NAME", "/name"}, {"ID", "/id"}, {"CREATED", "/created_at", Format::time}},
            "No organizations. Create one with 'rap admin organizations create'.");
      });
}

void add_users(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "users", "People who may sign in");
  Leaf(group, invocation, "create", "Create a user")
      .word("EMAIL", "Their email address")
      .flag("--password-stdin", "Read the password from standard input")
      .option("--platform-role", "ROLE", "Make them an administrator of the whole platform")
      .choices(policy::kPlatformRoleNames)
      .runs([](World& w, ApiClient& api, const Words& a) -> Fallible<int> {
        const auto password = RAP_TRY(read_password(w, a.flag("--password-stdin"), a["EMAIL"]));
        op::CreateUserRequest request{.email = a["EMAIL"], .password = password};
        if (!a["--platform-role"].empty()) request.platform_role = a["--platform-role"];
        return show(w, api.ask(op::create_user(request)), "User " + a["EMAIL"] + " is created.");
      });
  Leaf(group, invocation, "sign-out", "End everything a user has open; they may sign in again")
      .word("EMAIL", "Their email address")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::sign_out_user(a["EMAIL"])),
                    a["EMAIL"] + " is signed out everywhere.");
      });
  Leaf(group, invocation, "list", "List users").runs([](World& w, ApiClient& api, const Words&) {
    return show_items(w, api.ask(op::list_users()),
                      {{"EMAIL", "/email"},
                       {"PLATFORM ROLE", "/platform_role"},
                       {"DISABLED", "/disabled"},
                       {"ID", "/id"},
                       {"CREATED", "/created_at", Format::time}},
                      "No users.");
  });
}

void add_members(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "members", "Who belongs to an organization");
  Leaf(group, invocation, "add", "Make a user a member, or change their role")
      .word("ORG", "The organization")
      .word("EMAIL", "The user")
      .option("--role", "ROLE", "What they may do in the organization")
      .required()
      .choices(policy::kMemberRoleNames)
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w,
                    api.ask(op::put_member(a["ORG"], {.email = a["EMAIL"], .role = a["--role"]})),
                    a["EMAIL"] + " is " + a["--role"] + " of " + a["ORG"] + ".");
      });
  Leaf(group, invocation, "list", "List the members of an organization")
      .word("ORG", "The organization")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show_items(
            w, api.ask(op::list_members(a["ORG"])),
            {{"EMAIL", "/email"}, {"ROLE", "/role"}, {"SINCE", "/created_at", Format::time}},
            "No members.");
      });
  Leaf(group, invocation, "remove", "End a membership")
      .word("ORG", "The organization")
      .word("EMAIL", "The user")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::remove_member(a["ORG"], a["EMAIL"])),
                    a["EMAIL"] + " is no member of " + a["ORG"] + " any more.");
      });
}

void add_pools(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "pools", "Egress pools: where traffic leaves the fabric");
  Leaf(group, invocation, "create", "Create an egress pool")
      .word("ORG", "The organization")
      .word("NAME", "Its name")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::create_egress_pool(a["ORG"], {.name = a["NAME"]})),
                    "Egress pool " + a["NAME"] + " is created.");
      });
  Leaf(group, invocation, "list", "List the egress pools of an organization")
      .word("ORG", "The organization")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show_items(w, api.ask(op::list_egress_pools(a["ORG"])),
                          {{"NAME", "/name"},
                           {"NODES", "/nodes"},
                           {"ID", "/id"},
                           {"CREATED", "/created_at", Format::time}},
                          "No egress pools.");
      });
  Leaf(group, invocation, "add-node", "Let a node serve an egress pool")
      .word("ORG", "The organization")
      .word("POOL", "The egress pool")
      .word("NODE", "Name or id of the node")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::add_egress_pool_node(a["ORG"], a["POOL"], a["NODE"])),
                    a["NODE"] + " serves " + a["POOL"] + ".");
      });
}

Fallible<int> create_resource(World& w, ApiClient& api, const Words& a) {
  const std::string& text = a["--port"];
  unsigned port = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || port == 0 ||
      port > kMaxPort) {
    return fail(ExitCode::usage, "--port takes a number from 1 to 65535.");
  }
  op::CreateResourceRequest request{.egress_pool = a["--pool"],
                                    .host = a["--host"],
                                    .name = a["NAME"],
                                    .port = port,
                                    .protocol = a["--protocol"]};
  if (!a["--ssh-host-key"].empty()) request.ssh_host_key = a["--ssh-host-key"];
  return show(w, api.ask(op::create_resource(a["ORG"], request)),
              "Resource " + a["NAME"] +
                  " is created. Open it to people with 'rap admin grants "
                  "add'.");
}

void add_resources(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "resources", "What can be reached");
  Leaf(group, invocation, "create", "Create a resource")
      .word("ORG", "The organization")
      .word("NAME", "Its name")
      .option("--protocol", "PROTOCOL", "What it speaks")
      .required()
      .choices(policy::protocol_names())
      .option("--host", "HOST", "Its address, as the egress nodes see it")
      .required()
      .option("--port", "PORT", "Its port")
      .required()
      .option("--pool", "POOL", "The egress pool that leads there")
      .required()
      .option("--ssh-host-key", "KEY", "The only host key to accept: \"ssh-ed25519 AAAA…\"")
      .runs(create_resource);
  Leaf(group, invocation, "list", "List the resources of an organization")
      .word("ORG", "The organization")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show_items(w, api.ask(op::list_resources(a["ORG"])),
                          {{"NAME", "/name"},
                           {"PROTOCOL", "/protocol"},
                           {"HOST", "/host"},
                           {"PORT", "/port"},
                           {"POOL", "/egress_pool/name"},
                           {"ID", "/id"}},
                          "No resources.");
      });
  Leaf(group, invocation, "delete", "Delete a resource")
      .word("ORG", "The organization")
      .word("NAME", "The resource")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::remove_resource(a["ORG"], a["NAME"])),
                    "Resource " + a["NAME"] + " is deleted.");
      });
}

void add_grants(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "grants", "Who may reach a resource");
  Leaf(group, invocation, "add", "Let a member reach a resource")
      .word("ORG", "The organization")
      .word("RESOURCE", "The resource")
      .word("EMAIL", "The member")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::add_grant(a["ORG"], a["RESOURCE"], {.email = a["EMAIL"]})),
                    a["EMAIL"] + " may reach " + a["RESOURCE"] + ".");
      });
  Leaf(group, invocation, "remove", "Withdraw a grant")
      .word("ORG", "The organization")
      .word("RESOURCE", "The resource")
      .word("EMAIL", "The member")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::remove_grant(a["ORG"], a["RESOURCE"], a["EMAIL"])),
                    a["EMAIL"] + " may not reach " + a["RESOURCE"] + " any more.");
      });
  Leaf(group, invocation, "list", "List who may reach a resource")
      .word("ORG", "The organization")
      .word("RESOURCE", "The resource")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show_items(w, api.ask(op::list_grants(a["ORG"], a["RESOURCE"])),
                          {{"EMAIL", "/email"}, {"SINCE", "/created_at", Format::time}},
                          "No grants.");
      });
}

}  // namespace

void add_tenant_commands(CLI::App& admin, Invocation& invocation) {
  add_organizations(admin, invocation);
  add_users(admin, invocation);
  add_members(admin, invocation);
  add_pools(admin, invocation);
  add_resources(admin, invocation);
  add_grants(admin, invocation);
}

}  // namespace rap::client
