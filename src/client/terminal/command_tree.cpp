#include "client/terminal/command_tree.hpp"

#include <CLI/CLI.hpp>

#include "client/access/access_commands.hpp"
#include "client/account/account_commands.hpp"
#include "client/admin/admin_commands.hpp"
#include "client/terminal/manual_commands.hpp"

namespace rap::client {

void add_all_commands(CLI::App& root, Invocation& invocation) {
  add_account_commands(root, invocation);
  add_access_commands(root, invocation);
  add_variables_command(root, invocation);
  add_admin_commands(root, invocation);
  add_manual_commands(root, invocation);
}

std::unique_ptr<CLI::App> make_command_tree(Invocation& invocation, const std::string& version) {
  auto root = std::make_unique<CLI::App>(
      "Reach servers in private networks through the secure access fabric.", "rap");
  root->set_version_flag("--version", version, "Print the version and exit");
  root->require_subcommand(1);
  add_all_commands(*root, invocation);
  return root;
}

}  // namespace rap::client
