// Whatever a tree says, it stays text in a manual page and in a completion script.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "command_line/completion.hpp"
#include "command_line/manual.hpp"

namespace rap::command_line {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Manual, TextCannotBecomeARequest) {
  CLI::App app(".so /etc/passwd \\X", "tool");
  bool odd = false;
  app.add_flag("--odd", odd, ".de");
  const std::string page = manual_page(app, "1", {});
  EXPECT_THAT(page, HasSubstr("\\&.de"));
  EXPECT_THAT(page, Not(HasSubstr("\n.de")));
  EXPECT_THAT(page, HasSubstr("\\eX"));
}

TEST(Completion, AQuoteInADescriptionStaysInside) {
  CLI::App app("x", "tool");
  app.add_subcommand("run", "it's $HOME");
  EXPECT_THAT(completion_script(app, Shell::zsh), HasSubstr("'run:it'\\''s $HOME'"));
}

}  // namespace
}  // namespace rap::command_line
