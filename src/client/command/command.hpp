// The parts of the command line's tree (CLI11), of which --help, the manual page, the completions
// and the running all come. Each leaf leaves its action in an Invocation when it is parsed.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/random.hpp"
#include "base/time.hpp"
#include "client/api/api_client.hpp"
#include "client/api/client_network.hpp"
#include "client/api/data_plane.hpp"
#include "client/command/text_table.hpp"
#include "client/core/failure.hpp"
#include "client/core/home.hpp"
#include "client/core/programs.hpp"
#include "client/core/terminal.hpp"

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
  std::function<Fallible<int>(World&)> run;  // the exit status, or why there is none
  // The status of every failure, for a command whose other statuses are another program's.
  std::optional<int> failure_status;
  // Commands that read their words themselves, for another program has its say in them: the tree
  // only describes them. One that leaves no action wants its help shown.
  std::map<std::string, std::function<Fallible<void>(std::vector<std::string>)>, std::less<>>
      verbatim;
};

// A leaf of the tree, which has --json.
CLI::App* add_command(CLI::App& parent, Invocation& invocation, const std::string& name,
                      const std::string& description);
CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& description);

// The list in an answer that is one, as it came: for members that are shown and not read. What a
// command reads of an answer it reads with op::as() (client/api/api_types.hpp).
nlohmann::json& items_of(nlohmann::json& answer);

// A refusal names the member of the request that is wrong; here it names what the person typed.
Fallible<nlohmann::json> typed_as(Fallible<nlohmann::json> answer, std::string_view member,
                                  std::string_view option);
inline constexpr std::string_view kForInSeconds = "--for (in seconds)";

// What most commands end with: the answer as JSON, or a sentence or a table for a person.
Fallible<int> show(World& world, const Fallible<nlohmann::json>& answer,
                   const std::string& sentence);
Fallible<int> show_items(World& world, const Fallible<nlohmann::json>& answer,
                         const std::vector<Column>& columns, const std::string& when_empty);

// The API with the account of this home, or the failure that nobody is signed in.
Fallible<ApiClient> open_api(World& world);

// The password comes from standard input, or is asked for on the terminal without echo.
Fallible<std::string> read_password(World& world, bool from_stdin, const std::string& email);

}  // namespace rap::client
