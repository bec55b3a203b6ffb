#include "snapshot/audit_head.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::snapshot {
namespace {

struct AuditHeadTest : testing::Test {
  SeededRandom rng{4};
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  std::vector<crypto::VerificationKey> keys{{"config-1", key.public_key()}};
  AuditHead head{ClusterId::random(rng), 4711, crypto::sha256({}), from_unix(1'800'000'000)};
  std::string sealed = seal_audit_head(head, "config-1", key);
};

TEST_F(AuditHeadTest, ComesBackAsItWasSignedAndIsOneLine) {
  EXPECT_EQ(open_audit_head(sealed, keys), head);
  EXPECT_EQ(sealed.find('\n'), sealed.npos);
  EXPECT_LE(sealed.size(), kMaxAuditHeadBytes / 2);
}

TEST_F(AuditHeadTest, IsNoneWhenAnotherKeySignedItOrAnythingIsChanged) {
  const auto other = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  EXPECT_FALSE(open_audit_head(sealed, {{"config-1", other.public_key()}}));
  EXPECT_FALSE(open_audit_head(seal_audit_head(head, "config-1", other), keys));
  for (std::size_t i = 0; i < sealed.size(); i += 7) {
    std::string bent = sealed;
    bent[i] ^= 1;
    const auto opened = open_audit_head(bent, keys);
    EXPECT_TRUE(!opened || *opened == head) << i;  // the key id is no part of what is signed
  }
  EXPECT_FALSE(open_audit_head("", keys));
  EXPECT_FALSE(open_audit_head(std::string(kMaxAuditHeadBytes + 1, ' '), keys));
}

}  // namespace
}  // namespace rap::snapshot
