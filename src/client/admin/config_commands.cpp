// rap admin configs, and rap variables.
#include <nlohmann/json.hpp>
#include <ostream>

#include "client/admin/admin_commands.hpp"
#include "client/admin/admin_groups.hpp"
#include "client/command/leaf.hpp"

namespace rap::client {

using nlohmann::json;

namespace {

// Where the values are that the options name.
std::string configs_of(const Words& a) {
  return a["--organization"].empty() ? "configs"
                                     : "organizations/" + a.path("--organization") + "/configs";
}

Leaf& scope(Leaf& leaf) {
  return leaf.option("--organization", "ORG", "Of this organization, and not of the platform")
      .option("--resource", "RESOURCE", "Of this resource of the organization")
      .option("--layer", "LAYER", "Of the platform (when left out), or of the cluster")
      .choices({"platform", "cluster"});
}

bool is_meant(const json& item, const Words& a) {
  if (item.value("type", "") != a["TYPE"]) return false;
  const std::string layer = item.value("layer", "");
  if (!a["--resource"].empty()) return item.value("resource", "") == a["--resource"];
  if (!a["--organization"].empty()) return layer == "organization";
  return layer == (a["--layer"].empty() ? "platform" : a["--layer"]);
}

Fallible<int> get_config(World& w, ApiClient& api, const Words& a) {
  const auto answer = api.get(configs_of(a));
  if (!answer) return std::unexpected(answer.error());
  for (const json& item : answer->value("items", json::array())) {
    if (!is_meant(item, a)) continue;
    w.out << (w.json ? item : item["value"]).dump(2) << '\n';
    return 0;
  }
  return fail(ExitCode::not_found,
              "There is no value of type " + a["TYPE"] + " here; what is compiled in holds.");
}

Fallible<int> set_config(World& w, ApiClient& api, const Words& a) {
  const auto text = w.home.read_given(a["FILE"]);
  if (!text) return std::unexpected(text.error());
  json value = json::parse(*text, nullptr, false);
  // A bundle of certificates comes as what it is.
  if (value.is_discarded() && text->starts_with("-----BEGIN")) value = {{"pem", *text}};
  if (!value.is_object()) {
    return fail(ExitCode::usage, a["FILE"] +
                                     " must hold a JSON object, or certificates in "
                                     "PEM for a type that is a bundle.");
  }
  json body = {{"value", std::move(value)}};
  if (!a["--resource"].empty()) body["resource"] = a["--resource"];
  if (!a["--layer"].empty()) body["layer"] = a["--layer"];
  return show(w, api.put(configs_of(a) + "/" + a.path("TYPE"), body), a["TYPE"] + " is set.");
}

Fallible<int> unset_config(World& w, ApiClient& api, const Words& a) {
  std::string path = configs_of(a) + "/" + a.path("TYPE");
  if (!a["--resource"].empty()) path += "?resource=" + a.path("--resource");
  if (!a["--layer"].empty()) path += "?layer=" + a["--layer"];
  return show(w, api.remove(path), a["TYPE"] + " is what is compiled in again.");
}

}  // namespace

void add_config_commands(CLI::App& admin, Invocation& invocation) {
  CLI::App& group = *add_group(admin, "configs",
                               "Configuration by type: of the platform, the cluster, "
                               "organizations and resources");
  Leaf(group, invocation, "list", "List the values that are set")
      .option("--organization", "ORG", "Those of this organization, and not of the platform")
      .runs([](World& w, ApiClient& api, const Words& a) {
        return show_items(w, api.get(configs_of(a)),
                          {{"TYPE", "/type"},
                           {"LAYER", "/layer"},
                           {"RESOURCE", "/resource"},
                           {"VERSION", "/version"},
                           {"CHANGED", "/changed_at", Format::time},
                           {"BY", "/changed_by"}},
                          "Nothing is set; what is compiled in holds.");
      });
  Leaf get(group, invocation, "get", "Show one value");
  scope(get.word("TYPE", "Its type")).runs(get_config);
  Leaf set(group, invocation, "set", "Set one value; nodes are given it at once");
  scope(set.word("TYPE", "Its type").word("FILE", "The file that holds it, in JSON"))
      .runs(set_config);
  Leaf unset(group, invocation, "unset", "Remove one value");
  scope(unset.word("TYPE", "Its type")).runs(unset_config);
  Leaf(group, invocation, "status",
       "Show which version of which value every node runs with, those that lag first")
      .runs([](World& w, ApiClient& api, const Words&) {
        return show_items(w, api.get("config-status"),
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
        const auto answer = api.get("organizations/" + a.path("ORG") + "/variables");
        if (!answer) return std::unexpected(answer.error());
        if (w.json) return show(w, answer, "");
        const json variables = answer->value("variables", json::object());
        for (const auto& [name, value] : variables.items()) {
          w.out << name << '=' << value.get<std::string>() << '\n';
        }
        return 0;
      });
}

}  // namespace rap::client
