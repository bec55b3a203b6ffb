#include "node/fabric/identity.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "crypto/testing/live_pki.hpp"

namespace rap::fabric {
namespace {

constexpr WallTime kNow = from_unix(1'800'000'000);

struct IdentityTest : testing::Test {
  // What the issuer says of a certificate.
  Bytes staple_for(const crypto::TlsIdentity& identity) {
    const auto asked =
        crypto::parse_ocsp_request(crypto::make_ocsp_request(identity.chain[0], identity.chain[1]));
    return crypto::sign_ocsp_response(pki.intermediate,
                                      {{asked->certificates.front(),
                                        {crypto::OcspStatus::Kind::good},
                                        kNow,
                                        kNow + std::chrono::hours{1}}},
                                      {}, kNow);
  }
  static wire::Credential credential(const crypto::TlsIdentity& identity) {
    return {identity.key.pem(), crypto::chain_pem(identity.chain), {}};
  }
  std::string error() const {
    const auto read = read_identity(said, kNow);
    return read ? std::string{} : read.error();
  }

  crypto::LivePki pki{kNow};
  crypto::LiveMember self = pki.member(wire::SpiffeId::Kind::node);
  crypto::TlsIdentity worker = pki.member(wire::SpiffeId::Kind::node).identity;
  crypto::X25519KeyPair seal = crypto::X25519KeyPair::generate(pki.rng);
  wire::Identify said{credential(self.identity), std::nullopt, to_base64(seal.secret), {}};
};

TEST_F(IdentityTest, IsReadAsTheAgentSaysIt) {
  const auto read = read_identity(said, kNow);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(self.identity.chain.front().fingerprint(), read->tls.chain.front().fingerprint());
  EXPECT_EQ(seal.public_key, read->seal.public_key);
  EXPECT_EQ(pki.cluster, read->cluster);
  EXPECT_FALSE(read->worker);
  EXPECT_TRUE(read->tls.staple.empty());
}

TEST_F(IdentityTest, SaysWhatOfItCannotBeUsed) {
  said.seal_key = "AAAA";
  EXPECT_EQ(error(), "the seal key is not an X25519 key");
  said.node.chain_pem = "half a ch";
  EXPECT_EQ(error(), "the node's chain is no certificate chain");
  said.node.key_pem = "half a k";
  EXPECT_EQ(error(), "the node's key is no private key");
}

TEST_F(IdentityTest, StaplesOnlyWhatIsSaidOfItsOwnCertificate) {
  said.node.staple = staple_for(worker);
  EXPECT_TRUE(read_identity(said, kNow)->tls.staple.empty());
  said.node.staple = to_bytes(as_bytes("half a st"));
  EXPECT_TRUE(read_identity(said, kNow)->tls.staple.empty());
  said.node.staple = staple_for(self.identity);
  EXPECT_EQ(said.node.staple, read_identity(said, kNow)->tls.staple);
}

TEST_F(IdentityTest, MeetsClientsWithAWorkerWhoseKeyFits) {
  said.worker = credential(worker);
  said.worker->staple = staple_for(worker);
  ASSERT_TRUE(read_identity(said, kNow)->worker);
  EXPECT_FALSE(read_identity(said, kNow)->worker->staple.empty());
  // The agent replaces the key first: in between there is none to show.
  said.worker->key_pem = crypto::PrivateKey::generate(crypto::KeyType::p256).pem();
  const auto between = read_identity(said, kNow);
  ASSERT_TRUE(between) << "which is no fault of the node's";
  EXPECT_FALSE(between->worker);
}

}  // namespace
}  // namespace rap::fabric
