// rap admin nodes, routes, certificates, channels.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/log/printable.hpp"
#include "base/time_text.hpp"
#include "base/try.hpp"
#include "client/admin/admin_groups.hpp"
#include "client/admin/consequences.hpp"
#include "client/admin/targets.hpp"
#include "client/api/api_types.hpp"
#include "client/command/confirm.hpp"
#include "client/command/duration.hpp"
#include "client/command/leaf.hpp"
#include "client/command/text_table.hpp"
#include "policy/roles.hpp"
#include "wire/severity.hpp"

namespace rap::client {

using nlohmann::json;

namespace {

constexpr std::chrono::seconds kWatchInterval{1};

// What to do with the channels of what is revoked.
const std::vector<std::string> kSeverities = {wire::kSeverityNames.begin(),
                                              wire::kSeverityNames.end()};

std::optional<std::string> severity(const Words& a) {
  if (a["--severity"].empty()) return std::nullopt;
  return a["--severity"];
}

// How far a clock is ahead: "+12 s".
std::string signed_seconds(std::int64_t seconds) {
  return (seconds > 0 ? "+" : seconds < 0 ? "-" : "") + span_text(std::chrono::seconds{seconds});
}

constexpr const char* kOwnHostsHelp = "Of this organization's own hosts";

// What an organization sees of its own hosts.
Fallible<int> list_organization_nodes(World& w, ApiClient& api, const std::string& organization) {
  return show_items(w, api.ask(op::list_organization_nodes(organization)),
                    {{"NAME", "/name"},
                     {"STATE", "/state"},
                     {"ROLES", "/roles"},
                     {"DISABLED BY", "/disabled_by"},
                     {"LAST SEEN", "/last_seen_at", Format::time},
                     {"ID", "/id"}},
                    "No host of this organization is a node. The platform invites one with 'rap "
                    "admin join-tokens create --organization'.");
}

Fallible<int> list_nodes(World& w, ApiClient& api, const Words& a) {
  if (const auto& org = a["--organization"]; !org.empty()) {
    return list_organization_nodes(w, api, org);
  }
  auto answer = api.ask(op::list_nodes());
  const auto nodes = op::as<op::ListNodesAnswer>(answer);
  if (!nodes) {
    Failure failure = nodes.error();
    if (failure.code == ExitCode::denied) {
      failure.text +=
          " Of an organization that you manage, 'rap admin nodes list --organization "
          "ORG' shows its own hosts.";
    }
    return std::unexpected(std::move(failure));
  }
  // One word for a person: a state that says more than "approved" while a node leaves.
  for (std::size_t i = 0; !w.json && i < nodes->items.size(); ++i) {
    const auto& node = nodes->items[i];
    json& shown = items_of(*answer)[i];
    shown["clock"] = node.clock_skew_s ? signed_seconds(*node.clock_skew_s) : "";
    if (node.draining) shown["state"] = node.drained ? "drained" : "draining";
  }
  std::vector<Column> columns = {{"NAME", "/name"},
                                 {"STATE", "/state"},
                                 {"ROLES", "/roles"},
                                 {"CONFIG", "/config_version"},
                                 {"CLOCK", "/clock"},
                                 {"LAST SEEN", "/last_seen_at", Format::time},
                                 {"DRAINED BY", "/drain_deadline", Format::time},
                                 {"DATA PLANE", "/data_plane_advertise"},
                                 {"FABRIC", "/fabric_advertise"},
                                 {"ID", "/id"}};
  if (std::ranges::any_of(nodes->items, [](const auto& n) { return n.organization.has_value(); })) {
    columns.insert(columns.begin() + 1, {"ORGANIZATION", "/organization"});
  }
  const auto shown =
      show_items(w, answer, columns, "No nodes. Invite one with 'rap admin join-tokens create'.");
  for (std::size_t i = 0; !w.json && i < nodes->items.size(); ++i) {
    for (const auto& notice : nodes->items[i].notices) {
      w.out << printable(nodes->items[i].name + ": " + notice.text) << "\n";
    }
  }
  if (!w.json && nodes->outages) {
    for (const auto& outage : *nodes->outages) w.out << printable(outage.text) << "\n";
  }
  return shown;
}

Fallible<int> drain(World& w, ApiClient& api, const Words& a) {
  op::DrainNodeRequest request;
  if (const std::string& text = a["--deadline"]; !text.empty()) {
    const auto deadline = parse_duration(text);
    if (!deadline) {
      return fail(ExitCode::usage, "--deadline takes a span of time such as 30s, 10m or 2h.");
    }
    request.deadline_s = deadline->count();
  }
  return show(w,
              typed_as(api.ask(op::drain_node(a["NODE"], request)), "deadline_s",
                       "--deadline (in seconds)"),
              a["NODE"] + " takes nothing new. 'rap admin nodes list' shows when it is drained.");
}

// The organization that a command names when it says what to do next: "… --organization ORG".
std::string of_organization(const Words& a) {
  return a["--organization"].empty() ? "" : " --organization " + a["--organization"];
}

Fallible<int> disable_node(World& w, ApiClient& api, const Words& a) {
  const std::string& org = a["--organization"];
  RAP_TRY(confirm_ending(
      w, a.flag("--yes"), [&] { return check_node(api, org, a["NODE"]); },
      [&] {
        return a["NODE"] + " is out until it is enabled: " + channels_that_end(api, a["NODE"], org);
      },
      Unasked::goes_ahead));
  return show(w,
              org.empty() ? api.ask(op::disable_node(a["NODE"]))
                          : api.ask(op::disable_organization_node(org, a["NODE"])),
              a["NODE"] + " is disabled. 'rap admin nodes enable " + a["NODE"] +
                  of_organization(a) + "' lets it take part again.");
}

template <class Answer>
Fallible<std::string> state_in(const Fallible<json>& answer) {
  return RAP_TRY(op::as<Answer>(answer)).state;
}

Fallible<int> enable_node(World& w, ApiClient& api, const Words& a) {
  const std::string& org = a["--organization"];
  const auto answer = org.empty() ? api.ask(op::enable_node(a["NODE"]))
                                  : api.ask(op::enable_organization_node(org, a["NODE"]));
  const std::string state =
      RAP_TRY(org.empty() ? state_in<op::EnableNodeAnswer>(answer)
                          : state_in<op::EnableOrganizationNodeAnswer>(answer));
  const bool still_out = state == "disabled";
  return show(w, answer,
              still_out ? a["NODE"] + " stays disabled: " +
                              (org.empty() ? "the owner of its organization" : "the platform") +
                              " disabled it too."
                        : a["NODE"] +
                              " is enabled. It comes back by itself within a minute, if its "
                              "certificate has not expired meanwhile.");
}

Fallible<int> revoke_node(World& w, ApiClient& api, const Words& a) {
  const std::string& org = a["--organization"];
  RAP_TRY(confirm_ending(
      w, a.flag("--yes"), [&] { return check_node(api, org, a["NODE"]); },
      [&] {
        return a["NODE"] + " goes for good, with its certificates and keys: " +
               channels_that_end(api, a["NODE"], org) +
               " Its host can only come back as a new node.";
      },
      Unasked::goes_ahead));
  return show(w,
              org.empty() ? api.ask(op::revoke_node(a["NODE"], {.severity = severity(a)}))
                          : api.ask(op::revoke_organization_node(org, a["NODE"],
                                                                 {.severity = severity(a)})),
              a["NODE"] + " is revoked. Its host can only come back as a new node.");
}

Fallible<int> remove_node(World& w, ApiClient& api, const Words& a) {
  RAP_TRY(confirm_ending(
      w, a.flag("--yes"), [&] { return check_revoked_node(api, a["NODE"]); },
      [&] {
        return a["NODE"] +
               " is listed no more. What was issued to it stays denied until it "
               "expires, and the audit log keeps its name.";
      },
      Unasked::goes_ahead));
  return show(w, api.ask(op::remove_node(a["NODE"])), a["NODE"] + " is deleted.");
}

std::string without_certificate(ApiClient& api, const std::string& serial) {
  const auto listed = op::as<op::ListCertificatesAnswer>(api.ask(op::list_certificates()));
  if (listed) {
    for (const auto& c : listed->items) {
      if (c.serial != serial) continue;
      const std::string node = c.node_name.value_or("");
      if (c.kind == "control") return "The control plane shows another one.";
      if (c.kind == "worker") return "Nobody enters through " + node + " until it has another.";
      return node + " is out until it has another: " + channels_that_end(api, node);
    }
  }
  return "Whatever shows it is refused.";
}

Fallible<int> revoke_certificate(World& w, ApiClient& api, const Words& a) {
  RAP_TRY(confirm_ending(
      w, a.flag("--yes"), [&] { return check_certificate(api, a["SERIAL"]); },
      [&] { return without_certificate(api, a["SERIAL"]); }, Unasked::goes_ahead));
  op::RevokeCertificateRequest request{.severity = severity(a)};
  if (a.flag("--key")) request.key = true;
  return show(w, api.ask(op::revoke_certificate(a["SERIAL"], request)),
              "Certificate " + a["SERIAL"] + " is revoked.");
}

void add_nodes(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "nodes", "Nodes of the fabric");
  Leaf(group, invocation, "list", "List nodes")
      .option("--organization", "ORG", kOwnHostsHelp)
      .runs(list_nodes);
  Leaf(group, invocation, "roles", "Set what a node does")
      .word("NODE", "Name or id of the node")
      .words("ROLE", "Its roles; they replace the old ones")
      .choices(policy::kNodeRoleNames)
      .runs([](World& w, ApiClient& api, const Words& a) {
        std::string roles;
        for (const std::string& role : a.list("ROLE")) roles += " " + role;
        return show(w, api.ask(op::set_node_roles(a["NODE"], {.roles = a.list("ROLE")})),
                    a["NODE"] + " is now:" + roles + ".");
      });
  Leaf(group, invocation, "drain", "Place nothing new on a node; what it carries goes on")
      .word("NODE", "Name or id of the node")
      .option("--deadline", "DURATION", "Close what is left after this time, such as 10m")
      .runs(drain);
  Leaf(group, invocation, "undrain", "Let a draining node take part again")
      .word("NODE", "Name or id of the node")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::undrain_node(a["NODE"])), a["NODE"] + " takes part again.");
      });
  Leaf(group, invocation, "disable", "Shut a node out, until it is enabled")
      .word("NODE", "Name or id of the node")
      .option("--organization", "ORG", kOwnHostsHelp)
      .flag("--yes", kYesHelp)
      .runs(disable_node);
  Leaf(group, invocation, "enable", "Let a disabled node take part again")
      .word("NODE", "Name or id of the node")
      .option("--organization", "ORG", kOwnHostsHelp)
      .runs(enable_node);
  Leaf(group, invocation, "readmit",
       "Invite a node's host to enrol again as the same node: print a join token")
      .word("NODE", "Name or id of the node")
      .runs([](World& w, ApiClient& api, const Words& a) -> Fallible<int> {
        const auto answer = api.ask(op::readmit_node(a["NODE"], {}));
        const auto made = RAP_TRY(op::as<op::ReadmitNodeAnswer>(answer));
        return show(w, answer, made.join_token);  // it is bare on its line, to be copied
      });
  Leaf(group, invocation, "revoke", "Take a node out for good, with all its certificates and keys")
      .word("NODE", "Name or id of the node")
      .option("--organization", "ORG", kOwnHostsHelp)
      .option("--severity", "SEVERITY", "What happens to its channels (default: close)")
      .choices(kSeverities)
      .flag("--yes", kYesHelp)
      .runs(revoke_node);
  Leaf(group, invocation, "rename", "Give a node another name")
      .word("NODE", "Name or id of the node")
      .word("NAME", "Its new name")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show(w, api.ask(op::rename_node(a["NODE"], {.name = a["NAME"]})),
                    a["NODE"] + " is called " + a["NAME"] + " now.");
      });
  Leaf(group, invocation, "delete", "Forget a revoked node, so that it is listed no more")
      .word("NODE", "Name or id of the node")
      .flag("--yes", kYesHelp)
      .runs(remove_node);
}

