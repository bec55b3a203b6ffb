#include "client/terminal/command_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include "client/testing/shell.hpp"

namespace rap::client {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

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
        app.get_name() == "completion" || app.get_name() == "help") {
      return;
    }
    EXPECT_NE(app.get_option_no_throw("--json"), nullptr) << app.get_name();
  });
}

TEST(CommandTree, IsAManualThatNamesEveryCommandAndOption) {
  TestShell shell([](CLI::App& root, Invocation& invocation) {
    root.set_version_flag("--version", "1");
    add_all_commands(root, invocation);
  });
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

TEST(CommandTree, CompletesCommandsOptionsAndClosedSets) {
  for (const char* shell_name : {"bash", "zsh", "fish"}) {
    TestShell shell{add_all_commands};
    ASSERT_EQ(shell.run({"completion", shell_name}), 0);
    for (const char* word :
         {"login", "terminate", "ca-fingerprint", "file_transfer", "relay", "resources --names"}) {
      EXPECT_THAT(shell.out.str(), HasSubstr(word)) << shell_name;
    }
  }
}

TEST(CommandTree, WhoeverIsNotSignedInIsToldHowTo) {
  TestShell shell{add_all_commands};
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"whoami"}, {"resources"}, {"proxy", "x"}, {"sessions"}, {"admin", "nodes", "list"}}) {
    EXPECT_EQ(shell.run(words), static_cast<int>(ExitCode::not_signed_in));
    EXPECT_THAT(shell.err.str(), HasSubstr("rap login"));
  }
  shell.sign_in();
  shell.home.files["profile.json"] =
      to_json(Profile{"https://cp.example", "a@b.test", "rapst_x", TestShell::kNow});
  EXPECT_EQ(shell.run({"whoami"}), static_cast<int>(ExitCode::not_signed_in));
  EXPECT_THAT(shell.err.str(), HasSubstr("expired"));
  EXPECT_THAT(shell.network.sent, IsEmpty());
}

TEST(CommandTree, AMistypedWordIsNamedWithTheNearestRightOne) {
  TestShell shell{add_all_commands};
  for (const auto& [words, said] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"forwrd", "office"}, "no command 'rap forwrd'. Did you mean 'forward'?"},
           {{"admin", "ndoes", "list"}, "no command 'rap admin ndoes'. Did you mean 'nodes'?"},
           {{"sessions", "terminat", "x"}, "Did you mean 'terminate'?"},
           {{"login", "--sever", "x"}, "no option '--sever'. Did you mean '--server'?"},
           {{"frobnicate"}, "no command 'rap frobnicate'. 'rap --help'"}}) {
    EXPECT_EQ(shell.run(words), static_cast<int>(ExitCode::usage));
    EXPECT_THAT(shell.err.str(), HasSubstr(said));
  }
  EXPECT_EQ(shell.run({"forwrd", "--json"}), static_cast<int>(ExitCode::usage));
  EXPECT_EQ(nlohmann::json::parse(shell.err.str())["error"]["code"], "usage");
}

TEST(CommandTree, HelpIsACommandToo) {
  TestShell shell{add_all_commands};
  EXPECT_EQ(shell.run({"help"}), 0);
  const std::string all = shell.out.str();
  EXPECT_THAT(all, HasSubstr("forward"));
  EXPECT_EQ(shell.run({"help", "admin", "nodes", "drain"}), 0);
  EXPECT_THAT(shell.out.str(), HasSubstr("--deadline"));
  EXPECT_EQ(shell.run({"help", "ssh"}), 0);
  EXPECT_THAT(shell.out.str(), HasSubstr("RESOURCE"));
  EXPECT_THAT(shell.out.str(), HasSubstr("Usage: rap ssh "));
  EXPECT_EQ(shell.run({"help", "forwrd"}), static_cast<int>(ExitCode::usage));
  EXPECT_THAT(shell.err.str(), HasSubstr("'forward'"));
}

TEST(CommandTree, FailuresAreObjectsWithJson) {
  TestShell shell{add_all_commands};
  EXPECT_EQ(shell.run({"sessions", "--json"}), static_cast<int>(ExitCode::not_signed_in));
  const auto said = nlohmann::json::parse(shell.err.str());
  EXPECT_EQ(said["error"]["code"], "not_signed_in");
  EXPECT_EQ(said["error"]["status"], static_cast<int>(ExitCode::not_signed_in));
  EXPECT_THAT(said["error"]["text"].get<std::string>(), HasSubstr("rap login"));
  EXPECT_EQ(shell.out.str(), "");
}

TEST(CommandTree, AWordInBracketsIsOneWord) {
  TestShell shell{add_all_commands};
  shell.sign_in();
  for (const char* word : {"[a,b]", "[x]", "[]", "[", "{}", "%%"}) {
    shell.network.sent.clear();
    shell.run({"admin", "organizations", "create", word});
    ASSERT_EQ(shell.network.sent.size(), 1U) << word << shell.err.str();
    EXPECT_EQ(shell.network.sent[0].body()["name"], word);
  }
}

TEST(CommandTree, TypingErrorsAreUsageErrors) {
  TestShell shell{add_all_commands};
  for (const auto& words : std::vector<std::vector<std::string>>{
           {},
           {"frobnicate"},
           {"proxy"},
           {"login", "--sever", "x"},
           {"admin"},
           {"admin", "nodes"},
           {"admin", "nodes", "roles", "n", "king"},
           {"admin", "members", "add", "o", "e"},
           {"completion", "tcsh"},
           {"admin", "resources", "create", "o", "n", "--protocol", "tcp", "--host", "h", "--port",
            "0", "--pool", "p"}}) {
    shell.sign_in();
    EXPECT_EQ(shell.run(words), static_cast<int>(ExitCode::usage));
  }
}

}  // namespace
}  // namespace rap::client
