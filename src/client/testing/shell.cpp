#include "client/testing/shell.hpp"

#include <CLI/CLI.hpp>

#include "client/core/profile.hpp"

namespace rap::client {

int TestShell::run(const std::vector<std::string>& words) {
  out.str("");
  err.str("");
  Invocation invocation;
  CLI::App tree("", "rap");
  tree.require_subcommand(1);
  add_commands(tree, invocation);
  try {
    tree.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& e) {
    return tree.exit(e, out, err) == 0 ? 0 : static_cast<int>(ExitCode::usage);
  }
  World world{home,   network, terminal, programs,        data_plane,
              random, out,     err,      from_unix(kNow), invocation.json};
  const auto done = invocation.run(world);
  if (done) return *done;
  err << done.error().text;
  return static_cast<int>(done.error().code);
}

void TestShell::sign_in() {
  home.files["profile.json"] =
      to_json(Profile{"https://cp.example:8443", "a@b.test", "rapst_x", kNow + 100, {}});
  home.files["ca.pem"] = "roots";
}

}  // namespace rap::client
