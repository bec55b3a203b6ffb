// Tests of who is denied, and that no rewriting of a certificate undoes it (scenario 4).
#include "crypto/x509/validation/deny_list.hpp"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/testing/certificates.hpp"
#include "crypto/testing/pki.hpp"
#include "crypto/x509/validation/peer_verifier.hpp"

namespace rap::crypto {
namespace {

using Fault = CertificateFault;
using Kind = wire::SpiffeId::Kind;

DenyEntry deny_node(NodeId node, wire::Severity severity = wire::Severity::close) {
  return {.kind = DenyEntry::Kind::node, .node = node, .severity = severity};
}
DenyEntry deny_certificate(const Certificate& c, wire::Severity severity = wire::Severity::close) {
  return {.kind = DenyEntry::Kind::certificate,
          .issuer = c.issuer_hash(),
          .serial = c.serial_hex(),
          .severity = severity};
}
DenyEntry deny_key(const Sha256& key, wire::Severity severity = wire::Severity::close) {
  return {.kind = DenyEntry::Kind::key, .key = key, .severity = severity};
}

struct Denial : testing::Test {
  std::expected<wire::SpiffeId, Fault> verify(const std::vector<Certificate>& chain,
                                              const std::vector<DenyEntry>& entries,
                                              Kind kind = Kind::node) const {
    const auto deny = DenyList::make(entries);
    EXPECT_TRUE(deny);
    return verify_peer(chain.front(), {chain.begin() + 1, chain.end()}, pki.roots(),
                       PeerSide::client, kind, pki.cluster, TestPki::now, &*deny);
  }
  bool revoked(const std::vector<Certificate>& chain, const std::vector<DenyEntry>& entries) const {
    const auto result = verify(chain, entries);
    return !result && result.error() == Fault::revoked;
  }
  std::optional<wire::Severity> severity(const TestMember& member,
                                         const std::vector<DenyEntry>& entries) const {
    return denied(*DenyList::make(entries), member.leaf, member.chain,
                  wire::SpiffeId::of_node(pki.cluster, member.node));
  }

