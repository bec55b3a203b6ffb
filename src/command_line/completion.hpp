// Shell completion scripts from a command line tree: after each command its subcommands and
// options, after an option with a closed set of values those.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace rap::command_line {

enum class Shell : std::uint8_t { bash, zsh, fish };
std::optional<Shell> shell_from(std::string_view name);

std::string completion_script(const CLI::App& root, Shell shell);

}  // namespace rap::command_line
