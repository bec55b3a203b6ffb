#include "control/keys/state_directory.hpp"

#include "control/keys/test_state.hpp"

namespace rap::control::server {
namespace {

namespace fs = std::filesystem;

struct StateDirectoryTest : testing::Test, TestState {
  crypto::TlsIdentity identity(WallTime at, bool& renewed) {
    return state.load_identity(authority(), at, rng, &renewed).value();
  }
};

TEST_F(StateDirectoryTest, ShowsNoKeyToAnybodyElse) {
  for (const auto& entry : fs::recursive_directory_iterator(folder / "state")) {
    if (!entry.is_regular_file()) continue;
    EXPECT_EQ(fs::perms::none, entry.status().permissions() & fs::perms{0077}) << entry.path();
  }
  for (const fs::path& path : {pki(), state.home() / "root-ca", folder / "state" / "run"}) {
    EXPECT_EQ(fs::perms{0700}, fs::status(path).permissions()) << path;
  }
}

TEST_F(StateDirectoryTest, NarrowsAFolderThatWasOpen) {
  fs::permissions(pki(), fs::perms{0755});
  ASSERT_TRUE(state.create(rng));
  EXPECT_EQ(fs::perms{0700}, fs::status(pki()).permissions());
}

TEST_F(StateDirectoryTest, KeepsTheKeysBelowThePathOfTheirCluster) {
  const std::string cluster = authority().cluster.str();
  EXPECT_TRUE(fs::exists(folder / "state" / "clusters" / cluster / "pki" / "root.crt"));
  EXPECT_EQ(state.root_key(), folder / "state" / "clusters" / cluster / "root-ca" / "root.key");
}

TEST_F(StateDirectoryTest, RefusesTheKeysOfAnotherCluster) {
  fs::rename(state.home(), state.home().parent_path() / ClusterId::random(rng).str());
  const auto loaded = StateDirectory(folder / "state").load_authority();
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().find("holds the keys of cluster"), std::string::npos);
}

TEST_F(StateDirectoryTest, SaysSoWhereThereAreSeveralClusters) {
  fs::create_directory(state.home().parent_path() / ClusterId::random(rng).str());
  const auto loaded = StateDirectory(folder / "state").load_authority();
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().find("several clusters"), std::string::npos);
}

TEST_F(StateDirectoryTest, SaysWhatToDoWhereNothingWasInitialized) {
  const StateDirectory empty(folder / "empty");
  const auto loaded = empty.load_authority();
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().find("run 'rap-control init' first"), std::string::npos);
}

TEST_F(StateDirectoryTest, NamesTheServerByEveryHostOnce) {
  StateDirectory other(folder / "other");
  ASSERT_TRUE(other.create(rng));
  ASSERT_TRUE(other.create_pki({"b.example", "a.example", "::1", "b.example"}, now, rng));
  const auto identity = other.load_identity(other.load_authority().value(), now, rng);
  const auto names = identity.value().chain.front().names();
  EXPECT_EQ((std::vector<std::string>{"a.example", "b.example"}), names.dns);
  EXPECT_EQ((std::vector<std::string>{"::1"}), names.ips);
}

TEST_F(StateDirectoryTest, IssuesAnotherCertificateForOtherNamesAndUnderTheSameTrust) {
  bool renewed = false;
  const auto first = identity(now, renewed);
  EXPECT_FALSE(renewed);
  EXPECT_EQ(state.hosts().value(), (std::vector<std::string>{"control.example", "127.0.0.1"}));
  ASSERT_TRUE(state.set_hosts({"cp.example", "::1", "control.example"}));
  const auto next = identity(now, renewed);
  EXPECT_TRUE(renewed);
  const auto names = next.chain.front().names();
  EXPECT_EQ(names.dns, (std::vector<std::string>{"control.example", "cp.example"}));
  EXPECT_EQ(names.ips, std::vector<std::string>{"::1"});
  EXPECT_EQ(names.uris, first.chain.front().names().uris) << "it is the same instance";
  EXPECT_EQ(next.chain.back().fingerprint(), first.chain.back().fingerprint());
  identity(now, renewed);
  EXPECT_FALSE(renewed);
}

TEST_F(StateDirectoryTest, IssuesAnotherCertificateWhereTheOneThereIsIsNotAsWanted) {
  bool renewed = false;
  const auto load = [&](const OwnCertificate& wanted) {
    return state.load_identity(authority(), now, rng, &renewed, wanted).value().chain.front();
  };
  OwnCertificate wanted;
  wanted.profile.must_staple = true;
  wanted.profile.ocsp_url = "http://cp.example/ocsp/";
  const auto stapled = load(wanted);
  EXPECT_TRUE(renewed);
  EXPECT_TRUE(stapled.must_staple());
  EXPECT_EQ(stapled.ocsp_url(), "http://cp.example/ocsp/");
  load(wanted);
  EXPECT_FALSE(renewed);
  wanted.anew = true;
  EXPECT_NE(load(wanted).key_hash(), stapled.key_hash());
  EXPECT_TRUE(renewed);
}

