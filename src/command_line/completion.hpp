// Shell completion scripts from a command line tree: after each command its subcommands and
// options, after an option with a closed set of values those, and after some commands what the
// program itself lists.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace rap::command_line {

enum class Shell : std::uint8_t { bash, zsh, fish };
std::optional<Shell> shell_from(std::string_view name);

// Commands, as typed ("ssh", "admin nodes"), and the words of the program which print, one a line,
// what may follow as the first word that is no option.
using Listings = std::map<std::string, std::string>;

std::string completion_script(const CLI::App& root, Shell shell, const Listings& listings = {});

}  // namespace rap::command_line
