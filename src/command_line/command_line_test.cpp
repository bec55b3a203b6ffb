// Whatever a tree says, it stays text in a manual page and in a completion script.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <sstream>

#include "command_line/completion.hpp"
#include "command_line/manual.hpp"
#include "command_line/parsing.hpp"

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

TEST(Manual, SaysOfWhichOptionsOneMustBeGiven) {
  CLI::App app("x", "tool");
  std::string text;
  bool flag = false;
  CLI::App* run = app.add_subcommand("run", "Run");
  CLI::Option_group* key = run->add_option_group("Key");
  key->add_option("--file", text, "A file")->type_name("FILE");
  key->add_flag("--stdin", flag, "Standard input");
  key->require_option(1);
  const std::string page = manual_page(app, "1", {});
  EXPECT_THAT(page, HasSubstr(".SS \\fBtool run\\fR {\\fB\\-\\-file\\fR \\fIFILE\\fR | "
                              "\\fB\\-\\-stdin\\fR}"));
  EXPECT_THAT(page, HasSubstr("\nA file.\n"));
  EXPECT_THAT(page, HasSubstr("\nStandard input.\n"));
  EXPECT_THAT(page, Not(HasSubstr(".SS \\fBtool run \\fR"))) << "a group is no command";
}

TEST(Manual, IsPrintedByAFlagOfTheProgramAndNothingElseIsAskedOfIt) {
  CLI::App app("x", "tool");
  std::string state;
  app.add_option("--state", state, "A directory")->required();
  std::ostringstream out;
  add_manual_flag(app, "1", {{"FILES", {{"one", "A file."}}}}, out);
  EXPECT_THROW(app.parse("--man"), CLI::Success);
  EXPECT_EQ(out.str(), manual_page(app, "1", {{"FILES", {{"one", "A file."}}}}));
  EXPECT_THAT(out.str(), HasSubstr("Print the manual page and exit"));
}

TEST(Completion, AQuoteInADescriptionStaysInside) {
  CLI::App app("x", "tool");
  app.add_subcommand("run", "it's $HOME");
  EXPECT_THAT(completion_script(app, Shell::zsh), HasSubstr("'run:it'\\''s $HOME'"));
}

TEST(Completion, AListingIsAskedOfTheProgram) {
  CLI::App app("x", "tool");
  app.add_subcommand("open", "Open");
  for (const Shell shell : {Shell::bash, Shell::zsh, Shell::fish}) {
    const std::string script = completion_script(app, shell, {{"open", "things --names"}});
    EXPECT_THAT(script, HasSubstr("things --names"));
    EXPECT_THAT(completion_script(app, shell), Not(HasSubstr("/dev/null")));
  }
}

// A tree with a list, an option and a word, as rap's commands have them.
struct Tree {
  Tree() {
    CLI::App* run = app.add_subcommand("run", "Run");
    run->add_option("--name", name, "A name");
    run->add_option("FIRST", first, "A word");
    run->add_option("LIST", list, "Words");
    app.add_subcommand("remove", "Remove");
    app.require_subcommand(1);
  }

  CLI::App app{"x", "tool"};
  std::string name;
  std::string first;
  std::vector<std::string> list;
};

TEST(Reading, EachWordStaysTheWordItIs) {
  const std::vector<std::string> odd = {"[ -d /tmp ]", "[a,b]", "[]",    "[", "]",     "a,b",
                                        "{}",          "%%",    "\x01x", "",  "[[x]]", "\"q\""};
  for (const std::string& word : odd) {
    Tree tree;
    parse_words(tree.app, {"run", "--name", word, word, word, "x", word});
    EXPECT_EQ(tree.name, word);
    EXPECT_EQ(tree.first, word);
    EXPECT_THAT(tree.list, testing::ElementsAre(word, "x", word));
  }
}

TEST(Reading, TheNearestWordIsASlipAway) {
  const std::vector<std::string> words = {"forward", "login", "logout", "sessions", "ssh"};
  EXPECT_EQ(nearest("forwrd", words), "forward");
  EXPECT_EQ(nearest("lgoin", words), "login");
  EXPECT_EQ(nearest("sesion", words), "sessions");
  EXPECT_EQ(nearest("sess", words), "sessions") << "begun";
  EXPECT_EQ(nearest("shs", words), "ssh");
  EXPECT_EQ(nearest("frobnicate", words), std::nullopt);
  EXPECT_EQ(nearest("", words), std::nullopt);
}

TEST(Reading, AnUnknownWordIsNamedAndAKnownOneIsNot) {
  const Tree tree;
  EXPECT_EQ(explain_unknown_word(tree.app, {"run", "--name", "rm", "a", "--", "--b"}),
            std::nullopt);
  EXPECT_THAT(explain_unknown_word(tree.app, {"rnu"}).value_or(""),
              HasSubstr("no command 'tool rnu'. Did you mean 'run'?"));
  EXPECT_THAT(explain_unknown_word(tree.app, {"run", "--nam=x"}).value_or(""),
              HasSubstr("'tool run' has no option '--nam'. Did you mean '--name'?"));
}

TEST(Reading, AGroupOfCommandsByItselfSaysWhichItHas) {
  Tree tree;
  try {
    parse_words(tree.app, {});
    FAIL();
  } catch (const CLI::ParseError& error) {
    EXPECT_EQ(explain_error(tree.app, {}, error),
              "'tool' does nothing by itself; it has run, remove. See 'tool --help'.");
  }
}

TEST(Reading, WhatIsMissingIsSaidByTheProgramWithTheCommandToAsk) {
  CLI::App app("x", "tool");
  std::string state;
  app.add_option("--state", state, "A directory")->required();
  const char* line[] = {"tool"};
  std::ostringstream said;
  std::streambuf* const before = std::cerr.rdbuf(said.rdbuf());
  const auto read = parse_program(app, 1, line);
  std::cerr.rdbuf(before);
  EXPECT_EQ(read.error(), kWrongUsage);
  EXPECT_EQ(said.str(), "tool: --state is required. See 'tool --help'.\n");
}

}  // namespace
}  // namespace rap::command_line
