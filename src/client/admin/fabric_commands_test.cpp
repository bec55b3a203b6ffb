#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/admin/admin_commands.hpp"
#include "client/testing/shell.hpp"

namespace rap::client {
namespace {

using nlohmann::json;

class FabricCommands : public testing::Test {
 protected:
  FabricCommands() { shell.sign_in(); }
  json last_body() const { return shell.network.sent.back().body(); }

  TestShell shell{add_admin_commands};
};

TEST_F(FabricCommands, DrainWithAndWithoutADeadline) {
  shell.network.answer("POST nodes/e/drain", json::object());
  EXPECT_EQ(shell.run({"admin", "nodes", "drain", "e", "--deadline", "10m"}), 0);
  EXPECT_EQ(last_body(), (json{{"deadline_s", 600}}));
  EXPECT_EQ(shell.run({"admin", "nodes", "drain", "e"}), 0);
  EXPECT_EQ(last_body(), json::object());
  EXPECT_EQ(shell.run({"admin", "nodes", "drain", "e", "--deadline", "soon"}),
            static_cast<int>(ExitCode::usage));
  shell.network.answer("POST nodes/e/undrain", json::object());
  EXPECT_EQ(shell.run({"admin", "nodes", "undrain", "e"}), 0);
}

TEST_F(FabricCommands, RequireTheRoutesOfNow) {
  shell.network.answer("POST routes/require-current", {{"route_epoch", 7}});
  EXPECT_EQ(shell.run({"admin", "routes", "require-current"}), 0);
  EXPECT_EQ(last_body(), json::object());
}

TEST_F(FabricCommands, RevokeNodesCertificatesAndKeys) {
  shell.network.answer("POST nodes/e/revoke", json::object());
  EXPECT_EQ(shell.run({"admin", "nodes", "revoke", "e"}), 0);
  EXPECT_EQ(last_body(), json::object());
  EXPECT_EQ(shell.run({"admin", "nodes", "revoke", "e", "--severity", "drain"}), 0);
  EXPECT_EQ(last_body(), (json{{"severity", "drain"}}));
  shell.network.answer("POST certificates/0a/revoke", json::object());
  EXPECT_EQ(shell.run({"admin", "certificates", "revoke", "0a", "--key"}), 0);
  EXPECT_EQ(last_body(), (json{{"key", true}}));
}

TEST_F(FabricCommands, SayFirstWhatEndsWithANodeOrACertificate) {
  const json channel = {{"id", "1"},  {"node_name", "e"}, {"peer_name", "r"},
                        {"flows", 3}, {"node", "n1"},     {"peer", "n2"}};
  json other_end = channel;
  other_end["node_name"] = "r";
  other_end["peer_name"] = "e";
  json of_others = channel;
  of_others["id"] = "2";
  of_others["node_name"] = "x";
  shell.network.answer("GET channels",
                       {{"items", {channel, other_end, of_others}}, {"reconnects", json::array()}});
  shell.network.answer("GET certificates",
                       {{"items",
                         {{{"serial", "0a"}, {"kind", "node"}, {"node_name", "e"}},
                          {{"serial", "0b"}, {"kind", "worker"}, {"node_name", "e"}}}}});
  for (const char* answer : {"POST nodes/e/disable", "POST nodes/e/revoke",
                             "POST certificates/0a/revoke", "POST certificates/0b/revoke"}) {
    shell.network.answer(answer, json::object());
  }
  const auto said = [&](const std::vector<std::string>& command) {
    shell.err.str("");
    EXPECT_EQ(shell.run(command), 0);
    return shell.err.str();
  };
  for (const char* verb : {"disable", "revoke"}) {
    EXPECT_THAT(said({"admin", "nodes", verb, "e"}), testing::HasSubstr("1 channel with 3 flows"));
    EXPECT_EQ(said({"admin", "nodes", verb, "e", "--yes"}), "");
  }
  EXPECT_THAT(said({"admin", "certificates", "revoke", "0a"}),
              testing::HasSubstr("1 channel with 3 flows"));
  EXPECT_THAT(said({"admin", "certificates", "revoke", "0b"}),
              testing::HasSubstr("Nobody enters through e"));
}

TEST_F(FabricCommands, AnOwnerIsToldOfTheSessionsThatMayEnd) {
  shell.network.answer("GET channels", {{"code", "forbidden"}, {"detail", "No."}}, 403);
  shell.network.answer("GET sessions?organization=acme",
                       {{"items", {json::object(), json::object()}}});
  shell.network.answer("GET organizations/acme/nodes", {{"items", {{{"name", "branch"}}}}});
  shell.network.answer("POST organizations/acme/nodes/branch/disable", json::object());
  EXPECT_EQ(shell.run({"admin", "nodes", "disable", "branch", "--organization", "acme"}), 0);
  EXPECT_THAT(shell.err.str(), testing::HasSubstr("acme has 2 living sessions now."));
}

TEST_F(FabricCommands, ANodeThatIsNotRevokedIsNotDeleted) {
  shell.network.answer("GET nodes", {{"items", {{{"name", "e"}, {"state", "approved"}}}}});
  shell.terminal.present = true;
  EXPECT_EQ(shell.run({"admin", "nodes", "delete", "e"}), static_cast<int>(ExitCode::failed));
  EXPECT_THAT(shell.err.str(), testing::HasSubstr("is not revoked"));
  EXPECT_EQ(shell.network.sent.size(), 1U);
}

TEST_F(FabricCommands, RenameAndDeleteNodes) {
  shell.network.answer("PATCH nodes/e", json::object());
  EXPECT_EQ(shell.run({"admin", "nodes", "rename", "e", "entry-2"}), 0);
  EXPECT_EQ(last_body(), (json{{"name", "entry-2"}}));
  shell.network.answer("DELETE nodes/e", json::object());
  EXPECT_EQ(shell.run({"admin", "nodes", "delete", "e", "--yes"}), 0);
}

TEST_F(FabricCommands, SayHowAnOwnerListsTheirOwnHosts) {
  shell.network.answer("GET nodes", {{"code", "forbidden"}, {"detail", "Not yours."}}, 403);
  EXPECT_EQ(shell.run({"admin", "nodes", "list"}), static_cast<int>(ExitCode::denied));
  EXPECT_THAT(shell.err.str(), testing::HasSubstr("nodes list --organization ORG"));
}

TEST_F(FabricCommands, SayWhichNodesDrainAndWhichAreDrained) {
  shell.network.answer(
      "GET nodes",
      {{"items",
        {{{"name", "a"}, {"state", "approved"}},
         {{"name", "b"}, {"state", "approved"}, {"draining", true}},
         {{"name", "c"}, {"state", "approved"}, {"draining", true}, {"drained", true}}}}});
  EXPECT_EQ(shell.run({"admin", "nodes", "list"}), 0);
  const std::string out = shell.out.str();
  EXPECT_NE(out.find("a     approved"), out.npos) << out;
  EXPECT_NE(out.find("b     draining"), out.npos) << out;
  EXPECT_NE(out.find("c     drained"), out.npos) << out;
}

TEST_F(FabricCommands, SayBelowTheNodesWhatIsToBeDone) {
  shell.network.answer(
      "GET nodes",
      {{"items",
        {{{"name", "a"}, {"state", "approved"}, {"clock_skew_s", 0}},
         {{"name", "b"},
          {"state", "approved"},
          {"clock_skew_s", 12},
          {"notices", {{{"code", "clock_off"}, {"text", "Its clock is 12 s ahead."}}}}}}}});
  EXPECT_EQ(shell.run({"admin", "nodes", "list"}), 0);
  const std::string out = shell.out.str();
  EXPECT_NE(out.find("+12 s"), out.npos) << out;
  EXPECT_TRUE(out.ends_with("b: Its clock is 12 s ahead.\n")) << out;
}

TEST_F(FabricCommands, SayBelowTheNodesWhenTheDatabaseWasAway) {
  shell.network.answer("GET nodes",
                       {{"items", {{{"name", "a"}, {"state", "approved"}}}},
                        {"outages", {{{"server", "control-1"}, {"text", "It was away."}}}}});
  EXPECT_EQ(shell.run({"admin", "nodes", "list"}), 0);
  EXPECT_TRUE(shell.out.str().ends_with("It was away.\n")) << shell.out.str();
}

TEST_F(FabricCommands, BringNodesBack) {
  shell.network.answer("POST nodes/e/enable", json::object());
  EXPECT_EQ(shell.run({"admin", "nodes", "enable", "e"}), 0);
  shell.network.answer("POST nodes/e/readmit", {{"join_token", "rapjt1.x"}});
  EXPECT_EQ(shell.run({"admin", "nodes", "readmit", "e"}), 0);
  EXPECT_EQ(shell.out.str(), "rapjt1.x\n");
}

TEST_F(FabricCommands, OfAnOrganizationAreAboutItsOwnHosts) {
  const std::string at = "POST organizations/acme/nodes/branch/";
  for (const std::string verb : {"disable", "revoke"}) {
    shell.network.answer(at + verb, json::object());
    EXPECT_EQ(shell.run({"admin", "nodes", verb, "branch", "--organization", "acme", "--yes"}), 0)
        << shell.err.str();
  }
  const auto enabled = [&](const char* state) {
    shell.network.answer(at + "enable", {{"state", state}});
    shell.out.str("");
    EXPECT_EQ(shell.run({"admin", "nodes", "enable", "branch", "--organization", "acme"}), 0);
    return shell.out.str();
  };
  EXPECT_THAT(enabled("approved"), testing::HasSubstr("branch is enabled"));
  EXPECT_THAT(enabled("disabled"), testing::HasSubstr("the platform disabled it too"));
}

TEST_F(FabricCommands, ShowChannelsAndWhatIsNotConnectedUntilInterrupted) {
  shell.network.answer(
      "GET channels",
      {{"items", {{{"node_name", "a"}, {"peer_name", "b"}, {"loss_permille", 15}}}},
       {"reconnects",
        {{{"node_name", "a"}, {"peer_name", "c"}, {"stopped", true}, {"next_in_ms", 2500}}}}});
  EXPECT_EQ(shell.run({"admin", "channels"}), 0);
  EXPECT_NE(shell.out.str().find("1.5 %"), std::string::npos) << shell.out.str();
  EXPECT_NE(shell.out.str().find("Not connected:"), std::string::npos);
  EXPECT_NE(shell.out.str().find("2.5 s"), std::string::npos);
  EXPECT_EQ(shell.out.str().find("<clear>"), std::string::npos);
  const std::size_t before = shell.network.sent.size();
  shell.terminal.waits = 2;
  EXPECT_EQ(shell.run({"admin", "channels", "--watch"}), 0);
  EXPECT_EQ(shell.network.sent.size() - before, 3U);
}

}  // namespace
}  // namespace rap::client
