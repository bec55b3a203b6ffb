#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/admin/admin_commands.hpp"
#include "client/testing/shell.hpp"
#include "snapshot/values/config_types.hpp"

namespace rap::client {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class ConfigCommands : public testing::Test {
 protected:
  ConfigCommands() {
    shell.sign_in();
    shell.home.given["value.json"] = R"({"a":1})";
  }
  int run(std::vector<std::string> words) { return shell.run(words); }
  const wire::HttpRequest& last() const { return shell.network.sent.back().request; }

  TestShell shell{[](CLI::App& root, Invocation& invocation) {
    add_admin_commands(root, invocation);
    add_variables_command(root, invocation);
  }};
  static constexpr int kUsage = static_cast<int>(ExitCode::usage);
  static constexpr int kNotFound = static_cast<int>(ExitCode::not_found);
};

TEST_F(ConfigCommands, GetOneValueOfTheLayerThatIsMeant) {
  const auto item = [](const char* layer, int n) {
    return json{{"type", "t"}, {"layer", layer}, {"value", {{"n", n}}}};
  };
  shell.network.answer("GET configs", {{"items", {item("cluster", 1), item("platform", 2)}}});
  EXPECT_EQ(run({"admin", "configs", "get", "t"}), 0) << shell.err.str();
  EXPECT_EQ(json::parse(shell.out.str()), (json{{"n", 2}}));
  EXPECT_EQ(run({"admin", "configs", "get", "t", "--layer", "cluster"}), 0);
  EXPECT_EQ(json::parse(shell.out.str()), (json{{"n", 1}}));
  EXPECT_EQ(run({"admin", "configs", "get", "t", "--json"}), 0);
  EXPECT_EQ(json::parse(shell.out.str())["layer"], "platform");
  EXPECT_EQ(run({"admin", "configs", "get", "u"}), kNotFound);
}

TEST_F(ConfigCommands, SayWhichTypesThereAre) {
  for (const char* verb : {"get", "set", "unset"}) {
    EXPECT_EQ(run({"admin", "configs", verb, "--help"}), 0);
    for (const snapshot::ConfigType& type : snapshot::config_types()) {
      EXPECT_THAT(shell.out.str(), HasSubstr(std::string(type.name))) << verb;
    }
  }
}

TEST_F(ConfigCommands, SetAndUnsetWhereTheOptionsSay) {
  shell.network.answer("PUT configs/t", {});
  EXPECT_EQ(run({"admin", "configs", "set", "t", "value.json", "--layer", "cluster"}), 0);
  EXPECT_EQ(shell.network.sent.back().body(), (json{{"layer", "cluster"}, {"value", {{"a", 1}}}}));
  shell.network.answer("PUT organizations/o/configs/t", {});
  EXPECT_EQ(run({"admin", "configs", "set", "t", "value.json", "--organization", "o"}), 0);
  EXPECT_EQ(shell.network.sent.back().body(), (json{{"value", {{"a", 1}}}}));
  shell.network.answer("DELETE organizations/o/configs/t?resource=db%201", {}, 204);
  EXPECT_EQ(run({"admin", "configs", "unset", "t", "--organization", "o", "--resource", "db 1"}),
            0);
  EXPECT_EQ(last().query, "resource=db%201");
  shell.network.answer("DELETE configs/t", {}, 204);
  EXPECT_EQ(run({"admin", "configs", "unset", "t"}), 0);
  EXPECT_EQ(last().query, "");
}

TEST_F(ConfigCommands, AreRefusedForAScopeThatThereIsNot) {
  for (const auto& scope : {std::vector<std::string>{"--resource", "db"},
                            {"--organization", "o", "--layer", "cluster"}}) {
    std::vector<std::string> set = {"admin", "configs", "set", "t", "value.json"};
    std::vector<std::string> unset = {"admin", "configs", "unset", "t"};
    set.insert(set.end(), scope.begin(), scope.end());
    unset.insert(unset.end(), scope.begin(), scope.end());
    EXPECT_EQ(run(set), kUsage);
    EXPECT_EQ(run(unset), kUsage);
  }
  EXPECT_TRUE(shell.network.sent.empty());
}

TEST_F(ConfigCommands, TakeAnObjectOrCertificatesAndNothingElse) {
  shell.network.answer("PUT configs/t", {});
  shell.home.given["bundle.pem"] = "-----BEGIN CERTIFICATE-----\n…";
  EXPECT_EQ(run({"admin", "configs", "set", "t", "bundle.pem"}), 0);
  EXPECT_EQ(shell.network.sent.back().body()["value"]["pem"], shell.home.given["bundle.pem"]);
  shell.home.given["list.json"] = "[1]";
  EXPECT_EQ(run({"admin", "configs", "set", "t", "list.json"}), kUsage);
  EXPECT_THAT(shell.err.str(), HasSubstr("JSON object"));
}

TEST_F(ConfigCommands, ShowVariablesAsNamesAndValues) {
  shell.network.answer("GET organizations/o/variables",
                       {{"variables", {{"A", "1"}, {"B", "two words"}}}});
  EXPECT_EQ(run({"variables", "o"}), 0) << shell.err.str();
  EXPECT_EQ(shell.out.str(), "A=1\nB=two words\n");
}

TEST_F(ConfigCommands, AnAnswerOfAnotherApiIsSaidToMakeNoSense) {
  shell.network.answers["GET /api/v1/organizations/o/variables"] = {200, {{"vars", 1}}};
  EXPECT_EQ(run({"variables", "o"}), static_cast<int>(ExitCode::failed));
  EXPECT_THAT(shell.err.str(), HasSubstr("makes no sense"));
}

}  // namespace
}  // namespace rap::client