void add_routes(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "routes", "Routes between nodes");
  Leaf(group, invocation, "require-current",
       "Have nodes refuse every neighbour that does not know the routes of now")
      .runs([](World& w, ApiClient& api, const Words&) {
        return show(w, api.ask(op::require_current_routes()),
                    "Nodes that are behind are out until they have caught up.");
      });
}

void add_certificates(CLI::App& admin, Invocation& invocation) {
  CLI::App& group =
      *add_group(admin, "certificates", "Certificates of nodes and of the control plane");
  Leaf(group, invocation, "list", "List every certificate that was issued")
      .runs([](World& w, ApiClient& api, const Words&) {
        return show_items(w, api.ask(op::list_certificates()),
                          {{"NODE", "/node_name"},
                           {"KIND", "/kind"},
                           {"STATUS", "/status"},
                           {"CLUSTER", "/cluster"},
                           {"FROM", "/not_before", Format::time},
                           {"UNTIL", "/not_after", Format::time},
                           {"CA", "/ca_ref"},
                           {"SERIAL", "/serial"}},
                          "No certificates.");
      });
  Leaf(group, invocation, "revoke", "Take one certificate out of use on every node")
      .word("SERIAL", "Its serial number, as 'list' shows it")
      .option("--severity", "SEVERITY", "What happens to its channels (default: close)")
      .choices(kSeverities)
      .flag("--key", "Also every other certificate of the same key, present or to come")
      .flag("--yes", kYesHelp)
      .runs(revoke_certificate);
}

