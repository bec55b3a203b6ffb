// What tables show is what the API has: with every member answered, no cell of any list is empty.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "client/api/api_types.hpp"
#include "client/command/leaf.hpp"
#include "client/terminal/command_tree.hpp"
#include "client/testing/shell.hpp"

namespace rap::client {
namespace {

struct List {
  std::string command;  // and its words
  std::string asks;
};

const std::vector<List> kLists = {
    {"resources --organization o", "GET organizations/o/resources"},
    {"sessions list --ended --limit 1", "GET sessions?state=ended&limit=1"},
    {"whoami", "GET me"},
    {"admin audit list", "GET audit"},
    {"admin audit list --limit 50 --before 7", "GET audit?before=7&limit=50"},
    {"admin blocklist list", "GET blocklist"},
    {"admin certificates list", "GET certificates"},
    {"admin devices list", "GET devices"},
    {"devices list", "GET me/devices"},
    {"admin channels", "GET channels"},
    {"admin configs list", "GET configs"},
    {"admin configs list --organization o", "GET organizations/o/configs"},
    {"admin configs status", "GET config-status"},
    {"admin delegations list", "GET delegations"},
    {"admin delegations list --organization o", "GET organizations/o/delegations"},
    {"admin enrolments list", "GET enrolments"},
    {"admin grants list o r", "GET organizations/o/resources/r/grants"},
    {"admin join-tokens list", "GET join-tokens"},
    {"admin metrics-tokens list", "GET metrics-tokens"},
    {"admin members list o", "GET organizations/o/members"},
    {"admin invitations list o", "GET organizations/o/invitations"},
    {"invitations list", "GET me/invitations"},
    {"admin nodes list", "GET nodes"},
    {"admin nodes list --organization o", "GET organizations/o/nodes"},
    {"admin organizations list", "GET organizations"},
    {"admin pools list o", "GET organizations/o/egress-pools"},
    {"admin resources list o", "GET organizations/o/resources"},
    {"admin trust status", "GET trust"},
    {"admin trust token-key", "GET trust/token-key"},
    {"admin users list", "GET users"},
};

std::vector<std::string> words(const std::string& line) {
  std::vector<std::string> out;
  std::istringstream text(line);
  for (std::string word; text >> word;) out.push_back(word);
  return out;
}

// What `list` prints when the server answers all it can.
std::string shown(TestShell& shell, const List& list) {
  shell.sign_in();
  shell.network.answer_fully(list.asks);
  EXPECT_EQ(shell.run(words(list.command)), 0) << list.command << ": " << shell.err.str();
  return shell.out.str();
}

// A value that is absent shows as "-".
bool has_gap(const std::string& table) {
  for (const std::string& word : words(table)) {
    if (word == "-") return true;
  }
  return false;
}

TEST(Columns, NameMembersThatTheApiHas) {
  for (const List& list : kLists) {
    TestShell shell(add_all_commands);
    const std::string table = shown(shell, list);
    EXPECT_FALSE(has_gap(table)) << list.command << "\n" << table;
  }
}

// Every command below `app` that is named "list".
void find_lists(const CLI::App& app, const std::string& path, std::vector<std::string>& found) {
  for (const CLI::App* child : app.get_subcommands({})) {
    const std::string name = path + child->get_name();
    if (child->get_name() == "list") found.push_back(name);
    find_lists(*child, name + " ", found);
  }
}

TEST(Columns, OfEveryListAreTried) {
  CLI::App root("", "rap");
  Invocation invocation;
  add_all_commands(root, invocation);
  std::vector<std::string> found;
  find_lists(root, "", found);
  EXPECT_GE(found.size(), 12U);
  for (const std::string& name : found) {
    const bool tried = std::ranges::any_of(
        kLists, [&](const List& list) { return list.command.starts_with(name); });
    EXPECT_TRUE(tried) << name;
  }
}

// A planted fault.
TEST(Columns, OfAMemberThatTheApiLacksAreFound) {
  TestShell shell([](CLI::App& root, Invocation& invocation) {
    Leaf(root, invocation, "nodes", "").runs([](World& w, ApiClient& api, const Words&) {
      return show_items(w, api.ask(op::list_nodes()), {{"NAME", "/name"}, {"AGE", "/age"}}, "");
    });
  });
  EXPECT_TRUE(has_gap(shown(shell, {"nodes", "GET nodes"})));
}

// Planted faults: a test cannot script a server that the API does not describe.
TEST(Columns, AreNotFilledByAServerThatTheApiDoesNotKnow) {
  TestNetwork network;
  EXPECT_THROW(network.answer("GET gnomes", {}), std::logic_error);
  EXPECT_THROW(network.answer("GET nodes", {{"items", {{{"hat", "red"}}}}}), std::logic_error);
}

}  // namespace
}  // namespace rap::client
