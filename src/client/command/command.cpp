#include "client/command/command.hpp"

#include "base/try.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/log/printable.hpp"
#include "client/core/printable_json.hpp"

namespace rap::client {

using nlohmann::json;

CLI::App* add_command(CLI::App& parent, Invocation& invocation, const std::string& name,
                      const std::string& description) {
  CLI::App* command = parent.add_subcommand(name, description);
  command->add_flag("--json", invocation.json, "Print JSON");
  return command;
}

CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& description) {
  CLI::App* group = parent.add_subcommand(name, description);
  group->require_subcommand(1);
  return group;
}

Fallible<int> show(World& world, const Fallible<json>& answer, const std::string& sentence) {
  if (!answer) return std::unexpected(answer.error());
  if (world.json) {
    world.out << printable_json(answer->is_null() ? json::object() : *answer, 2) << "\n";
  } else if (!sentence.empty()) {
    world.out << printable_lines(sentence) << "\n";
  }
  return 0;
}

Fallible<json> typed_as(Fallible<json> answer, std::string_view member, std::string_view option) {
  if (answer) return answer;
  std::string& text = answer.error().text;
  const std::string quoted = "'" + std::string(member) + "'";
  if (const std::size_t at = text.find(quoted); at != text.npos) {
    text.replace(at, quoted.size(), option);
  }
  return answer;
}

json& items_of(json& answer) {
  json& items = answer["items"];
  if (!items.is_array()) items = json::array();
  return items;
}

Fallible<int> show_items(World& world, const Fallible<json>& answer,
                         const std::vector<Column>& columns, const std::string& when_empty) {
  if (!answer) return std::unexpected(answer.error());
  if (world.json) {
    world.out << printable_json(*answer, 2) << "\n";
    return 0;
  }
  json shown = answer->is_object() ? *answer : json::object();
  const json& items = items_of(shown);
  if (items.empty()) {
    world.out << when_empty << "\n";
  } else {
    world.out << render_table(columns, items, world.terminal.width());
  }
  return 0;
}

Fallible<ApiClient> open_api(World& world) {
  const auto account = RAP_TRY(signed_in(world.home, world.now));
  return ApiClient(world.network, account, world.home);
}

Fallible<std::string> read_password(World& world, bool from_stdin, const std::string& email) {
  auto password = from_stdin ? world.terminal.read_stdin_line()
                  : world.terminal.interactive()
                      ? world.terminal.ask_secret("Password of " + email + ": ")
                      : std::nullopt;
  if (password && !password->empty()) return std::move(*password);
  return fail(ExitCode::usage, from_stdin ? "There is no password on standard input."
                                          : "There is no terminal to ask for the password on: "
                                            "give it with --password-stdin.");
}

}  // namespace rap::client
