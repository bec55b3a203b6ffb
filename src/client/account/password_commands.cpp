// rap password.
#include "client/account/password_commands.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "client/api/api_types.hpp"
#include "client/core/profile.hpp"

namespace rap::client {
namespace {

struct PasswordPair {
  std::string old;
  std::string next;
};

Fallible<std::string> ask_for_new(World& world) {
  const auto next = world.terminal.ask_secret("New password: ");
  const auto again = next ? world.terminal.ask_secret("New password again: ") : std::nullopt;
  if (!next || next->empty() || !again) {
    return fail(ExitCode::usage, "No new password was typed; the old one stays.");
  }
  if (*next != *again) {
    return fail(ExitCode::usage, "These are two different passwords; the old one stays.");
  }
  return *next;
}

Fallible<PasswordPair> read_pair(World& world, bool from_stdin) {
  if (from_stdin) {
    auto old = world.terminal.read_stdin_line();
    auto next = old ? world.terminal.read_stdin_line() : std::nullopt;
    if (next && !next->empty()) return PasswordPair{std::move(*old), std::move(*next)};
    return fail(ExitCode::usage,
                "--password-stdin takes two lines: the old password and the new one.");
  }
  if (!world.terminal.interactive()) {
    return fail(ExitCode::usage,
                "There is no terminal to ask for the passwords on: give both with "
                "--password-stdin, the old one first.");
  }
  auto old = world.terminal.ask_secret("Old password: ");
  if (!old) return fail(ExitCode::usage, "No password was typed; the old one stays.");
  auto next = RAP_TRY(ask_for_new(world));
  return PasswordPair{std::move(*old), std::move(next)};
}

Fallible<nlohmann::json> change(World& world, const PasswordPair& pair) {
  auto api = RAP_TRY(open_api(world));
  return api.ask(op::change_password({.new_password = pair.next, .password = pair.old}));
}

Fallible<int> password(World& world, bool from_stdin) {
  RAP_TRY(signed_in(world.home, world.now));
  const auto pair = RAP_TRY(read_pair(world, from_stdin));
  return show(world, change(world, pair),
              "Your password is changed. You are signed in here only; other sign-ins have ended.");
}

}  // namespace

Fallible<void> choose_own_password(World& world, const std::string& temporary) {
  const auto next = RAP_TRY(ask_for_new(world));
  RAP_TRY(change(world, {temporary, next}));
  return {};
}

void add_password_command(CLI::App& root, Invocation& invocation) {
  auto* command = add_command(root, invocation, "password", "Change your password");
  auto from_stdin = std::make_shared<bool>(false);
  command->add_flag("--password-stdin", *from_stdin,
                    "Read the old and the new password from standard input, a line each");
  command->callback([&invocation, from_stdin] {
    invocation.run = [from_stdin](World& w) { return password(w, *from_stdin); };
  });
}

}  // namespace rap::client
