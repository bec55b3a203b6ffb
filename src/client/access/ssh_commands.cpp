#include "client/access/ssh_commands.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/log/printable.hpp"
#include "base/try.hpp"
#include "client/access/host_key_store.hpp"
#include "client/access/ssh_host.hpp"
#include "client/core/printable_json.hpp"
#include "policy/protocols.hpp"

namespace rap::client {

using nlohmann::json;

namespace {

constexpr std::string_view kConfigFile = "ssh_config";

SshPlaces places_for(World& world, const OpenResource& resource) {
  std::string home = world.home.path("");
  if (home.ends_with('/')) home.pop_back();
  return {world.programs.own_path(), home, world.home.path(kKnownHostsFile),
          world.home.path(pinned_key_file(resource.id))};
}

bool speaks_ssh(const OpenResource& resource) {
  return resource.protocol == to_string(policy::Protocol::ssh);
}

Fallible<int> ssh(World& world, const SshArguments& arguments) {
  if (!arguments.resource) return world.programs.run("ssh", arguments.options);
  auto api = RAP_TRY(open_api(world));
  const auto resource =
      RAP_TRY(find_open_resource(api, *arguments.resource, arguments.organization));
  if (!speaks_ssh(resource)) {
    return fail(ExitCode::failed, resource.name + " speaks " + resource.protocol +
                                      ", not ssh. Use 'rap forward " + resource.name + "'.");
  }
  RAP_TRY(pin_host_key(world.home, resource));
  return world.programs.run("ssh", ssh_call(places_for(world, resource), resource, arguments));
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return text;
}

// No server writes lines of its own into somebody's configuration.
bool breaks_a_line(const OpenResource& r) {
  return printable(r.name) != r.name || printable(r.organization) != r.organization;
}

// Anything else ssh would read as a pattern, as several names, or as a line of its own.
bool is_host_word(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '_' || c == '-';
  });
}

// The names ssh knows each by: its own where no other organization has one of that name, in lower
// case too, for ssh heeds it; and its alias.
std::string config_of(World& world, const std::vector<OpenResource>& resources) {
  std::map<std::string, int> bearers;
  for (const OpenResource& r : resources) ++bearers[lower(r.name)];
  std::string out =
      "# Hosts behind the fabric, by 'rap ssh-config'. Run it again when your resources or their\n"
      "# host keys change. What else ssh needs to know of them (User, IdentityFile) belongs into\n"
      "# blocks of your own.\n";
  for (const OpenResource& r : resources) {
    std::vector<std::string> names;
    if (bearers[lower(r.name)] == 1 && is_host_word(r.name)) {
      names.push_back(r.name);
      if (lower(r.name) != r.name) names.push_back(lower(r.name));
    }
    names.push_back(host_alias(r.organization, r.name));
    out += "\n" + ssh_host_block(places_for(world, r), r, names);
  }
  return out;
}

Fallible<int> ssh_config(World& world, const std::string& organization, bool write) {
  auto api = RAP_TRY(open_api(world));
  auto resources = RAP_TRY(open_resources(api, organization));
  std::erase_if(resources,
                [](const OpenResource& r) { return !speaks_ssh(r) || breaks_a_line(r); });
  for (const OpenResource& r : resources) RAP_TRY(pin_host_key(world.home, r));
  const std::string text = config_of(world, resources);
  const std::string file = world.home.path(kConfigFile);
  if (write) RAP_TRY(world.home.write(kConfigFile, text));
  if (world.json) {
    json hosts = json::array();
    for (const OpenResource& r : resources) {
      hosts.push_back({{"resource", r.name},
                       {"organization", r.organization},
                       {"host", host_alias(r.organization, r.name)},
                       {"pinned", r.ssh_host_key.has_value()}});
    }
    json said = {{"hosts", hosts}, {"config", text}};
    if (write) said["file"] = file;
    world.out << printable_json(said, 2) << "\n";
  } else if (write) {
    world.out << "Wrote " << resources.size() << " hosts. For ssh to know them, put this line at "
              << "the top of ~/.ssh/config:\n\nInclude \"" << file << "\"\n";
  } else {
    world.out << printable_lines(text);
  }
  return 0;
}

void add_ssh(CLI::App& root, Invocation& invocation) {
  auto* command = add_command(root, invocation, "ssh",
                              "Open a shell, or run a command, over SSH: as ssh, whose options it "
                              "takes");
  command->footer(
      "Everything after the resource is handed on to ssh as it is, and so is each option of ssh\n"
      "before it. The exit status is the command's, or 255 when it did not run.");
  // These only describe: the words are read by read_ssh_arguments().
  const auto describe = [command](const char* name, const char* type, const char* description) {
    return command->add_option(name)->description(description)->type_name(type);
  };
  describe("--organization", "ORG",
           "The resource's organization; needed when you belong to several. Give it before the "
           "resource");
  describe("SSH_OPTIONS", "", "Options of ssh(1)");
  describe("RESOURCE", "", "Name or id of the resource; USER@ may stand before it")->required();
  describe("COMMAND", "", "What to run there");
  invocation.verbatim["ssh"] = [&invocation](std::vector<std::string> words) -> Fallible<void> {
    invocation.failure_status = kSshFailure;
    const auto arguments = RAP_TRY(read_ssh_arguments(words));
    invocation.json = arguments.json;
    if (!arguments.help) {
      invocation.run = [arguments](World& w) { return ssh(w, arguments); };
    }
    return {};
  };
}

void add_ssh_config(CLI::App& root, Invocation& invocation) {
  struct Arguments {
    std::string organization;
    bool write = false;
  };
  auto args = std::make_shared<Arguments>();
  auto* command = add_command(root, invocation, "ssh-config",
                              "Print Host blocks with which plain ssh, scp, sftp, rsync and "
                              "editors reach your resources");
  command->add_option("--organization", args->organization, "Only the resources of this one")
      ->type_name("ORG");
  command->add_flag("--write", args->write,
                    "Write them to ssh_config in your profile's directory, for an Include");
  command->callback([&invocation, args] {
    invocation.run = [args](World& w) { return ssh_config(w, args->organization, args->write); };
  });
}

}  // namespace

void add_ssh_commands(CLI::App& root, Invocation& invocation) {
  add_ssh(root, invocation);
  add_ssh_config(root, invocation);
}

}  // namespace rap::client
