#include "node/agent/link/audit_heads.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/seeded_random.hpp"
#include "node/agent/test_node_files.hpp"

namespace rap::agent {
namespace {

using namespace std::chrono_literals;

struct AuditHeadsTest : testing::Test {
  std::string head(std::uint64_t seq, std::chrono::seconds after) {
    return snapshot::seal_audit_head({scope.cluster, seq, {}, from_unix(1'800'000'000) + after},
                                     "config", key);
  }
  std::size_t kept() const {
    const auto it = state.files.find(std::string(kAuditHeadsFile));
    if (it == state.files.end()) return 0;
    return static_cast<std::size_t>(std::ranges::count(it->second, '\n'));
  }

  SeededRandom rng{9};
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  ConfigScope scope{
      {{"config", key.public_key()}}, ClusterId::random(rng), NodeId::random(rng), {}};
  TestNodeFiles state;
};

TEST_F(AuditHeadsTest, AreKeptOnceAnHourAndOverARestart) {
  AuditHeads heads(scope, state);
  EXPECT_TRUE(heads.take(head(10, 0s)).empty());
  EXPECT_TRUE(heads.take(head(11, 59min)).empty());
  EXPECT_EQ(kept(), 1U);
  EXPECT_TRUE(heads.take(head(12, 60min)).empty());
  EXPECT_EQ(kept(), 2U);
  AuditHeads again(scope, state);
  EXPECT_EQ(again.newest(), 12U);
  EXPECT_TRUE(again.take(head(13, 61min)).empty());
  EXPECT_EQ(kept(), 2U);
}

TEST_F(AuditHeadsTest, OfAShorterChainDoNotReplaceThoseThatTellOfIt) {
  AuditHeads heads(scope, state);
  EXPECT_TRUE(heads.take(head(10, 0s)).empty());
  EXPECT_EQ(heads.take(head(9, 2h)).size(), 1U) << "and it is said";
  EXPECT_TRUE(heads.take(head(9, 3h)).empty()) << "once";
  EXPECT_EQ(kept(), 1U);
}

TEST_F(AuditHeadsTest, OfAnotherKeyOrClusterAreRefused) {
  AuditHeads heads(scope, state);
  const auto other = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  EXPECT_EQ(
      heads.take(snapshot::seal_audit_head({scope.cluster, 1, {}, from_unix(1)}, "config", other))
          .size(),
      1U);
  const ClusterId elsewhere = ClusterId::random(rng);
  heads.take(snapshot::seal_audit_head({elsewhere, 1, {}, from_unix(1)}, "config", key));
  EXPECT_EQ(kept(), 0U);
}

TEST_F(AuditHeadsTest, AreBounded) {
  AuditHeads heads(scope, state);
  for (std::size_t i = 1; i <= kMaxAuditHeads + 3; ++i) heads.take(head(i, i * 1h));
  EXPECT_EQ(kept(), kMaxAuditHeads);
}

}  // namespace
}  // namespace rap::agent
