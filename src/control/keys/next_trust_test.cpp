// The files of a root that is prepared to take over. What a crash may do to them is tried in
// tests/crash.
#include "control/keys/next_trust.hpp"

#include <sys/stat.h>

#include "control/keys/test_state.hpp"

namespace rap::control::server {
namespace {

namespace fs = std::filesystem;

struct NextTrustTest : testing::Test, TestState {
  std::string text_of(const fs::path& name) const { return io::read_file(pki() / name).value(); }
  NextTrust loaded() const { return files.load(authority()).value().value(); }
  // Why the prepared root is not loaded.
  std::string fault() const {
    const auto next = files.load(authority());
    return next ? std::string{} : next.error();
  }

  NextTrustFiles files{pki()};
};

TEST_F(NextTrustTest, HaveNothingBeforeSomethingIsPrepared) {
  EXPECT_FALSE(files.load(authority()).value());
}

TEST_F(NextTrustTest, HaveARootThatTheRootInForceVouchesFor) {
  ASSERT_EQ("", prepare());
  const auto next = loaded();
  EXPECT_EQ(next.both.version, snapshot::kFirstTrustBundle + 1);
  EXPECT_EQ(next.only_new.version, snapshot::kFirstTrustBundle + 2);
  const Authority active = authority();
  const auto both =
      snapshot::open_trust_bundle(next.both.envelope, active.cluster, active.roots, 1).value();
  ASSERT_EQ(both.roots.size(), 2U);
  EXPECT_EQ(both.roots[0].fingerprint(), active.roots.front().fingerprint());
  EXPECT_EQ(both.roots[1].fingerprint(), next.root.fingerprint());
  const auto only_new =
      snapshot::open_trust_bundle(next.only_new.envelope, active.cluster, active.roots, 1).value();
  ASSERT_EQ(only_new.roots.size(), 1U);
  EXPECT_EQ(only_new.roots[0].fingerprint(), next.root.fingerprint());
}

TEST_F(NextTrustTest, LeaveTheNewRootsKeyWhereItWasAskedForAndNowhereElse) {
  ASSERT_EQ("", prepare());
  const auto key = io::read_file(folder / "new.key").value();
  struct stat info{};
  ASSERT_EQ(::stat((folder / "new.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(crypto::PrivateKey::from_pem(key)->public_key().pem(),
            loaded().root.public_key().pem());
  for (const auto& file : io::files_below(state.home()).value()) {
    EXPECT_EQ(io::read_file(file).value().find(key), std::string::npos) << file;
  }
}

TEST_F(NextTrustTest, RemoveWhatAKilledPreparationWasWritingTheKeyTo) {
  const auto unfinished = folder / ("new.key.abc" + std::string(io::kTemporarySuffix));
  const auto other = folder / ("old.key.abc" + std::string(io::kTemporarySuffix));
  for (const auto& file : {unfinished, other}) ASSERT_TRUE(io::write_file_atomic(file, "half a k"));
  ASSERT_EQ("", prepare());
  EXPECT_FALSE(fs::exists(unfinished));
  EXPECT_TRUE(fs::exists(other)) << "it is another file's";
}

TEST_F(NextTrustTest, AreNotLoadedWhenOneIsDamagedOrMissing) {
  ASSERT_EQ("", prepare());
  for (const char* name :
       {"root.crt", "intermediate.crt", "intermediate.key", "both.dsse", "new.dsse"}) {
    const auto file = pki() / "next" / name;
    const std::string good = io::read_file(file).value();
    ASSERT_TRUE(io::write_file_atomic(file, good.substr(0, good.size() / 2)));
    EXPECT_NE(fault().find(name), std::string::npos);
    EXPECT_NE(fault().find("prepare again"), std::string::npos) << fault();
    ASSERT_TRUE(io::write_file_atomic(file, good));
  }
  EXPECT_EQ("", fault());
  fs::remove(pki() / "next" / "both.dsse");
  EXPECT_NE(fault().find("both.dsse"), std::string::npos);
  fs::remove(pki() / "next" / "new.dsse");
  EXPECT_FALSE(files.load(authority()).value()) << "the last is missing: it was never finished";
}

TEST_F(NextTrustTest, AreNotLoadedWhenTheRootInForceDidNotSignThem) {
  ASSERT_EQ("", prepare());
  const TestState other;
  Authority active = authority();
  active.roots = other.authority().roots;
  const auto next = files.load(active);
  ASSERT_FALSE(next);
  EXPECT_NE(next.error().find("is not signed by the root in force"), std::string::npos);
}

TEST_F(NextTrustTest, BringASupersededRootBackWhenItIsCalledFor) {
  ASSERT_EQ("", prepare());
  const std::string first = ca_ref_of(loaded().root);
  ASSERT_EQ("", prepare("third.key"));
  const std::string second = ca_ref_of(loaded().root);
  EXPECT_NE(first, second);
  ASSERT_TRUE(files.recall(first));
  EXPECT_EQ(first, ca_ref_of(loaded().root));
  ASSERT_TRUE(files.recall(second));
  EXPECT_EQ(second, ca_ref_of(loaded().root)) << "what gave way can be called back as well";
  ASSERT_TRUE(files.recall("rap-0000000000000000"));
  EXPECT_EQ(second, ca_ref_of(loaded().root)) << "one that there never was changes nothing";
}

TEST_F(NextTrustTest, TakeThePlaceOfWhatIsInForce) {
  ASSERT_EQ("", prepare());
  const auto next = loaded();
  ASSERT_TRUE(files.promote());
  EXPECT_EQ(text_of("root.crt"), next.root.pem());
  EXPECT_EQ(text_of("intermediate.crt"), next.intermediate.certificate.pem());
  EXPECT_EQ(text_of("intermediate.key"), next.intermediate.key.pem());
  EXPECT_FALSE(fs::exists(pki() / "next"));
  EXPECT_FALSE(fs::exists(pki() / "retired"));
}

TEST_F(NextTrustTest, FinishATakeOverThatWasCutShortAndBeginNone) {
  ASSERT_EQ("", prepare());
  const auto next = loaded();
  const std::string before = text_of("root.crt");
  ASSERT_TRUE(files.finish_promotion());
  EXPECT_EQ(text_of("root.crt"), before) << "nobody had begun";
  ASSERT_TRUE(io::write_file_atomic(pki() / "next" / "promote", ""));
  ASSERT_TRUE(files.finish_promotion());
  EXPECT_EQ(text_of("root.crt"), next.root.pem());
  EXPECT_FALSE(fs::exists(pki() / "next"));
}

TEST_F(NextTrustTest, ForgetWhatIsLeftOverUnlessAPreparationIsAtWork) {
  ASSERT_EQ("", prepare());
  ASSERT_EQ("", prepare("third.key"));
  const std::string last = ca_ref_of(loaded().root);
  const std::vector left = {pki() / "superseded", pki() / "next.new", pki() / "retired"};
  for (const auto& leftover : left) fs::create_directory(leftover);
  {
    const auto at_work = io::FileLock::try_lock(pki() / "trust.lock");
    files.remove_leftovers();
    for (const auto& leftover : left) EXPECT_TRUE(fs::exists(leftover)) << leftover;
  }
  files.remove_leftovers();
  for (const auto& leftover : left) EXPECT_FALSE(fs::exists(leftover)) << leftover;
  EXPECT_EQ(last, ca_ref_of(loaded().root));
}

TEST_F(NextTrustTest, ArePreparedNeitherInTheMiddleOfATakeOverNorOfARotation) {
  ASSERT_EQ("", prepare());
  ASSERT_TRUE(io::write_file_atomic(pki() / "next" / "promote", ""));
  EXPECT_NE(prepare("third.key").find("a rotation is under way"), std::string::npos);
  fs::remove(pki() / "next" / "promote");
  ASSERT_TRUE(files.write_note({TrustPhase::distributing, 2}));
  EXPECT_NE(prepare("third.key").find("a rotation is under way"), std::string::npos);
  ASSERT_TRUE(files.write_note({TrustPhase::stable, 4}));
  ASSERT_EQ("", prepare("third.key"));
  EXPECT_EQ(loaded().both.version, 5U);
}

TEST_F(NextTrustTest, ArePreparedByOneAtATime) {
  const auto at_work = io::FileLock::try_lock(pki() / "trust.lock");
  EXPECT_NE(prepare().find("is at work"), std::string::npos);
}

TEST_F(NextTrustTest, DoNotBelieveADamagedNote) {
  EXPECT_EQ(TrustNote{}, files.read_note().value()) << "before any rotation there is none";
  for (const char* note :
       {"", "{", "[]", "{\"phase\":1,\"bundle_version\":1}",
        "{\"phase\":\"stable\",\"bundle_version\":\"1\"}",
        "{\"phase\":\"stable\",\"bundle_version\":-1}",
        "{\"phase\":\"stable\",\"bundle_version\":0}",
        "{\"phase\":\"sometimes\",\"bundle_version\":1}", "{\"phase\":\"stable\"}"}) {
    ASSERT_TRUE(io::write_file_atomic(pki() / "trust.json", note));
    const auto read = files.read_note();
    ASSERT_FALSE(read) << note;
    EXPECT_NE(read.error().find("damaged"), std::string::npos);
  }
  ASSERT_TRUE(files.write_note({TrustPhase::retiring, 7}));
  EXPECT_EQ((TrustNote{TrustPhase::retiring, 7}), files.read_note().value());
}

}  // namespace
}  // namespace rap::control::server
