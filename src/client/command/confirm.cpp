#include "client/command/confirm.hpp"

#include <ostream>

#include "base/log/printable.hpp"

namespace rap::client {

Fallible<void> confirm(World& world, bool yes, const std::string& consequences, Unasked unasked) {
  if (yes) return {};
  if (!world.terminal.interactive()) {
    if (unasked == Unasked::goes_ahead) {
      world.err << printable(consequences) << "\n";
      return {};
    }
    return fail(ExitCode::usage,
                consequences + " There is no terminal to ask on: give --yes if that is meant.");
  }
  world.err << printable(consequences) << "\n";
  if (world.terminal.ask("Go on (yes/no)? ") == "yes") return {};
  return fail(ExitCode::failed, "Nothing was changed.");
}

std::string counted(std::size_t n, const std::string& one, const std::string& many) {
  if (n == 1) return "1 " + one;
  return (n == 0 ? "no" : std::to_string(n)) + " " + (n == 0 ? one : many);
}

}  // namespace rap::client
