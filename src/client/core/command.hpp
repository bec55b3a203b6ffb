// The command line as one tree (CLI11): --help, the manual page, the completions and the running
// all come from it. Each leaf leaves its action in an Invocation when it is parsed.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/random.hpp"
#include "base/time.hpp"
#include "client/core/api.hpp"
#include "client/core/data_plane.hpp"
#include "client/core/failure.hpp"
#include "client/core/ports.hpp"
#include "client/core/table.hpp"

namespace CLI {
class App;
}

namespace rap::client {

// Everything a command may use.
struct World {
  Home& home;
  Network& network;
  Terminal& terminal;
  Programs& programs;
  DataPlane& data_plane;
  RandomSource& random;
  std::ostream& out;
  std::ostream& err;
  WallTime now;
  bool json = false;  // --json
};

struct Invocation {
  bool json = false;
  std::function<Outcome<int>(World&)> run;  // the exit status, or why there is none
};

// A leaf of the tree: adds --json.
CLI::App* add_command(CLI::App& parent, Invocation& invocation, const std::string& name,
                      const std::string& description);
CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& description);

// What most commands end with: the answer as JSON, or a sentence or a table for a person.
Outcome<int> show(World& world, const Outcome<nlohmann::json>& answer, const std::string& sentence);
Outcome<int> show_items(World& world, const Outcome<nlohmann::json>& answer,
                        const std::vector<Column>& columns, const std::string& when_empty);

// The API with the account of this home; fails when nobody is signed in.
Outcome<Api> open_api(World& world);

// From standard input, or asked on the terminal without echo.
Outcome<std::string> read_password(World& world, bool from_stdin, const std::string& email);

// Each file that declares commands has one of these.
void add_account_commands(CLI::App& root, Invocation& invocation);  // login logout whoami resources
void add_access_commands(CLI::App& root, Invocation& invocation);  // ssh proxy forward sessions
void add_admin_commands(CLI::App& root, Invocation& invocation);  // admin …
void add_variables_command(CLI::App& root, Invocation& invocation);
void add_manual_commands(CLI::App& root, Invocation& invocation);  // completion man

// The whole tree. `invocation` outlives it.
std::unique_ptr<CLI::App> make_command_tree(Invocation& invocation, const std::string& version);

}  // namespace rap::client
