// rap-control trust prepare: the next root, signed with the key of the one in force.
#include "control/keys/test_state.hpp"
#include "control/server/commands/commands.hpp"
#include "control/server/commands/test_streams.hpp"

namespace rap::control::server {
namespace {

struct PrepareTest : testing::Test, TestState {
  PrepareTest() {
    options.state = (folder / "state").string();
    options.root_key = state.root_key().string();
    options.out_root_key = (folder / "next.key").string();
  }
  std::string failure() const {
    const TestStderr said;
    return run_trust_prepare(options) == 0 ? "" : said.text();
  }
  bool is_prepared() const { return state.next_trust().load(authority()).value().has_value(); }

  PrepareOptions options;
};

TEST_F(PrepareTest, WritesTheNewKeyWhereItIsToldAndTheRestIntoTheDirectory) {
  const TestStderr said;
  ASSERT_EQ(0, run_trust_prepare(options)) << said.text();
  EXPECT_TRUE(said.has("TAKE BOTH ROOT KEYS OFFLINE")) << said.text();
  const auto key = crypto::PrivateKey::from_pem(io::read_file(options.out_root_key).value());
  ASSERT_TRUE(key);
  const auto next = state.next_trust().load(authority());
  ASSERT_TRUE(next && *next);
  EXPECT_TRUE(said.has((*next)->root.fingerprint_hex())) << "the fingerprint to compare";
}

TEST_F(PrepareTest, TakesNoKeyButTheOneOfTheRootInForce) {
  options.root_key = (state.home() / "pki" / "token.key").string();
  EXPECT_NE(failure().find("is not the key of the root in force"), std::string::npos);
  ASSERT_TRUE(io::write_file_atomic(folder / "text", "no key"));
  options.root_key = (folder / "text").string();
  EXPECT_NE(failure().find("holds no private key"), std::string::npos);
  options.root_key = (folder / "nothing").string();
  EXPECT_NE(failure(), "");
  EXPECT_FALSE(is_prepared());
  EXPECT_FALSE(std::filesystem::exists(options.out_root_key));
}

TEST_F(PrepareTest, WritesOverNoFile) {
  ASSERT_TRUE(io::write_file_atomic(options.out_root_key, "of somebody"));
  EXPECT_NE(failure().find("name a new file"), std::string::npos);
  EXPECT_EQ("of somebody", io::read_file(options.out_root_key));
  EXPECT_FALSE(is_prepared());
}

TEST_F(PrepareTest, SaysWhatToDoWhereNothingWasInitialized) {
  options.state = (folder / "elsewhere").string();
  EXPECT_NE(failure().find("rap-control init"), std::string::npos);
}

}  // namespace
}  // namespace rap::control::server
