// rap admin configs, and rap variables.
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/log/printable.hpp"
#include "base/try.hpp"
#include "client/admin/admin_commands.hpp"
#include "client/admin/admin_groups.hpp"
#include "client/api/api_types.hpp"
#include "client/command/leaf.hpp"
#include "client/core/printable_json.hpp"
#include "snapshot/values/config_types.hpp"

namespace rap::client {

using nlohmann::json;

namespace {

Fallible<json> list_values(ApiClient& api, const Words& a) {
  const std::string& organization = a["--organization"];
  return api.ask(organization.empty() ? op::list_configs()
                                      : op::list_organization_configs(organization));
}

Leaf& scope(Leaf& leaf) {
  return leaf.option("--organization", "ORG", "Of this organization, and not of the platform")
      .option("--resource", "RESOURCE", "Of this resource of the organization")
      .option("--layer", "LAYER", "Of the platform (when left out), or of the cluster")
      .choices(snapshot::kPlatformLayerNames);
}

// A resource is an organization's, a layer the platform's.
Fallible<void> check_scope(const Words& a) {
  if (a["--organization"].empty() && !a["--resource"].empty()) {
    return fail(ExitCode::usage, "--resource needs the --organization it belongs to.");
  }
  if (!a["--organization"].empty() && !a["--layer"].empty()) {
    return fail(ExitCode::usage, "--layer is for what is not of an organization.");
  }
  return {};
}

bool is_meant(const op::ListConfigsAnswer::Item& item, const Words& a) {
  if (item.type != a["TYPE"]) return false;
  if (!a["--resource"].empty()) return item.resource == a["--resource"];
  if (!a["--organization"].empty()) return item.layer == "organization";
  return item.layer == given(a, "--layer").value_or("platform");
}

Fallible<int> get_config(World& w, ApiClient& api, const Words& a) {
  auto answer = list_values(api, a);
  const auto values = RAP_TRY(op::as<op::ListConfigsAnswer>(answer));
  for (std::size_t i = 0; i < values.items.size(); ++i) {
    const auto& item = values.items[i];
    if (!is_meant(item, a)) continue;
    w.out << printable_json(w.json ? items_of(*answer)[i] : item.value, 2) << '\n';
    return 0;
  }
  return fail(ExitCode::not_found,
              "There is no value of type " + a["TYPE"] + " here; what is compiled in holds.");
}

Fallible<int> set_config(World& w, ApiClient& api, const Words& a) {
  RAP_TRY(check_scope(a));
  if (a["FILE"].starts_with('{')) {
    return fail(ExitCode::usage,
                "FILE is the name of a file that holds the value, not the value itself: write it "
                "into one and name that.");
  }
  const auto text = RAP_TRY(w.home.read_given(a["FILE"]));
  json value = json::parse(text, nullptr, false);
  // A bundle of certificates comes as what it is.
  if (value.is_discarded() && text.starts_with("-----BEGIN")) value = {{"pem", text}};
  if (!value.is_object()) {
    return fail(ExitCode::usage, a["FILE"] +
                                     " must hold a JSON object, or certificates in "
                                     "PEM for a type that is a bundle.");
  }
  const std::string& organization = a["--organization"];
  const ApiCall call =
      organization.empty()
          ? op::set_config(a["TYPE"], {.layer = given(a, "--layer"), .value = value})
          : op::set_organization_config(organization, a["TYPE"],
                                        {.resource = given(a, "--resource"), .value = value});
  return show(w, api.ask(call), a["TYPE"] + " is set.");
}

Fallible<int> unset_config(World& w, ApiClient& api, const Words& a) {
  RAP_TRY(check_scope(a));
  const std::string& organization = a["--organization"];
  const ApiCall call = organization.empty()
                           ? op::unset_config(a["TYPE"], {.layer = given(a, "--layer")})
                           : op::unset_organization_config(organization, a["TYPE"],
                                                           {.resource = given(a, "--resource")});
  return show(w, api.ask(call), a["TYPE"] + " is what is compiled in again.");
}

std::string its_type() {
  std::string text = "Its type:";
  for (const snapshot::ConfigType& type : snapshot::config_types()) {
    text += (text.ends_with(':') ? " " : ", ") + std::string(type.name);
  }
  return text;
}

}  // namespace

void add_config_commands(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "configs",
                               "Configuration by type: of the platform, the cluster, "
                               "organizations and resources");
  Leaf(group, invocation, "list", "List the values that are set")
      .option("--organization", "ORG", "Those of this organization, and not of the platform")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show_items(w, list_values(api, a),
                          {{"TYPE", "/type"},
                           {"LAYER", "/layer"},
                           {"RESOURCE", "/resource"},
                           {"VERSION", "/version"},
                           {"CHANGED", "/changed_at", Format::time},
                           {"BY", "/changed_by"}},
                          "Nothing is set; what is compiled in holds.");
      });
  Leaf get(group, invocation, "get", "Show one value");
  scope(get.word("TYPE", its_type())).runs(get_config);
  Leaf set(group, invocation, "set", "Set one value; nodes are given it at once");
  scope(set.word("TYPE", its_type()).word("FILE", "The file that holds it, in JSON"))
      .runs(set_config);
  Leaf unset(group, invocation, "unset", "Remove one value");
  scope(unset.word("TYPE", its_type())).runs(unset_config);
  Leaf(group, invocation, "status",
       "Show which version of which value every node runs with, those that lag first")
      .runs([](World& w, ApiClient& api, const Words&) {
        return show_items(w, api.ask(op::get_config_status()),
                          {{"NODE", "/node_name"},
                           {"TYPE", "/type"},
                           {"LAYER", "/layer"},
                           {"ORGANIZATION", "/organization"},
                           {"RESOURCE", "/resource"},
                           {"VERSION", "/version"},
                           {"APPLIED", "/applied_version"},
                           {"SINCE", "/applied_at", Format::time},
                           {"PENDING SINCE", "/pending_since", Format::time},
                           {"ERROR", "/error"}},
                          "No node is given a value.");
      });
}

void add_variables_command(CLI::App& root, Invocation& invocation) {
  Leaf(root, invocation, "variables", "Show the variables of one of your organizations")
      .word("ORG", "The organization")
      .runs([](World& w, ApiClient& api, const Words& a) -> Fallible<int> {
        const auto answer = api.ask(op::get_variables(a["ORG"]));
        if (!answer || w.json) return show(w, answer, "");
        const auto held = RAP_TRY(op::as<op::GetVariablesAnswer>(answer));
        for (const auto& [name, value] : held.variables.items()) {
          w.out << printable(name + "=" + value.get<std::string>()) << '\n';
        }
        return 0;
      });
}

}  // namespace rap::client
