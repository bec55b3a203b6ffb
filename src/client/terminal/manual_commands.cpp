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
        {"255", "rap ssh: the command did not run, or its connection broke; all of the above."},
        {"other", "rap ssh passes on the status of the command."},
        {"--json", "A failure is an object on standard error: its code, status and text."}}},
      {"EXAMPLES",
       {{"rap ssh root@web -L 8080:127.0.0.1:80",
         "A shell on web, and a port of ours that leads to "
         "one of its own."},
        {"rsync -e 'rap ssh' -a site/ web:/srv/", "The same for whatever takes a remote shell."},
        {"GIT_SSH_COMMAND='rap ssh' git clone web:/srv/site.git", "And for git."},
        {"rap ssh-config --write",
         "From then on, with an Include in ~/.ssh/config, plain ssh web, scp, sftp, rsync, Ansible "
         "and editors reach web too."},
        {"ssh -o ProxyCommand='rap proxy web' web", "The same by hand, once."},
        {"rap forward database --listen 127.0.0.1:5432", "Any protocol over TCP."}}},
      {"ENVIRONMENT",
       {{"RAP_HOME", "Directory of your profile, instead of ~/.config/rap."},
        {"HTTPS_PROXY",
         "The HTTP proxy that leads out of your network: http://[USER:PASSWORD@]HOST:PORT. The "
         "control plane and entries are reached by its tunnels (CONNECT)."},
        {"NO_PROXY",
         "What is reached without it: names, which stand for all names below them too, addresses "
         "and blocks of addresses, parted by commas; \"*\" is everything."}}},
      {"FILES",
       {{"profile.json", "Who is signed in where; it holds a secret."},
        {"ca.pem", "Root certificates the platform is verified with."},
        {"known_hosts", "Host keys of SSH resources that were taken on first use."},
        {"entry-distances",
         "How long a handshake took with each entry, in each network; for a day. The nearest is "
         "used."},
        {"hosts/", "Host keys of SSH resources that an administrator pinned."},
        {"ssh_config", "What rap ssh-config --write wrote."}}}};
  return kSections;
}

// What a person may reach, asked when somebody completes.
const command_line::Listings& listings() {
  static constexpr const char* kNames = "resources --names";
  static const command_line::Listings kListings = {
      {"ssh", kNames}, {"forward", kNames}, {"proxy", kNames}};
  return kListings;
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
      w.out << command_line::completion_script(root, command_line::shell_from(*shell).value(),
                                               listings());
      return 0;
    };
  });
  // The line is read as the command's with --help: read_command_line().
  root.add_subcommand("help", "Say what a command does: rap help COMMAND")
      ->add_option("COMMAND")
      ->description("The command; all of them when left out")
      ->type_name("");
  root.add_subcommand("man", "Print the manual page: rap man | man -l -")
      ->callback([&invocation, &root] {
        invocation.run = [&root](World& w) -> Fallible<int> {
          w.out << command_line::manual_page(root, root.version(), sections());
          return 0;
        };
      });
}

}  // namespace rap::client
