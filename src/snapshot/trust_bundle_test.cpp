#include "snapshot/trust_bundle.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "crypto/testing/pki.hpp"
#include "crypto/tokens/dsse.hpp"

namespace rap::snapshot {
namespace {

class TrustBundleTest : public testing::Test {
 protected:
  TrustBundle bundle(std::uint64_t version, std::vector<crypto::Certificate> roots) {
    return {version, old_pki.cluster, std::move(roots)};
  }
  std::expected<TrustBundle, TrustBundleFault> open(const std::string& envelope,
                                                    const crypto::Issuer& trusted,
                                                    std::uint64_t floor = 1) {
    return open_trust_bundle(envelope, old_pki.cluster, {trusted.certificate}, floor);
  }

  crypto::TestPki old_pki{1};
  crypto::Issuer next = crypto::make_root(old_pki.cluster, crypto::TestPki::validity, old_pki.rng);
  crypto::Issuer stranger =
      crypto::make_root(old_pki.cluster, crypto::TestPki::validity, old_pki.rng);
};

TEST_F(TrustBundleTest, MovesTrustFromTheOldRootToTheNewOne) {
  const auto both = seal_trust_bundle(bundle(2, {old_pki.root.certificate, next.certificate}),
                                      {old_pki.root, next});
  const auto opened = open(both, old_pki.root);
  ASSERT_TRUE(opened) << to_string(opened.error());
  EXPECT_EQ(opened->version, 2U);
  ASSERT_EQ(opened->roots.size(), 2U);
  EXPECT_EQ(opened->roots[1].fingerprint(), next.certificate.fingerprint());
  EXPECT_TRUE(open(both, next)) << "whoever joined under the new one verifies it as well";

  const auto only_new = seal_trust_bundle(bundle(3, {next.certificate}), {old_pki.root, next});
  EXPECT_EQ(open(only_new, old_pki.root)->roots.size(), 1U) << "also for who slept through 2";
}

TEST_F(TrustBundleTest, NeedsASignatureOfARootThatIsTrusted) {
  const auto forged = seal_trust_bundle(bundle(2, {stranger.certificate}), {stranger});
  EXPECT_EQ(open(forged, old_pki.root).error(), TrustBundleFault::bad_envelope);
  EXPECT_EQ(open("{}", old_pki.root).error(), TrustBundleFault::bad_envelope);
  const auto other_type =
      crypto::seal_envelope(old_pki.root.key, old_pki.root.certificate.fingerprint_hex(),
                            "application/other", as_bytes("{}"));
  EXPECT_EQ(open(other_type, old_pki.root).error(), TrustBundleFault::bad_envelope);
}

TEST_F(TrustBundleTest, IsOfThisClusterAndNeverOlderThanWhatIsInForce) {
  SeededRandom rng(7);
  const auto sealed = seal_trust_bundle(bundle(2, {next.certificate}), {old_pki.root});
  EXPECT_TRUE(open(sealed, old_pki.root, 2));
  EXPECT_EQ(open(sealed, old_pki.root, 3).error(), TrustBundleFault::rolled_back);
  EXPECT_EQ(
      open_trust_bundle(sealed, ClusterId::random(rng), {old_pki.root.certificate}, 1).error(),
      TrustBundleFault::wrong_cluster);
}

TEST_F(TrustBundleTest, HoldsRootsOnlyAndNotTooMany) {
  const auto refused = [&](std::vector<crypto::Certificate> roots) {
    return open(seal_trust_bundle(bundle(2, std::move(roots)), {old_pki.root}), old_pki.root);
  };
  EXPECT_EQ(refused({}).error(), TrustBundleFault::malformed);
  EXPECT_EQ(refused({old_pki.intermediate.certificate}).error(), TrustBundleFault::malformed);
  EXPECT_EQ(refused({old_pki.member().leaf}).error(), TrustBundleFault::malformed);
  EXPECT_TRUE(refused(std::vector(kMaxRoots, next.certificate)));
  EXPECT_EQ(refused(std::vector(kMaxRoots + 1, next.certificate)).error(),
            TrustBundleFault::malformed);
}

TEST_F(TrustBundleTest, TellsWhetherRootsAreAmongTheTrustedOnes) {
  const std::vector trusted = {old_pki.root.certificate, next.certificate};
  EXPECT_TRUE(are_all_trusted({next.certificate}, trusted));
  EXPECT_TRUE(are_all_trusted({}, trusted));
  EXPECT_FALSE(are_all_trusted({next.certificate, stranger.certificate}, trusted));
}

}  // namespace
}  // namespace rap::snapshot
