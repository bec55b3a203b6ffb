// rap admin pools, resources, grants.
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "client/admin/admin_groups.hpp"
#include "client/admin/consequences.hpp"
#include "client/admin/targets.hpp"
#include "client/api/api_types.hpp"
#include "client/command/confirm.hpp"
#include "client/command/leaf.hpp"
#include "policy/protocols.hpp"

namespace rap::client {

namespace {

constexpr unsigned kMaxPort = 65535;

// An organization is told of its own hosts by name, and how many of the platform's there are.
Fallible<int> list_pools(World& w, ApiClient& api, const Words& a) {
  auto answer = api.ask(op::list_egress_pools(a["ORG"]));
  const auto pools = op::as<op::ListEgressPoolsAnswer>(answer);
  if (!pools) return std::unexpected(pools.error());
  for (std::size_t i = 0; !w.json && i < pools->items.size(); ++i) {
    const auto of_platform = pools->items[i].platform_nodes.value_or(0);
    if (of_platform == 0) continue;
    items_of(*answer)[i]["nodes"].push_back(std::to_string(of_platform) + " of the platform");
  }
  return show_items(w, answer,
                    {{"NAME", "/name"},
                     {"NODES", "/nodes"},
                     {"DISABLED", "/disabled"},
                     {"ID", "/id"},
                     {"CREATED", "/created_at", Format::time}},
                    "No egress pools.");
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
      .runs(list_pools);
  Leaf(group, invocation, "add-node", "Let a node serve an egress pool")
      .word("ORG", "The organization")
      .word("POOL", "The egress pool")
      .word("NODE", "Name or id of the node")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::add_egress_pool_node(a["ORG"], a["POOL"], a["NODE"])),
                    a["NODE"] + " serves " + a["POOL"] + ".");
      });
  Leaf(group, invocation, "remove-node", "Take a node out of an egress pool")
      .word("ORG", "The organization")
      .word("POOL", "The egress pool")
      .word("NODE", "Name or id of the node")
      .flag("--yes", kYesHelp)
      .runs([](World& w, ApiClient& api, const Words& a) -> Fallible<int> {
        RAP_TRY(confirm_ending(
            w, a.flag("--yes"),
            [&] { return check_pool_node(api, a["ORG"], a["POOL"], a["NODE"]); },
            [&] {
              return "The sessions that " + a["NODE"] + " carries for " + a["POOL"] +
                     " end; without another node in the pool nothing behind it is reached.";
            },
            Unasked::goes_ahead));
        return show(w, api.ask(op::remove_egress_pool_node(a["ORG"], a["POOL"], a["NODE"])),
                    a["NODE"] + " does not serve " + a["POOL"] + " any more.");
      });
  Leaf(group, invocation, "rename", "Give an egress pool another name")
      .word("ORG", "The organization")
      .word("POOL", "The egress pool")
      .word("NAME", "Its new name")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::rename_egress_pool(a["ORG"], a["POOL"], {.name = a["NAME"]})),
                    a["POOL"] + " is called " + a["NAME"] + " now.");
      });
  Leaf(group, invocation, "disable", "Shut an egress pool until it is enabled again")
      .word("ORG", "The organization")
      .word("POOL", "The egress pool")
      .flag("--yes", kYesHelp)
      .runs([](World& w, ApiClient& api, const Words& a) -> Fallible<int> {
        RAP_TRY(confirm_ending(
            w, a.flag("--yes"), [&] { return check_pool(api, a["ORG"], a["POOL"]); },
            [&] {
              return "Nothing behind " + a["POOL"] +
                     " is reached any more: " + sessions_behind(api, a["ORG"], a["POOL"]) +
                     " Its nodes, its resources and their grants wait.";
            },
            Unasked::goes_ahead));
        return show(w, api.ask(op::disable_egress_pool(a["ORG"], a["POOL"])),
                    a["POOL"] + " is disabled. 'rap admin pools enable' takes it back.");
      });
  Leaf(group, invocation, "enable", "Open a disabled egress pool again")
      .word("ORG", "The organization")
      .word("POOL", "The egress pool")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::enable_egress_pool(a["ORG"], a["POOL"])),
                    a["POOL"] + " is enabled.");
      });
  Leaf(group, invocation, "delete", "Delete an egress pool that no resource leads through")
      .word("ORG", "The organization")
      .word("POOL", "The egress pool")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::remove_egress_pool(a["ORG"], a["POOL"])),
                    "Egress pool " + a["POOL"] + " is deleted.");
      });
}

