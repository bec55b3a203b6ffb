#include "client/testing/shell.hpp"

#include <CLI/CLI.hpp>

#include "client/command/command_line.hpp"
#include "client/core/profile.hpp"

namespace rap::client {

int TestShell::run(const std::vector<std::string>& words) {
  out.str("");
  err.str("");
  Invocation invocation;
  CLI::App tree("", "rap");
  tree.require_subcommand(1);
  add_commands(tree, invocation);
  if (const auto status = read_command_line(tree, invocation, words, out, err)) return *status;
  World world{home,   network, terminal, programs,        data_plane,
              random, out,     err,      from_unix(kNow), invocation.json};
  return run_command(world, invocation);
}

void TestShell::sign_in() {
  home.files["profile.json"] =
      to_json(Profile{"https://cp.example:8443", "a@b.test", "rapst_x", kNow + 100});
  home.files["ca.pem"] = "roots";
}

}  // namespace rap::client