TEST_F(StateDirectoryTest, FindsTheRootsKeyWhereverItLies) {
  EXPECT_EQ(state.root_keys(), std::vector<fs::path>{state.root_key()});
  fs::rename(state.root_key(), pki() / "forgotten.key");
  EXPECT_EQ(state.root_keys(), std::vector<fs::path>{pki() / "forgotten.key"});
  fs::remove(pki() / "forgotten.key");
  EXPECT_TRUE(state.root_keys().empty()) << "no other key is a root's";
}

TEST_F(StateDirectoryTest, RefusesAnIntermediateWithoutItsKey) {
  const auto stranger = crypto::PrivateKey::generate(crypto::KeyType::p256);
  ASSERT_TRUE(io::write_file_atomic(pki() / "intermediate.key", stranger.pem()));
  const auto loaded = state.load_authority();
  ASSERT_FALSE(loaded);
  EXPECT_EQ("pki/intermediate.key is not the key of pki/intermediate.crt", loaded.error());
}

TEST_F(StateDirectoryTest, RefusesADamagedKeyInsteadOfMakingAnother) {
  ASSERT_TRUE(io::write_file_atomic(pki() / "token.key", "half a k"));
  EXPECT_FALSE(state.load_authority());
}

TEST_F(StateDirectoryTest, RenewsTheCertificateAtTwoThirdsOfItsLifeAndNotBefore) {
  bool renewed = true;
  const auto leaf = identity(now, renewed).chain.front();
  EXPECT_FALSE(renewed);
  const auto due = leaf.not_before() + (leaf.not_after() - leaf.not_before()) * 2 / 3;
  EXPECT_EQ(leaf.fingerprint(),
            identity(due - std::chrono::seconds{1}, renewed).chain.front().fingerprint());
  EXPECT_FALSE(renewed);
  const auto fresh = identity(due, renewed);
  EXPECT_TRUE(renewed);
  EXPECT_NE(leaf.fingerprint(), fresh.chain.front().fingerprint());
  EXPECT_EQ(leaf.names(), fresh.chain.front().names());
}

TEST_F(StateDirectoryTest, RenewsACertificateWhoseKeyIsGone) {
  fs::remove(pki() / "server.key");
  bool renewed = false;
  const auto fresh = identity(now, renewed);
  EXPECT_TRUE(renewed);
  EXPECT_EQ(fresh.chain.front().public_key().spki_sha256(), fresh.key.public_key().spki_sha256());
}

TEST_F(StateDirectoryTest, RenewsACertificateOfAnotherIssuer) {
  Authority other = authority();
  const auto root = crypto::make_root(other.cluster, validity_from(now, kRootLifetime), rng);
  other.intermediate = crypto::make_intermediate(root, other.cluster,
                                                 validity_from(now, kIntermediateLifetime), rng);
  bool renewed = false;
  const auto fresh = state.load_identity(other, now, rng, &renewed).value();
  EXPECT_TRUE(renewed);
  EXPECT_EQ(other.intermediate.certificate.fingerprint(), fresh.chain.back().fingerprint());
}

TEST_F(StateDirectoryTest, RemovesWhatAKilledServerWasWritingAndNothingElse) {
  for (const fs::path& left :
       {pki() / "token.key.0123.tmp", state.home() / "root-ca/root.key.4.tmp",
        folder / "state/run/ports.json.5.tmp"}) {
    ASSERT_TRUE(io::write_file_atomic(left, "half"));
  }
  ASSERT_TRUE(state.recover());
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder / "state")) {
    EXPECT_NE(".tmp", entry.path().extension()) << entry.path();
    if (entry.is_regular_file()) ++files;
  }
  EXPECT_EQ(8U, files);
}

TEST_F(StateDirectoryTest, MakesTheNextKeyForTokensOnlyWhenAsked) {
  EXPECT_FALSE(state.next_token_key(false).value());
  const auto made = state.next_token_key(true).value();
  EXPECT_EQ(made->kid, state.next_token_key(false).value()->kid);
  EXPECT_EQ(made->kid, state.next_token_key(true).value()->kid) << "and not another";
  ASSERT_TRUE(state.promote_token_key());
  EXPECT_EQ(made->kid, authority().token_key.kid);
  EXPECT_FALSE(state.promote_token_key()) << "there is none any more";
  EXPECT_EQ(made->kid, authority().token_key.kid);
}

}  // namespace
}  // namespace rap::control::server
