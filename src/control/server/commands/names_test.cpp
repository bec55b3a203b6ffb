// rap-control names: under which names the control plane is reached, changed on its host.
#include "control/keys/test_state.hpp"
#include "control/server/commands/commands.hpp"
#include "control/server/commands/test_streams.hpp"

namespace rap::control::server {
namespace {

using Change = NamesOptions::Change;

struct NamesTest : testing::Test, TestState {
  struct Said {
    int status;
    std::string out;
    std::string err;
  };
  Said names(Change change = Change::none, std::vector<std::string> hosts = {},
             bool force = false) const {
    const TestStdout out;
    const TestStderr err;
    const int status = run_names({(folder / "state").string(), change, std::move(hosts), force});
    return {status, out.text(), err.text()};
  }
};

TEST_F(NamesTest, AreThoseOfTheCertificateUntilSomebodyChangesThem) {
  const auto said = names();
  EXPECT_EQ(0, said.status) << said.err;
  EXPECT_EQ("control.example\n127.0.0.1\n", said.out);
}

TEST_F(NamesTest, AreWrittenOneWayAndOnceWhateverIsTyped) {
  EXPECT_EQ(0, names(Change::add, {"CP.Example", "cp.example", "::0001"}).status);
  const auto said = names();
  EXPECT_EQ(
      "control.example\n127.0.0.1\ncp.example  (not in the certificate yet)\n"
      "::1  (not in the certificate yet)\n",
      said.out);
}

TEST_F(NamesTest, StayAsTheyAreWhenOneOfThoseGivenIsWrong) {
  const auto nonsense = names(Change::add, {"cp.example", "no name"});
  EXPECT_EQ(1, nonsense.status);
  EXPECT_NE(std::string::npos, nonsense.err.find("'no name'")) << nonsense.err;
  const auto unknown = names(Change::remove, {"127.0.0.1", "cp.example"});
  EXPECT_EQ(1, unknown.status);
  EXPECT_NE(std::string::npos, unknown.err.find("names list")) << unknown.err;
  EXPECT_EQ("control.example\n127.0.0.1\n", names().out);
}

TEST_F(NamesTest, TheLastOfThemStays) {
  EXPECT_EQ(0, names(Change::remove, {"control.example"}).status);
  const auto said = names(Change::remove, {"127.0.0.1"});
  EXPECT_EQ(1, said.status);
  EXPECT_NE(std::string::npos, said.err.find("add another one first")) << said.err;
}

TEST_F(NamesTest, ByWhichARunningServerIsReachedStayUnlessForced) {
  ASSERT_EQ(0, names(Change::add, {"cp.example"}).status);
  ASSERT_TRUE(
      state.note_served_hosts({{"--public-url", "Control.Example"}, {"--node-url", "127.0.0.1"}}));
  const auto refused = names(Change::remove, {"cp.example", "control.example"});
  EXPECT_EQ(1, refused.status);
  for (const char* part : {"'control.example'", "--public-url", "--force"}) {
    EXPECT_NE(std::string::npos, refused.err.find(part)) << refused.err;
  }
  EXPECT_NE(std::string::npos, names().out.find("cp.example")) << "none of them is removed";
  EXPECT_NE(std::string::npos, names(Change::remove, {"127.0.0.1"}).err.find("--node-url"));
  EXPECT_EQ(0, names(Change::remove, {"cp.example"}).status) << "others are nobody's";
  EXPECT_EQ(0, names(Change::remove, {"127.0.0.1"}, true).status);
  ASSERT_EQ(0, names(Change::add, {"cp.example"}).status);
  state.forget_served_hosts();
  EXPECT_EQ(0, names(Change::remove, {"control.example"}).status) << "no server runs";
}

TEST_F(NamesTest, TwoWhoChangeThemAtOnceDoNotLoseOneAnothersChange) {
  const auto held = io::FileLock::try_lock(state.names_lock_file());
  ASSERT_TRUE(held);
  const auto said = names(Change::add, {"cp.example"});
  EXPECT_EQ(1, said.status);
  EXPECT_NE(std::string::npos, said.err.find("try again")) << said.err;
}

}  // namespace
}  // namespace rap::control::server
