#include "node/fabric/identity.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "crypto/testing/live_pki.hpp"
#include "io/system/file.hpp"
#include "io/system/test_directory.hpp"

namespace rap::fabric {
namespace {

constexpr WallTime kNow = from_unix(1'800'000'000);

struct IdentityTest : testing::Test {
  IdentityTest() {
    EXPECT_TRUE(io::make_directory(folder / "identity"));
    write("node.key", self.identity.key.pem());
    write("chain.pem", crypto::chain_pem(self.identity.chain));
    write("seal.key", to_base64(seal.secret) + "\n");
  }
  void write(const std::string& name, std::string_view content) {
    ASSERT_TRUE(io::write_file_atomic(folder / "identity" / name, content));
  }
  // What the issuer says of a certificate.
  std::string staple_for(const crypto::TlsIdentity& identity) {
    const auto asked =
        crypto::parse_ocsp_request(crypto::make_ocsp_request(identity.chain[0], identity.chain[1]));
    const Bytes said = crypto::sign_ocsp_response(pki.intermediate,
                                                  {{asked->certificates.front(),
                                                    {crypto::OcspStatus::Kind::good},
                                                    kNow,
                                                    kNow + std::chrono::hours{1}}},
                                                  {}, kNow);
    return {said.begin(), said.end()};
  }
  std::string error() const {
    const auto read = read_identity(folder.path(), kNow);
    return read ? std::string{} : read.error();
  }

  io::TestDirectory folder;
  crypto::LivePki pki{kNow};
  crypto::LiveMember self = pki.member(wire::SpiffeId::Kind::node);
  crypto::TlsIdentity worker = pki.member(wire::SpiffeId::Kind::node).identity;
  crypto::X25519KeyPair seal = crypto::X25519KeyPair::generate(pki.rng);
};

TEST_F(IdentityTest, IsReadAsTheAgentKeepsIt) {
  const auto read = read_identity(folder.path(), kNow);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(self.identity.chain.front().fingerprint(), read->tls.chain.front().fingerprint());
  EXPECT_EQ(seal.public_key, read->seal.public_key);
  EXPECT_FALSE(read->worker);
  EXPECT_TRUE(read->tls.staple.empty());
}

TEST_F(IdentityTest, SaysWhichOfItsFilesCannotBeUsed) {
  write("seal.key", "AAAA");
  EXPECT_NE(error().find("seal.key: not an X25519 key"), std::string::npos);
  write("chain.pem", "half a ch");
  EXPECT_NE(error().find("chain.pem: not a certificate chain"), std::string::npos);
  write("node.key", "half a k");
  EXPECT_NE(error().find("node.key: not a private key"), std::string::npos);
  std::filesystem::remove(folder / "identity/node.key");
  EXPECT_NE(error().find("node.key: No such file"), std::string::npos);
}

TEST_F(IdentityTest, StaplesOnlyWhatIsSaidOfItsOwnCertificate) {
  write("chain.ocsp", staple_for(worker));
  EXPECT_TRUE(read_identity(folder.path(), kNow)->tls.staple.empty());
  write("chain.ocsp", "half a st");
  EXPECT_TRUE(read_identity(folder.path(), kNow)->tls.staple.empty());
  const std::string own = staple_for(self.identity);
  write("chain.ocsp", own);
  EXPECT_EQ(to_bytes(as_bytes(own)), read_identity(folder.path(), kNow)->tls.staple);
}

TEST_F(IdentityTest, MeetsClientsWithAWorkerWhoseKeyFits) {
  write("worker.key", worker.key.pem());
  EXPECT_FALSE(read_identity(folder.path(), kNow)->worker) << "a key alone";
  write("worker.pem", crypto::chain_pem(worker.chain));
  ASSERT_TRUE(read_identity(folder.path(), kNow)->worker);
  write("worker.ocsp", staple_for(worker));
  EXPECT_FALSE(read_identity(folder.path(), kNow)->worker->staple.empty());
  // The agent replaces the key first: in between there is none to show.
  write("worker.key", crypto::PrivateKey::generate(crypto::KeyType::p256).pem());
  const auto between = read_identity(folder.path(), kNow);
  ASSERT_TRUE(between) << "which is no fault of the node's";
  EXPECT_FALSE(between->worker);
}

}  // namespace
}  // namespace rap::fabric