const std::vector<Column> kChannelColumns = {{"NODE", "/node_name"},
                                             {"PEER", "/peer_name"},
                                             {"DIRECTION", "/direction"},
                                             {"STATE", "/state"},
                                             {"LANES", "/lanes"},
                                             {"AGE", "/age_s", Format::seconds},
                                             {"RTT", "/rtt_us", Format::milliseconds},
                                             {"LOSS", "/loss_permille", Format::permille},
                                             {"IN", "/bytes_in", Format::bytes},
                                             {"OUT", "/bytes_out", Format::bytes},
                                             {"FLOWS", "/flows"},
                                             {"LAST REASON", "/last_reason"},
                                             {"CLASSES", "/classes"}};

const std::vector<Column> kReconnectColumns = {{"NODE", "/node_name"},
                                               {"PEER", "/peer_name"},
                                               {"STOPPED", "/stopped"},
                                               {"ATTEMPTS", "/attempts"},
                                               {"NEXT", "/next_in_ms", Format::from_milliseconds},
                                               {"LAST REASON", "/last_reason"}};

Fallible<int> show_channels(World& w, ApiClient& api) {
  const auto answer = api.ask(op::list_channels());
  const auto channels = op::as<op::ListChannelsAnswer>(answer);
  if (!channels) return std::unexpected(channels.error());
  auto shown = show_items(w, answer, kChannelColumns,
                          "No channels. Do the nodes have their roles ('rap admin nodes roles')?");
  if (!shown || w.json) return shown;
  if (!channels->reconnects.empty()) {
    w.out << "\nNot connected:\n"
          << render_table(kReconnectColumns, (*answer)["reconnects"], w.terminal.width());
  }
  return shown;
}

// The table is shown anew until the person interrupts it, nobody reads on, or it fails.
Fallible<int> watch_channels(World& w, ApiClient& api) {
  do {
    w.out << w.terminal.clear_screen();
    if (auto shown = show_channels(w, api); !shown) return shown;
    w.out.flush();
  } while (w.out && w.terminal.wait(kWatchInterval));
  return 0;
}

void add_channels(CLI::App& admin, Invocation& invocation) {
  Leaf(admin, invocation, "channels", "List the channels between nodes, as both ends see them")
      .flag("--watch", "Show them anew every second until interrupted")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return a.flag("--watch") ? watch_channels(w, api) : show_channels(w, api);
      });
}

}  // namespace

void add_fabric_commands(CLI::App& admin, Invocation& invocation) {
  add_nodes(admin, invocation);
  add_routes(admin, invocation);
  add_certificates(admin, invocation);
  add_channels(admin, invocation);
}

}  // namespace rap::client
