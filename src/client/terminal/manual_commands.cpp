#include "client/terminal/manual_commands.hpp"

#include <CLI/CLI.hpp>
#include <ostream>

#include "command_line/completion.hpp"
#include "command_line/manual.hpp"

namespace rap::client {
namespace {

const std::vector<command_line::ManualSection>& sections() {
  static const std::vector<command_line::ManualSection> kSections = {
      {"EXIT STATUS",
       {{"0", "Success."},
        {"1", "Failed; the message says why."},
        {"2", "The command line is wrong."},
        {"3", "Not signed in, or no longer."},
        {"4", "Denied."},
        {"5", "Not found, or not yours to see."},
        {"6", "The server, the fabric or the resource cannot be reached."},
        {"7", "A server does not prove to be the platform."},
        {"other", "rap ssh passes on the status of ssh."}}},
      {"ENVIRONMENT", {{"RAP_HOME", "Directory of your profile, instead of ~/.config/rap."}}},
      {"FILES",
       {{"profile.json", "Who is signed in where; it holds a secret."},
        {"ca.pem", "Root certificates the platform is verified with."},
        {"known_hosts", "Host keys of SSH resources."}}}};
  return kSections;
}

}  // namespace

void add_manual_commands(CLI::App& root, Invocation& invocation) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion =
      root.add_subcommand("completion", "Print a shell completion script, to be sourced");
  completion->add_option("SHELL", *shell, "Which shell")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([&invocation, &root, shell] {
    invocation.run = [&root, shell](World& w) -> Fallible<int> {
      w.out << command_line::completion_script(root, command_line::shell_from(*shell).value());
      return 0;
    };
  });
  root.add_subcommand("man", "Print the manual page: rap man | man -l -")
      ->callback([&invocation, &root] {
        invocation.run = [&root](World& w) -> Fallible<int> {
          w.out << command_line::manual_page(root, root.version(), sections());
          return 0;
        };
      });
}

}  // namespace rap::client
