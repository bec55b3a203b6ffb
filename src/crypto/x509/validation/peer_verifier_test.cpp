#include "crypto/x509/validation/peer_verifier.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "crypto/testing/pki.hpp"

namespace rap::crypto {
namespace {

using Fault = CertificateFault;
using Kind = wire::SpiffeId::Kind;

constexpr PeerSide kSides[] = {PeerSide::server, PeerSide::client};

struct PeerVerifier : testing::Test {
  std::expected<wire::SpiffeId, Fault> verify_as(const std::vector<Certificate>& chain,
                                                 Kind kind = Kind::node,
                                                 WallTime now = TestPki::now) {
    return verify_peer(chain.front(), {chain.begin() + 1, chain.end()}, pki.roots(),
                       PeerSide::client, kind, pki.cluster, now);
  }
  Fault fault_of(const std::vector<Certificate>& chain, Kind kind = Kind::node,
                 WallTime now = TestPki::now) {
    const auto result = verify_as(chain, kind, now);
    EXPECT_FALSE(result);
    return result ? Fault::no_certificate : result.error();
  }

  TestPki pki{1};
  TestMember alice = pki.member();
};

TEST_F(PeerVerifier, AcceptsAMemberOnEitherSide) {
  for (const KeyType type : {KeyType::p256, KeyType::ed25519}) {
    const auto member = pki.member(Kind::node, type);
    for (const PeerSide side : kSides) {
      const auto id = verify_peer(member.leaf, member.chain, pki.roots(), side, Kind::node,
                                  pki.cluster, TestPki::now);
      ASSERT_TRUE(id) << to_string(id.error());
      EXPECT_EQ(id->node(), member.node);
    }
  }
}

TEST_F(PeerVerifier, RefusesTheOtherKindAndTheOtherCluster) {
  const auto control = pki.member(Kind::control);
  EXPECT_TRUE(verify_as(control.chain, Kind::control));
  EXPECT_EQ(fault_of(control.chain, Kind::node), Fault::wrong_kind);
  EXPECT_EQ(fault_of(alice.chain, Kind::control), Fault::wrong_kind);

  const ClusterId mine = pki.cluster;
  pki.cluster = ClusterId::random(pki.rng);
  const auto stranger = pki.member();  // of another cluster under the same root
  pki.cluster = mine;
  EXPECT_EQ(fault_of(stranger.chain), Fault::wrong_cluster);
}

TEST_F(PeerVerifier, RefusesAnotherPlatformsCertificate) {
  TestPki foreign(2);
  foreign.cluster = pki.cluster;
  auto chain = foreign.member().chain;
  EXPECT_EQ(fault_of(chain), Fault::unknown_root);
  chain.push_back(foreign.root.certificate);
  EXPECT_EQ(fault_of(chain), Fault::unknown_root);
  chain.insert(chain.begin() + 1, pki.intermediate.certificate);
  EXPECT_EQ(fault_of(chain), Fault::unknown_root);
  EXPECT_EQ(fault_of({chain.front()}), Fault::bad_chain);
}

TEST_F(PeerVerifier, RefusesAnIntermediateAsAnAnchor) {
  const auto result = verify_peer(alice.leaf, {}, {pki.intermediate.certificate}, PeerSide::client,
                                  Kind::node, pki.cluster, TestPki::now);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error(), Fault::no_identity);
}

TEST_F(PeerVerifier, NeedsTheWholePath) {
  EXPECT_EQ(fault_of({alice.leaf}), Fault::bad_chain);
  EXPECT_EQ(fault_of({pki.intermediate.certificate}), Fault::wrong_key_usage);
  const auto rootless = verify_peer(alice.leaf, alice.chain, {}, PeerSide::client, Kind::node,
                                    pki.cluster, TestPki::now);
  ASSERT_FALSE(rootless);
  EXPECT_EQ(rootless.error(), Fault::unknown_root);
}

TEST_F(PeerVerifier, GoesByTheTimeItIsGiven) {
  const WallTime from = alice.leaf.not_before();
  const WallTime to = alice.leaf.not_after();
  EXPECT_TRUE(verify_as(alice.chain, Kind::node, from));
  EXPECT_TRUE(verify_as(alice.chain, Kind::node, to - std::chrono::seconds(1)));
  EXPECT_EQ(fault_of(alice.chain, Kind::node, from - std::chrono::seconds(1)),
            Fault::not_yet_valid);
  EXPECT_EQ(fault_of(alice.chain, Kind::node, to), Fault::expired);
}

TEST_F(PeerVerifier, BoundsThePresentedCertificates) {
  std::vector<Certificate> chain = alice.chain;
  while (chain.size() < 1 + kMaxPresentedCertificates) chain.push_back(pki.member().leaf);
  EXPECT_TRUE(verify_as(chain));
  chain.push_back(pki.member().leaf);
  EXPECT_EQ(fault_of(chain), Fault::bad_chain);
}

TEST_F(PeerVerifier, ALeafIsNobodysIssuer) {
  const auto mallory = pki.member();
  SubjectNames names;
  names.uris = {wire::SpiffeId::of_node(pki.cluster, alice.node).str()};
  const Certificate forged =
      issue_leaf({mallory.leaf, mallory.key}, PrivateKey::generate(KeyType::p256).public_key(),
                 names, {TestPki::now - TestPki::day, TestPki::now + TestPki::day}, pki.rng);
  EXPECT_EQ(fault_of({forged, mallory.leaf, pki.intermediate.certificate}), Fault::bad_chain);
}

// Mallory proves one key. Whatever she puts around it — other members' real certificates, forged
// ones with her key, foreign authorities — no arrangement makes her anybody but herself.
TEST_F(PeerVerifier, TenThousandArrangementsAroundOneKeyNeverGiveAFalseIdentity) {
  const auto mallory = pki.member();
  const auto bob = pki.member();
  const PublicKey proven = mallory.key.public_key();
  TestPki foreign(3);
  foreign.cluster = pki.cluster;
  SubjectNames as_alice;
  as_alice.uris = {wire::SpiffeId::of_node(pki.cluster, alice.node).str()};
  SubjectNames as_both = as_alice;
  as_both.uris.push_back(wire::SpiffeId::of_node(pki.cluster, mallory.node).str());
  const Validity validity{TestPki::now - TestPki::day, TestPki::now + TestPki::day};

  const std::vector<Certificate> pool = {
      mallory.leaf,
      alice.leaf,
      bob.leaf,
      pki.intermediate.certificate,
      pki.root.certificate,
      foreign.intermediate.certificate,
      foreign.root.certificate,
      issue_leaf(foreign.intermediate, proven, as_alice, validity, pki.rng),
      issue_leaf({mallory.leaf, mallory.key}, proven, as_alice, validity, pki.rng),
      issue_leaf({pki.intermediate.certificate, mallory.key}, proven, as_alice, validity, pki.rng),
      issue_leaf(pki.intermediate, proven, as_both, validity, pki.rng),
  };

  const Sha256 proven_key = proven.spki_sha256();
  int accepted = 0;
  int false_identities = 0;
  for (int round = 0; round < 10'000; ++round) {
    std::vector<Certificate> chain = pool;
    for (std::size_t i = chain.size() - 1; i > 0; --i) {
      std::swap(chain[i], chain[pki.rng.below(i + 1)]);
    }
    // A handshake proves the first certificate's key: only those with Mallory's get this far.
    const auto leaf = std::ranges::find_if(
        chain, [&](const Certificate& c) { return c.public_key().spki_sha256() == proven_key; });
    std::iter_swap(chain.begin(), leaf);
    chain.erase(chain.begin() + 1 +
                    static_cast<std::ptrdiff_t>(pki.rng.below(kMaxPresentedCertificates + 1)),
                chain.end());
    const auto id = verify_as(chain);
    if (!id) continue;
    ++accepted;
    if (id->node() != mallory.node) ++false_identities;
  }
  EXPECT_GT(accepted, 500);
  EXPECT_EQ(false_identities, 0);
}

}  // namespace
}  // namespace rap::crypto
