#include "client/core/manual.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include "client/core/completion.hpp"
#include "client/core/test_world.hpp"

namespace rap::client {
namespace {

using testing::HasSubstr;
using testing::Not;

// Every command and option of the tree, wherever it stands.
template <class Fn>
void for_each_app(const CLI::App& app, Fn fn) {
  fn(app);
  for (const CLI::App* child : app.get_subcommands({})) for_each_app(*child, fn);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST(CommandTree, DescribesEveryCommandAndOption) {
  Invocation invocation;
  for_each_app(*make_command_tree(invocation, "1"), [](const CLI::App& app) {
    EXPECT_NE(app.get_description(), "") << app.get_name();
    for (const CLI::Option* option : app.get_options()) {
      EXPECT_NE(option->get_description(), "") << app.get_name() << " " << option->get_name();
    }
  });
}

TEST(CommandTree, EveryCommandThatAsksTheServerPrintsJson) {
  Invocation invocation;
  for_each_app(*make_command_tree(invocation, "1"), [](const CLI::App& app) {
    if (!app.get_subcommands({}).empty() || app.get_name() == "man" ||
        app.get_name() == "completion") {
      return;
    }
    EXPECT_NE(app.get_option_no_throw("--json"), nullptr) << app.get_name();
  });
}

TEST(Manual, NamesEveryCommandAndOption) {
  TestShell shell;
  ASSERT_EQ(shell.run({"man"}), 0);
  const std::string manual = replaced(shell.out.str(), "\\-", "-");
  Invocation invocation;
  for_each_app(*make_command_tree(invocation, "1"), [&](const CLI::App& app) {
    EXPECT_THAT(manual, HasSubstr(app.get_name()));
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) {
        EXPECT_THAT(manual, HasSubstr("--" + name));
      }
    }
  });
  EXPECT_THAT(manual, HasSubstr(".SH EXIT STATUS"));
}

TEST(Manual, TextCannotBecomeARequest) {
  CLI::App app(".so /etc/passwd \\X", "tool");
  bool odd = false;
  app.add_flag("--odd", odd, ".de");
  const std::string page = manual_page(app, "1", {});
  EXPECT_THAT(page, HasSubstr("\\&.de"));
  EXPECT_THAT(page, Not(HasSubstr("\n.de")));
  EXPECT_THAT(page, HasSubstr("\\eX"));
}

TEST(Completion, OffersCommandsOptionsAndClosedSets) {
  for (const char* shell_name : {"bash", "zsh", "fish"}) {
    TestShell shell;
    ASSERT_EQ(shell.run({"completion", shell_name}), 0);
    for (const char* word : {"login", "terminate", "ca-fingerprint", "file_transfer", "relay"}) {
      EXPECT_THAT(shell.out.str(), HasSubstr(word)) << shell_name;
    }
  }
}

TEST(Completion, AQuoteInADescriptionStaysInside) {
  CLI::App app("x", "tool");
  app.add_subcommand("run", "it's $HOME");
  EXPECT_THAT(completion_script(app, Shell::zsh), HasSubstr("'run:it'\\''s $HOME'"));
}

}  // namespace
}  // namespace rap::client