Fallible<unsigned> port_of(const std::string& text) {
  unsigned port = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || port == 0 ||
      port > kMaxPort) {
    return fail(ExitCode::usage, "--port takes a number from 1 to 65535.");
  }
  return port;
}

// What was typed, else the usual port of the protocol.
Fallible<unsigned> port_of_new(const Words& a) {
  if (!a["--port"].empty()) return port_of(a["--port"]);
  const auto protocol = policy::protocol_from(a["--protocol"]);
  const unsigned usual = protocol ? policy::kind_of(*protocol).usual_port : 0;
  if (usual != 0) return usual;
  return fail(ExitCode::usage, "--port is required: " + a["--protocol"] + " has no usual port.");
}

// A refusal names what was typed.
Fallible<nlohmann::json> of_resource(Fallible<nlohmann::json> answer) {
  return typed_as(typed_as(std::move(answer), "ssh_host_key", "--ssh-host-key"), "egress_pool",
                  "--pool");
}

Fallible<int> create_resource(World& w, ApiClient& api, const Words& a) {
  op::CreateResourceRequest request{.egress_pool = a["--pool"],
                                    .host = a["--host"],
                                    .name = a["NAME"],
                                    .port = RAP_TRY(port_of_new(a)),
                                    .protocol = a["--protocol"]};
  request.ssh_host_key = given(a, "--ssh-host-key");
  return show(w, of_resource(api.ask(op::create_resource(a["ORG"], request))),
              "Resource " + a["NAME"] +
                  " is created. Open it to people with 'rap admin grants "
                  "add'.");
}

Fallible<int> update_resource(World& w, ApiClient& api, const Words& a) {
  op::UpdateResourceRequest request;
  request.name = given(a, "--name");
  request.protocol = given(a, "--protocol");
  request.host = given(a, "--host");
  request.egress_pool = given(a, "--pool");
  request.ssh_host_key = given(a, "--ssh-host-key");
  if (!a["--port"].empty()) request.port = RAP_TRY(port_of(a["--port"]));
  if (a.flag("--no-ssh-host-key")) request.remove_ssh_host_key = true;
  const bool leads_elsewhere =
      request.protocol || request.host || request.port || request.egress_pool;
  if (!leads_elsewhere && !request.name && !request.ssh_host_key && !request.remove_ssh_host_key) {
    return fail(ExitCode::usage,
                "Say what to change: --host, --port, --pool, --protocol, --name, "
                "--ssh-host-key or --no-ssh-host-key.");
  }
  if (leads_elsewhere) {
    RAP_TRY(confirm_ending(
        w, a.flag("--yes"), [&] { return check_resource(api, a["ORG"], a["NAME"]); },
        [&] {
          return a["NAME"] +
                 " leads elsewhere then: " + sessions_that_end(api, {a["ORG"], a["NAME"], {}}) +
                 " Grants stay.";
        },
        Unasked::goes_ahead));
  }
  return show(w, of_resource(api.ask(op::update_resource(a["ORG"], a["NAME"], request))),
              "Resource " + a["NAME"] + " is changed.");
}