  TestPki pki{1};
  TestMember alice = pki.member();
  TestMember bob = pki.member();
};

TEST_F(Denial, AnEmptyListOrNoneDeniesNobody) {
  EXPECT_TRUE(verify(alice.chain, {}));
  EXPECT_TRUE(DenyList().empty());
  EXPECT_EQ(
      denied(DenyList(), alice.leaf, alice.chain, wire::SpiffeId::of_node(pki.cluster, alice.node)),
      std::nullopt);
}

TEST_F(Denial, ReachesANodeACertificateAndAKeyAndSparesTheNeighbours) {
  for (const DenyEntry& entry :
       {deny_node(alice.node), deny_certificate(alice.leaf), deny_key(alice.leaf.key_hash())}) {
    EXPECT_TRUE(revoked(alice.chain, {entry}));
    EXPECT_TRUE(verify(bob.chain, {entry}));
  }
}

TEST_F(Denial, ANodeIsDeniedWhateverCertificateItComesWith) {
  SubjectNames names;
  names.uris = {wire::SpiffeId::of_node(pki.cluster, alice.node).str()};
  const Certificate renewed =
      issue_leaf(pki.intermediate, PrivateKey::generate(KeyType::ed25519).public_key(), names,
                 TestPki::validity, pki.rng);
  const std::vector<Certificate> chain = {renewed, pki.intermediate.certificate};
  EXPECT_TRUE(verify(chain, {deny_certificate(alice.leaf), deny_key(alice.leaf.key_hash())}));
  EXPECT_TRUE(revoked(chain, {deny_node(alice.node)}));
}

TEST_F(Denial, ANodesIdDeniesNoControlPlaneThatHasTheSame) {
  const auto control = pki.member(Kind::control);
  EXPECT_TRUE(verify(control.chain, {deny_node(control.node)}, Kind::control));
}

TEST_F(Denial, TheTwinSignatureOfADeniedCertificateIsDeniedToo) {
  const Certificate twin = twin_of(alice.leaf);
  const std::vector<Certificate> chain = {twin, pki.intermediate.certificate};
  ASSERT_NE(twin.fingerprint(), alice.leaf.fingerprint());
  ASSERT_TRUE(verify(chain, {}));
  EXPECT_TRUE(revoked(chain, {deny_certificate(alice.leaf)}));
  EXPECT_TRUE(revoked(chain, {deny_key(alice.leaf.key_hash())}));

  const std::vector<Certificate> above = {alice.leaf, twin_of(pki.intermediate.certificate)};
  ASSERT_TRUE(verify(above, {}));
  EXPECT_TRUE(revoked(above, {deny_certificate(pki.intermediate.certificate)}));
}

TEST_F(Denial, ADeniedIntermediateDeniesAllBelowIt) {
  const Certificate& intermediate = pki.intermediate.certificate;
  for (const DenyEntry& entry :
       {deny_certificate(intermediate), deny_key(intermediate.key_hash())}) {
    EXPECT_TRUE(revoked(alice.chain, {entry}));
    EXPECT_TRUE(revoked(bob.chain, {entry}));
  }
}

TEST_F(Denial, ACertificateThatMerelyCameAlongDeniesNobody) {
  std::vector<Certificate> chain = alice.chain;
  chain.push_back(bob.leaf);
  EXPECT_TRUE(verify(chain, {deny_certificate(bob.leaf), deny_key(bob.leaf.key_hash())}));
}

TEST_F(Denial, ADeniedKeyIsDeniedInANewCertificate) {
  SubjectNames names;
  names.uris = {wire::SpiffeId::of_node(pki.cluster, NodeId::random(pki.rng)).str()};
  const Certificate again =
      issue_leaf(pki.intermediate, alice.key.public_key(), names, TestPki::validity, pki.rng);
  const std::vector<Certificate> chain = {again, pki.intermediate.certificate};
  EXPECT_TRUE(verify(chain, {deny_certificate(alice.leaf), deny_node(alice.node)}));
  EXPECT_TRUE(revoked(chain, {deny_key(alice.leaf.key_hash())}));
}

// The same point, compressed: another SubjectPublicKeyInfo with another hash.
TEST_F(Denial, ADeniedKeyDoesNotComeBackWrittenDifferently) {
  EVP_PKEY* compressed = EVP_PKEY_dup(alice.key.native());
  EVP_PKEY_set_utf8_string_param(compressed, "point-format", "compressed");
  CertificatePlan plan;
  plan.uris = {wire::SpiffeId::of_node(pki.cluster, alice.node).str()};
  const Certificate leaf =
      issue(pki.intermediate, PrivateKey(Handle<evp_pkey_st>(compressed)).public_key(), plan);
  ASSERT_NE(leaf.key_hash(), alice.leaf.key_hash());
  const auto result = verify({leaf, pki.intermediate.certificate}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), Fault::bad_chain);
}

TEST_F(Denial, TheSameSerialOfAnotherIssuerIsNotMeant) {
  CertificatePlan plan;
  plan.serial_hex = alice.leaf.serial_hex();
  plan.uris = {wire::SpiffeId::of_node(pki.cluster, bob.node).str()};
  const Issuer other =
      make_intermediate(pki.root, ClusterId::random(pki.rng), TestPki::validity, pki.rng);
  const Certificate leaf = issue(other, bob.key.public_key(), plan);
  ASSERT_EQ(leaf.serial_hex(), alice.leaf.serial_hex());
  EXPECT_TRUE(verify({leaf, other.certificate}, {deny_certificate(alice.leaf)}));
}

TEST_F(Denial, SerialsAreNumbersHoweverTheyAreWritten) {
  CertificatePlan plan;
  plan.uris = {wire::SpiffeId::of_node(pki.cluster, bob.node).str()};
  plan.serial_hex = "00ab0c";
  const std::vector<Certificate> chain = {issue(pki.intermediate, bob.key.public_key(), plan),
                                          pki.intermediate.certificate};
  DenyEntry entry = deny_certificate(chain.front());
  for (const char* same : {"ab0c", "AB0C", "0ab0c", "0000ab0c"}) {
    entry.serial = same;
    EXPECT_TRUE(revoked(chain, {entry})) << same;
  }
  for (const char* other : {"ab0c00", "0c", "ab0d", "ab"}) {
    entry.serial = other;
    EXPECT_TRUE(verify(chain, {entry})) << other;
  }
}

TEST_F(Denial, TheWorstSeverityCountsInAnyOrder) {
  const DenyEntry drain = deny_node(alice.node, wire::Severity::drain);
  EXPECT_EQ(severity(alice, {}), std::nullopt);
  EXPECT_EQ(severity(bob, {drain}), std::nullopt);
  EXPECT_EQ(severity(alice, {drain}), wire::Severity::drain);
  for (const DenyEntry& close : {deny_node(alice.node), deny_certificate(alice.leaf),
                                 deny_key(pki.intermediate.certificate.key_hash())}) {
    EXPECT_EQ(severity(alice, {drain, close}), wire::Severity::close);
    EXPECT_EQ(severity(alice, {close, drain}), wire::Severity::close);
  }
}

TEST(DenyList, IsRefusedWhenItIsTooLongOrAnEntryNamesNothing) {
  SeededRandom rng(5);
  std::vector<DenyEntry> entries;
  while (entries.size() < DenyList::kMaxEntries) {
    entries.push_back(deny_node(NodeId::random(rng)));
  }
  const auto full = DenyList::make(entries);
  ASSERT_TRUE(full);
  EXPECT_EQ(full->size(), DenyList::kMaxEntries);
  for (const DenyEntry& entry : entries) EXPECT_EQ(full->node(entry.node), wire::Severity::close);
  entries.push_back(entries.front());
  EXPECT_FALSE(DenyList::make(entries));

  const Sha256 issuer = sha256(as_bytes("an issuer"));
  const auto certificate = [&](const Sha256& from, const std::string& serial) {
    return std::vector{
        DenyEntry{.kind = DenyEntry::Kind::certificate, .issuer = from, .serial = serial}};
  };
  EXPECT_TRUE(DenyList::make(certificate(issuer, "1")));
  for (const char* serial : {"", "0", "0000", "-1", "xy", "0x1", " 1"}) {
    EXPECT_FALSE(DenyList::make(certificate(issuer, serial))) << serial;
  }
  EXPECT_FALSE(DenyList::make(certificate({}, "1")));
  EXPECT_FALSE(DenyList::make({DenyEntry{}}));
  EXPECT_FALSE(DenyList::make({deny_key({})}));
}

}  // namespace
}  // namespace rap::crypto
