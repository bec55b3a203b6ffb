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

std::expected<std::shared_ptr<CLI::App>, ExitCode> parse_command_line(Invocation& invocation,
                                                                      const std::string& version,
                                                                      int argc, char** argv) {
  std::shared_ptr<CLI::App> tree = make_command_tree(invocation, version);
  try {
    tree->parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return std::unexpected(tree->exit(e) == 0 ? ExitCode::ok : ExitCode::usage);
  }
  return tree;
}

}  // namespace rap::client
