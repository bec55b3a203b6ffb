// A rotation of trust as the files see it. What a crash may do to it is tried in tests/crash.
#include "control/keys/trust_files.hpp"

#include <fstream>

#include "control/keys/test_state.hpp"

namespace rap::control::server {
namespace {

namespace fs = std::filesystem;

struct TrustFilesTest : testing::Test, TestState {
  // The state of a rotation to what was prepared.
  TrustState distributing() {
    const auto prepared = files.prepared().value().value();
    TrustState out;
    out.phase = TrustPhase::distributing;
    out.ca_ref = prepared.ca_ref;
    out.next_ca_ref = prepared.next_ca_ref;
    out.bundle_version = prepared.both.version;
    return out;
  }
  std::string follow(const TrustState& trust, const TokenKeyState& tokens = {}) {
    const auto done = files.follow(trust, tokens, {});
    return done ? std::string{} : done.error();
  }
  static std::vector<std::string> roots_of(const Authority& authority) {
    std::vector<std::string> out;
    for (const auto& root : authority.roots) out.push_back(ca_ref_of(root));
    return out;
  }

  LockedAuthority current{authority()};
  int changes = 0;
  TrustFiles files{state, current, [this] { ++changes; }};
};

TEST_F(TrustFilesTest, HaveNothingPreparedAtFirst) {
  EXPECT_FALSE(files.prepared().value());
  EXPECT_EQ("", follow({}));
  EXPECT_EQ(authority().ca_ref(), current->ca_ref());
}

TEST_F(TrustFilesTest, TellOnlyOfAStateThatIsAnother) {
  EXPECT_EQ("", follow({}));
  EXPECT_EQ("", follow({}));
  EXPECT_EQ(1, changes);
  ASSERT_EQ("", prepare());
  EXPECT_EQ("", follow(distributing()));
  EXPECT_EQ("", follow(distributing()));
  EXPECT_EQ(2, changes);
}

TEST_F(TrustFilesTest, HaveTheRootsAndTheIssuerOfEachPhase) {
  ASSERT_EQ("", prepare());
  TrustState trust = distributing();
  const std::string old_root = trust.ca_ref;
  const std::string new_root = trust.next_ca_ref;
  const auto old_issuer = current->intermediate.certificate.fingerprint();
  ASSERT_EQ("", follow(trust));
  EXPECT_EQ((std::vector{old_root, new_root}), roots_of(*current.get()));
  EXPECT_EQ(old_issuer, current->intermediate.certificate.fingerprint());
  trust.phase = TrustPhase::reissuing;
  ASSERT_EQ("", follow(trust));
  EXPECT_EQ((std::vector{new_root, old_root}), roots_of(*current.get()));
  EXPECT_EQ(old_issuer, current->former->intermediate.certificate.fingerprint());
  const auto new_issuer = current->intermediate.certificate.fingerprint();
  EXPECT_NE(old_issuer, new_issuer);
  trust.phase = TrustPhase::retiring;
  ASSERT_EQ("", follow(trust));
  EXPECT_EQ((std::vector{new_root}), roots_of(*current.get()));
  trust.phase = TrustPhase::stable;
  trust.ca_ref = std::exchange(trust.next_ca_ref, {});
  ASSERT_EQ("", follow(trust));
  EXPECT_EQ((std::vector{new_root}), roots_of(*current.get()));
  EXPECT_EQ(new_issuer, current->intermediate.certificate.fingerprint());
  EXPECT_FALSE(current->former);
  EXPECT_FALSE(fs::exists(pki() / "next"));
}

TEST_F(TrustFilesTest, DoNotCallTheFormerAuthorityTheCurrentOneWhenTheNextCannotBeRead) {
  ASSERT_EQ("", prepare());
  TrustState trust = distributing();
  ASSERT_EQ("", follow(trust));
  trust.phase = TrustPhase::retiring;
  ASSERT_EQ("", follow(trust));
  const auto held = current.get();
  trust.phase = TrustPhase::stable;
  trust.ca_ref = std::exchange(trust.next_ca_ref, {});
  ASSERT_TRUE(io::write_file_atomic(pki() / "next" / "intermediate.key", "half a k"));
  EXPECT_NE("", follow(trust));
  EXPECT_EQ(held, current.get()) << "what is in use stays in use";
}

TEST_F(TrustFilesTest, RefuseARootThatTheyDoNotHave) {
  ASSERT_EQ("", prepare());
  TrustState trust = distributing();
  trust.next_ca_ref = "rap-0000000000000000";
  EXPECT_NE(follow(trust).find("restore it"), std::string::npos);
  trust = distributing();
  trust.ca_ref = "rap-0000000000000000";
  EXPECT_NE(follow(trust).find("pki/root.crt is not the root rap-0000000000000000"),
            std::string::npos);
  TrustState elsewhere;
  elsewhere.ca_ref = "rap-0000000000000000";
  EXPECT_NE("", follow(elsewhere)) << "the database rotated without these files";
  EXPECT_EQ(0, changes);
}

TEST_F(TrustFilesTest, FindARootThatWasSupersededAfterTheDatabaseNamedIt) {
  ASSERT_EQ("", prepare());
  const TrustState begun = distributing();
  ASSERT_EQ("", prepare("third.key"));
  EXPECT_NE(begun.next_ca_ref, distributing().next_ca_ref);
  {
    const auto at_work = io::FileLock::try_lock(pki() / "trust.lock");
    EXPECT_NE(follow(begun).find("is at work"), std::string::npos);
  }
  ASSERT_EQ("", follow(begun));
  EXPECT_EQ(begun.next_ca_ref, ca_ref_of(current->roots.back()));
}

TEST_F(TrustFilesTest, ForgetASupersededRootThatTheDatabaseDoesNotName) {
  ASSERT_EQ("", prepare());
  ASSERT_EQ("", prepare("third.key"));
  const std::string last = distributing().next_ca_ref;
  ASSERT_TRUE(fs::exists(pki() / "superseded"));
  ASSERT_EQ("", follow({}));
  EXPECT_FALSE(fs::exists(pki() / "superseded"));
  EXPECT_EQ(last, distributing().next_ca_ref);
}

TEST_F(TrustFilesTest, SignWithTheKeyThatTheDatabaseSays) {
  const auto first = token_key_of(current->token_key);
  const auto next = files.next_token_key().value();
  TokenKeyState tokens;
  tokens.phase = TokenKeyPhase::distributing;
  tokens.current = first;
  tokens.next = next;
  ASSERT_EQ("", follow({}, tokens));
  EXPECT_EQ(first.kid, current->token_key.kid);
  tokens.phase = TokenKeyPhase::overlapping;
  ASSERT_EQ("", follow({}, tokens));
  EXPECT_EQ(next.kid, current->token_key.kid);
  EXPECT_EQ(first.kid, authority().token_key.kid) << "until the former one is over";
  tokens = {};
  tokens.current = next;
  ASSERT_EQ("", follow({}, tokens));
  EXPECT_EQ(next.kid, authority().token_key.kid);
}

TEST_F(TrustFilesTest, RefuseToSignWithAKeyThatTheyDoNotHave) {
  TokenKeyState tokens;
  tokens.current.kid = "token-0000000000000000";
  EXPECT_NE(follow({}, tokens).find("token-0000000000000000; restore it"), std::string::npos);
  EXPECT_EQ(0, changes);
}

TEST_F(TrustFilesTest, PrepareNothingWhileARotationIsUnderWay) {
  ASSERT_EQ("", prepare());
  const TrustState trust = distributing();
  ASSERT_EQ("", follow(trust));
  EXPECT_NE(prepare("third.key").find("a rotation is under way"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder / "third.key"));
}

}  // namespace
}  // namespace rap::control::server