Fallible<int> delete_resource(World& w, ApiClient& api, const Words& a) {
  RAP_TRY(confirm_ending(
      w, a.flag("--yes"), [&] { return check_resource(api, a["ORG"], a["NAME"]); },
      [&] {
        return grants_that_end(api, a["ORG"], a["NAME"]) + ", and " +
               sessions_that_end(api, {a["ORG"], a["NAME"], {}});
      },
      Unasked::goes_ahead));
  return show(w, api.ask(op::remove_resource(a["ORG"], a["NAME"])),
              "Resource " + a["NAME"] + " is deleted.");
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
      .option("--port", "PORT", "Its port; the usual one of the protocol unless given")
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
                           {"DISABLED", "/disabled"},
                           {"ID", "/id"}},
                          "No resources.");
      });
  Leaf(group, invocation, "disable", "Shut a resource until it is enabled again")
      .word("ORG", "The organization")
      .word("NAME", "The resource")
      .flag("--yes", kYesHelp)
      .runs([](World& w, ApiClient& api, const Words& a) -> Fallible<int> {
        RAP_TRY(confirm_ending(
            w, a.flag("--yes"), [&] { return check_resource(api, a["ORG"], a["NAME"]); },
            [&] { return sessions_that_end(api, {a["ORG"], a["NAME"], {}}) + " Grants wait."; },
            Unasked::goes_ahead));
        return show(w, api.ask(op::disable_resource(a["ORG"], a["NAME"])),
                    a["NAME"] + " is disabled. 'rap admin resources enable' takes it back.");
      });
  Leaf(group, invocation, "enable", "Open a disabled resource again")
      .word("ORG", "The organization")
      .word("NAME", "The resource")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::enable_resource(a["ORG"], a["NAME"])),
                    a["NAME"] + " is enabled.");
      });
  Leaf(group, invocation, "delete", "Delete a resource")
      .word("ORG", "The organization")
      .word("NAME", "The resource")
      .flag("--yes", kYesHelp)
      .runs(delete_resource);
  Leaf(group, invocation, "update", "Change a resource; what is not named stays")
      .word("ORG", "The organization")
      .word("NAME", "The resource")
      .option("--name", "NAME", "Its new name")
      .option("--protocol", "PROTOCOL", "What it speaks")
      .choices(policy::protocol_names())
      .option("--host", "HOST", "Its address, as the egress nodes see it")
      .option("--port", "PORT", "Its port")
      .option("--pool", "POOL", "The egress pool that leads there")
      .option("--ssh-host-key", "KEY", "The only host key to accept: \"ssh-ed25519 AAAA…\"")
      .flag("--no-ssh-host-key", "Pin no host key any more")
      .flag("--yes", kYesHelp)
      .runs(update_resource);
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
      .flag("--yes", kYesHelp)
      .runs([](World& w, ApiClient& api, const Words& a) -> Fallible<int> {
        RAP_TRY(confirm_ending(
            w, a.flag("--yes"),
            [&] { return check_grant(api, a["ORG"], a["RESOURCE"], a["EMAIL"]); },
            [&] { return sessions_that_end(api, {a["ORG"], a["RESOURCE"], a["EMAIL"]}); },
            Unasked::goes_ahead));
        return show(w, api.ask(op::remove_grant(a["ORG"], a["RESOURCE"], a["EMAIL"])),
                    a["EMAIL"] + " may not reach " + a["RESOURCE"] + " any more.");
      });
  Leaf(group, invocation, "disable", "Shut a grant until it is enabled again")
      .word("ORG", "The organization")
      .word("RESOURCE", "The resource")
      .word("EMAIL", "The member")
      .flag("--yes", kYesHelp)
      .runs([](World& w, ApiClient& api, const Words& a) -> Fallible<int> {
        RAP_TRY(confirm_ending(
            w, a.flag("--yes"),
            [&] { return check_grant(api, a["ORG"], a["RESOURCE"], a["EMAIL"]); },
            [&] { return sessions_that_end(api, {a["ORG"], a["RESOURCE"], a["EMAIL"]}); },
            Unasked::goes_ahead));
        return show(w, api.ask(op::disable_grant(a["ORG"], a["RESOURCE"], a["EMAIL"])),
                    a["EMAIL"] + " may not reach " + a["RESOURCE"] +
                        " until 'rap admin grants enable' takes it back.");
      });
  Leaf(group, invocation, "enable", "Open a disabled grant again")
      .word("ORG", "The organization")
      .word("RESOURCE", "The resource")
      .word("EMAIL", "The member")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::enable_grant(a["ORG"], a["RESOURCE"], a["EMAIL"])),
                    a["EMAIL"] + " may reach " + a["RESOURCE"] + " again.");
      });
  Leaf(group, invocation, "list", "List who may reach a resource")
      .word("ORG", "The organization")
      .word("RESOURCE", "The resource")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show_items(w, api.ask(op::list_grants(a["ORG"], a["RESOURCE"])),
                          {{"EMAIL", "/email"},
                           {"DISABLED", "/disabled"},
                           {"SINCE", "/created_at", Format::time}},
                          "No grants.");
      });
}

}  // namespace

void add_tenant_commands(CLI::App& admin, Invocation& invocation) {
  add_pools(admin, invocation);
  add_resources(admin, invocation);
  add_grants(admin, invocation);
}

}  // namespace rap::client
